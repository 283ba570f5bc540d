#include "dataplane/capture_share.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/byte_blocks.h"
#include "base/byte_source.h"
#include "base/cpu.h"
#include "base/decompress.h"
#include "base/thread.h"
#include "base/timestamp.h"
#include "dataplane/capture_turn.h"

enum {
	TURNS = 16,
	BLOCKS_BESIDES = 4, // what is read ahead besides two blocks a worker
	SPLIT_BYTES_MIN = 4 * 1024 * 1024,
	MAGIC_BYTES = 4,
	WAIT_NS = 20 * 1000 * 1000, // between two looks whether it is to stop
};

struct share_worker {
	alignas(CACHE_LINE_BYTES) struct port port;
	struct capture_share *share;
	unsigned index;
	uint64_t next_turn;
	const struct capture_turn *turn; // NULL: none
	uint16_t next_frame;
	bool has_left;
};

struct capture_share {
	struct capture_share_options options;
	struct capture_walk walk;
	pthread_t helper;
	bool has_helper;

	pthread_mutex_t mutex; // for what follows
	pthread_cond_t changed;
	uint64_t published; // turns
	unsigned present;   // workers that have not left early
	bool is_walking;
	bool is_ended; // no turn follows
	bool is_closing;

	unsigned turn_count;        // opened
	struct capture_turn *turns; // TURNS: turn i is turns[i % TURNS]
	struct share_worker workers[];
};

static struct capture_turn *turn_at(struct capture_share *share, uint64_t index)
{
	return &share->turns[index % TURNS];
}

static void publish(struct capture_share *share, struct capture_turn *turn)
{
	if (turn->count == 0)
		return;
	turn->waiting = share->present;
	if (turn->waiting == 0)
		capture_turn_release(turn);
	share->published++;
}

// Does a part of what has to be done next. False: there is nothing that could be done now. The
// mutex is held but for the work itself.
static bool advance(struct capture_share *share)
{
	struct byte_blocks *blocks = byte_source_blocks(share->walk.source);
	struct capture_turn *turn = turn_at(share, share->published);

	if (!share->is_walking && !share->is_ended && turn->waiting == 0) {
		share->is_walking = true;
		pthread_mutex_unlock(&share->mutex);
		bool has_more = capture_turn_fill(turn, &share->walk);

		pthread_mutex_lock(&share->mutex);
		publish(share, turn);
		share->is_walking = false;
		share->is_ended = !has_more;
		pthread_cond_broadcast(&share->changed);
		return true;
	}
	if (share->is_ended || !byte_blocks_can_read(blocks))
		return false;
	pthread_mutex_unlock(&share->mutex);
	(void)byte_blocks_read(blocks);
	pthread_mutex_lock(&share->mutex);
	return true;
}

// The worker has no use for this turn any more.
static void pass_turn(struct capture_share *share, struct capture_turn *turn)
{
	if (--turn->waiting > 0)
		return;
	capture_turn_release(turn);
	pthread_cond_broadcast(&share->changed);
}

// The worker takes no more turns: they do not wait for it.
static void leave(struct capture_share *share, struct share_worker *worker)
{
	if (worker->has_left)
		return;
	worker->has_left = true;
	share->present--;
	for (uint64_t i = worker->next_turn; i < share->published; i++)
		pass_turn(share, turn_at(share, i));
}

static void wait_a_while(struct capture_share *share)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += WAIT_NS;
	if (until.tv_nsec >= NS_PER_S) {
		until.tv_nsec -= NS_PER_S;
		until.tv_sec++;
	}
	(void)pthread_cond_timedwait(&share->changed, &share->mutex, &until);
}

bool capture_share_next(struct capture_share *share, unsigned worker_index, int64_t *ret_time_ns)
{
	const struct capture_share_options *options = &share->options;
	struct share_worker *worker = &share->workers[worker_index];

	pthread_mutex_lock(&share->mutex);
	if (worker->turn != NULL)
		pass_turn(share, turn_at(share, worker->next_turn - 1));
	worker->turn = NULL;
	while (worker->next_turn == share->published && !share->is_ended &&
	       !options->is_stopping(options->context)) {
		if (!advance(share))
			wait_a_while(share);
	}
	if (options->is_stopping(options->context)) {
		leave(share, worker);
	} else if (worker->next_turn < share->published) {
		worker->turn = turn_at(share, worker->next_turn++);
		worker->next_frame = worker->turn->firsts[worker_index];
		*ret_time_ns = worker->turn->time_ns;
	}
	pthread_mutex_unlock(&share->mutex);
	return worker->turn != NULL;
}

static unsigned receive_own(struct port *port, struct frame frames[PORT_BURST_MAX])
{
	struct share_worker *worker = (struct share_worker *)port;
	const struct capture_turn *turn = worker->turn;
	unsigned count = 0;

	while (count < PORT_BURST_MAX && worker->next_frame != CAPTURE_NO_FRAME) {
		frames[count] = turn->frames[worker->next_frame];
		prefetch_read(frames[count].data);
		prefetch_read(frames[count].data + CACHE_LINE_BYTES);
		worker->next_frame = turn->next[worker->next_frame];
		count++;
	}
	return count;
}

