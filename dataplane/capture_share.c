#include "dataplane/capture_share.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
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
#include "base/timestamp.h"
#include "dataplane/capture_format.h"
#include "dataplane/capture_split.h"

enum {
	TURNS = 16,
	TURN_FRAMES = 1024,
	TURN_BLOCKS = 2,
	NO_FRAME = UINT16_MAX,
	BLOCKS_BESIDES = 4, // what is read ahead besides two blocks a worker
	// Of packets that do not stay where the port put them.
	COPY_BYTES = 4 * CAPTURE_PACKET_BYTES_MAX,
	BURST_BYTES_MAX = 2 * CAPTURE_PACKET_BYTES_MAX, // of such a port
	SPLIT_BYTES_MIN = 4 * 1024 * 1024,
	MAGIC_BYTES = 4,
	WAIT_NS = 20 * 1000 * 1000, // between two looks whether it is to stop
};

static_assert(TURN_FRAMES < NO_FRAME, "frames have numbers");

// Written by whoever walks, then read by all workers until each has passed it.
struct share_turn {
	unsigned waiting; // workers that have not passed it; under the mutex
	unsigned count;
	int64_t time_ns;
	struct byte_block *blocks[TURN_BLOCKS]; // held: the frames lie in them
	unsigned block_count;
	uint8_t *copies; // COPY_BYTES, made when needed
	size_t copy_bytes;
	uint16_t *firsts;           // a worker's first frame
	uint16_t next[TURN_FRAMES]; // of the same worker's
	struct frame frames[TURN_FRAMES];
};

struct share_worker {
	alignas(CACHE_LINE_BYTES) struct port port;
	struct capture_share *share;
	unsigned index;
	uint64_t next_turn;
	const struct share_turn *turn; // NULL: none
	uint16_t next_frame;
	bool has_left;
};

struct capture_share {
	struct capture_share_options options;
	struct port *capture;
	struct byte_source *source; // of `capture`
	bool is_in_place;           // packets stay in the source's blocks
	pthread_t helper;
	bool has_helper;
	uint16_t *firsts; // of all turns
	uint16_t *lasts;  // of the turn that is walked

	uint64_t packet_count; // of whoever walks

	pthread_mutex_t mutex; // for what follows
	pthread_cond_t changed;
	uint64_t published; // turns
	unsigned present;   // workers that have not left early
	bool is_walking;
	bool is_ended; // no turn follows
	bool is_closing;

	struct share_turn *turns; // TURNS: turn i is turns[i % TURNS]
	struct share_worker workers[];
};

static struct share_turn *turn_at(struct capture_share *share, uint64_t index)
{
	return &share->turns[index % TURNS];
}

static void hold_block(struct capture_share *share, struct share_turn *turn)
{
	struct byte_block *block = byte_source_block(share->source);

	if (turn->block_count > 0 && turn->blocks[turn->block_count - 1] == block)
		return;
	byte_block_hold(block);
	turn->blocks[turn->block_count++] = block;
}

static void copy_frames(struct share_turn *turn, struct frame frames[], unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint8_t *copy = turn->copies + turn->copy_bytes;

		memcpy(copy, frames[i].data, frames[i].captured_bytes);
		frames[i].data = copy;
		turn->copy_bytes += frames[i].captured_bytes;
	}
}

static void deal_out(struct capture_share *share, struct share_turn *turn, unsigned first,
                     unsigned count)
{
	for (unsigned i = first; i < first + count; i++)
		prefetch_read(turn->frames[i].data + 32);
	for (unsigned i = first; i < first + count; i++) {
		struct frame *frame = &turn->frames[i];
		unsigned worker = 0;

		frame->number = ++share->packet_count;
		if (frame->time_ns < turn->time_ns)
			turn->time_ns = frame->time_ns;
		if (share->options.worker_count > 1)
			worker = capture_split_worker(frame, share->options.worker_count);
		turn->next[i] = NO_FRAME;
		if (turn->firsts[worker] == NO_FRAME)
			turn->firsts[worker] = (uint16_t)i;
		else
			turn->next[share->lasts[worker]] = (uint16_t)i;
		share->lasts[worker] = (uint16_t)i;
	}
}

static bool has_room(const struct capture_share *share, const struct share_turn *turn)
{
	if (turn->count + PORT_BURST_MAX > TURN_FRAMES)
		return false;
	if (share->is_in_place)
		return turn->block_count < TURN_BLOCKS;
	return turn->copy_bytes + BURST_BYTES_MAX <= COPY_BYTES;
}