static void release_own(struct port *port, const enum verdict verdicts[])
{
	(void)port; // the turn holds the packets
	(void)verdicts;
}

static const struct port_ops port_share = {
	.name = "share",
	.receive = receive_own,
	.release = release_own,
};

struct port *capture_share_port(struct capture_share *share, unsigned worker)
{
	return &share->workers[worker].port;
}

uint64_t capture_share_file_bytes(const struct capture_share *share)
{
	return byte_source_file_bytes(share->walk.source);
}

bool capture_share_is_read(struct capture_share *share)
{
	bool is_read;

	pthread_mutex_lock(&share->mutex);
	is_read = share->is_ended;
	for (unsigned i = 0; i < share->options.worker_count; i++)
		is_read = is_read && share->workers[i].next_turn == share->published;
	pthread_mutex_unlock(&share->mutex);
	return is_read;
}

bool capture_share_is_cut_short(const struct capture_share *share)
{
	struct port_counters counters;

	share->walk.capture->ops->counters(share->walk.capture, &counters);
	return counters.is_cut_short;
}

static void *help(void *context)
{
	struct capture_share *share = context;

	pthread_mutex_lock(&share->mutex);
	while (!share->is_ended && !share->is_closing)
		if (!advance(share))
			pthread_cond_wait(&share->changed, &share->mutex);
	pthread_mutex_unlock(&share->mutex);
	return NULL;
}

static void stop_helper(struct capture_share *share)
{
	if (!share->has_helper)
		return;
	pthread_mutex_lock(&share->mutex);
	share->is_closing = true;
	pthread_cond_broadcast(&share->changed);
	pthread_mutex_unlock(&share->mutex);
	(void)pthread_join(share->helper, NULL);
}

void capture_share_close(struct capture_share *share)
{
	if (share == NULL)
		return;
	stop_helper(share);
	for (unsigned i = 0; i < share->turn_count; i++)
		capture_turn_close(&share->turns[i]);
	free(share->turns);
	port_close(share->walk.capture);
	pthread_mutex_destroy(&share->mutex);
	pthread_cond_destroy(&share->changed);
	free(share);
}

static int prepare_turns(struct capture_share *share)
{
	int error;

	share->turns = malloc(TURNS * sizeof(share->turns[0]));
	if (share->turns == NULL)
		return -ENOMEM;
	for (; share->turn_count < TURNS; share->turn_count++) {
		error = capture_turn_open(&share->turns[share->turn_count], &share->walk);
		if (error < 0)
			return error;
	}
	return 0;
}

static void prepare_locks(struct capture_share *share)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&share->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&share->changed, &attributes);
	pthread_condattr_destroy(&attributes);
}

static int create(const struct capture_share_options *options, struct capture_share **ret_share)
{
	size_t bytes = sizeof(struct capture_share) +
	               options->worker_count * sizeof(struct share_worker);
	struct capture_share *share;

	bytes = (bytes + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
	share = aligned_alloc(CACHE_LINE_BYTES, bytes);
	if (share == NULL)
		return -ENOMEM;
	memset(share, 0, bytes);
	share->options = *options;
	share->walk.worker_count = options->worker_count;
	share->present = options->worker_count;
	prepare_locks(share);
	for (unsigned i = 0; i < options->worker_count; i++) {
		share->workers[i].port.ops = &port_share;
		share->workers[i].share = share;
		share->workers[i].index = i;
		share->workers[i].next_frame = CAPTURE_NO_FRAME;
	}
	*ret_share = share;
	return 0;
}

bool capture_share_is_worthwhile(const char *path)
{
	AUTO(decompress) decompress = NULL;
	uint8_t head[MAGIC_BYTES];
	struct stat status;
	ssize_t got;
	int fd;

	if (strcmp(path, "-") == 0)
		return true;
	if (stat(path, &status) < 0)
		return false;
	if (!S_ISREG(status.st_mode))
		return !S_ISDIR(status.st_mode);
	if (status.st_size < SPLIT_BYTES_MIN)
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, head, sizeof(head));
	(void)close(fd);
	if (got <= 0 || decompress_create(slice_of(head, (size_t)got), &decompress) < 0)
		return false;
	return decompress == NULL;
}

int capture_share_open(const struct capture_share_options *options,
                       struct capture_share **ret_share)
{
	AUTO(capture_share) share = NULL;
	int error = create(options, &share);

	if (error < 0)
		return error;
	error = byte_source_open_ahead(options->path, BLOCKS_BESIDES + 2 * options->worker_count,
	                               &share->walk.source);
	if (error == 0)
		error = port_open_source(share->walk.source, options->report, &share->walk.capture);
	if (error < 0)
		return error;
	share->walk.is_in_place = share->walk.capture->ops == &port_file;
	error = prepare_turns(share);
	if (error < 0)
		return error;
	// Without the helper all goes on, slower.
	if (options->has_helper)
		share->has_helper = thread_start(&share->helper, help, share);
	*ret_share = TAKE(share);
	return 0;
}