// Fills the turn. Returns false at the capture's end; there may be packets before it.
static bool walk(struct capture_share *share, struct share_turn *turn)
{
	struct port *capture = share->capture;

	turn->count = 0;
	turn->time_ns = TIMESTAMP_MAX;
	turn->copy_bytes = 0;
	for (unsigned i = 0; i < share->options.worker_count; i++)
		turn->firsts[i] = NO_FRAME;
	while (has_room(share, turn)) {
		unsigned count = capture->ops->receive(capture, turn->frames + turn->count);

		if (count == 0)
			return false;
		if (share->is_in_place)
			hold_block(share, turn);
		else
			copy_frames(turn, turn->frames + turn->count, count);
		capture->ops->release(capture, NULL);
		deal_out(share, turn, turn->count, count);
		turn->count += count;
	}
	return true;
}

static void release_blocks(struct share_turn *turn)
{
	for (unsigned i = 0; i < turn->block_count; i++)
		byte_block_release(turn->blocks[i]);
	turn->block_count = 0;
}

static void publish(struct capture_share *share, struct share_turn *turn)
{
	if (turn->count == 0)
		return;
	turn->waiting = share->present;
	if (turn->waiting == 0)
		release_blocks(turn);
	share->published++;
}

// Does a part of what has to be done next. False: there is nothing that could be done now. The
// mutex is held but for the work itself.
static bool advance(struct capture_share *share)
{
	struct byte_blocks *blocks = byte_source_blocks(share->source);
	struct share_turn *turn = turn_at(share, share->published);

	if (!share->is_walking && !share->is_ended && turn->waiting == 0) {
		share->is_walking = true;
		pthread_mutex_unlock(&share->mutex);
		bool has_more = walk(share, turn);

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
static void pass_turn(struct capture_share *share, struct share_turn *turn)
{
	if (--turn->waiting > 0)
		return;
	release_blocks(turn);
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
	const struct share_turn *turn = worker->turn;
	unsigned count = 0;

	while (count < PORT_BURST_MAX && worker->next_frame != NO_FRAME) {
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
	return byte_source_file_bytes(share->source);
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

	share->capture->ops->counters(share->capture, &counters);
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

// Signals are for the threads that were there before. Without the helper all goes on, slower.
static void start_helper(struct capture_share *share)
{
	sigset_t all;
	sigset_t before;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	share->has_helper = pthread_create(&share->helper, NULL, help, share) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
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
	for (unsigned i = 0; share->turns != NULL && i < TURNS; i++) {
		release_blocks(&share->turns[i]);
		free(share->turns[i].copies);
	}
	free(share->turns);
	port_close(share->capture);
	free(share->firsts);
	pthread_mutex_destroy(&share->mutex);
	pthread_cond_destroy(&share->changed);
	free(share);
}

// The memory of frames is left as it is: most captures are small, and use little of it.
static int prepare_turns(struct capture_share *share)
{
	const unsigned workers = share->options.worker_count;

	share->firsts = calloc((size_t)(TURNS + 1) * workers, sizeof(share->firsts[0]));
	share->turns = malloc(TURNS * sizeof(share->turns[0]));
	if (share->firsts == NULL || share->turns == NULL)
		return -ENOMEM;
	share->lasts = share->firsts + (size_t)TURNS * workers;
	for (unsigned i = 0; i < TURNS; i++) {
		share->turns[i].waiting = 0;
		share->turns[i].block_count = 0;
		share->turns[i].copies = NULL;
		share->turns[i].firsts = share->firsts + (size_t)i * workers;
	}
	return 0;
}

static int prepare_copies(struct capture_share *share)
{
	for (unsigned i = 0; i < TURNS && !share->is_in_place; i++) {
		share->turns[i].copies = malloc(COPY_BYTES);
		if (share->turns[i].copies == NULL)
			return -ENOMEM;
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
	share->present = options->worker_count;
	prepare_locks(share);
	for (unsigned i = 0; i < options->worker_count; i++) {
		share->workers[i].port.ops = &port_share;
		share->workers[i].share = share;
		share->workers[i].index = i;
		share->workers[i].next_frame = NO_FRAME;
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

	if (error == 0)
		error = prepare_turns(share);
	if (error < 0)
		return error;
	error = byte_source_open_ahead(options->path, BLOCKS_BESIDES + 2 * options->worker_count,
	                               &share->source);
	if (error == 0)
		error = port_open_source(share->source, options->report, &share->capture);
	if (error < 0)
		return error;
	share->is_in_place = share->capture->ops == &port_file;
	error = prepare_copies(share);
	if (error < 0)
		return error;
	if (options->has_helper)
		start_helper(share);
	*ret_share = TAKE(share);
	return 0;
}
