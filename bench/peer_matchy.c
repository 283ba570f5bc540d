// bench/peer_matchy.c — the same entries and the same queries in Matchy and here, taking turns.
//
// usage: peer_matchy [ENTRIES [TYPE]]   prints one JSON object a line.
//
// Both are built from one list and asked by one thread, a batch of 64 queries each in turn;
// Matchy takes one query a call, as text, and its cache of results is off, since no query is
// asked twice. Addresses are told to this side as a packet gives them, and once more as text.
#include <fcntl.h>
#include <matchy/matchy.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "bench/lookup_database.h"
#include "engine/match.h"
#include "engine/normalize.h"

enum { BATCHES = 1 << 10 };

struct peer {
	enum lookup_values_kind kind;
	uint64_t count;
	struct match_context *context;
	struct matchy_t *matchy;
	double build_s;
	double matchy_build_s;
};

struct batch {
	struct observable observables[MATCH_BATCH_MAX];
	uint8_t values[MATCH_BATCH_MAX][LOOKUP_VALUE_BYTES];
	char texts[MATCH_BATCH_MAX][LOOKUP_VALUE_BYTES];
};

// Who answers.
enum side { SIDE_SEKISHO, SIDE_SEKISHO_TEXT, SIDE_MATCHY, SIDE_COUNT };

struct answers {
	double ns[SIDE_COUNT]; // a query: the median of all batches
	uint64_t found[SIDE_COUNT];
};

static bool is_address(enum lookup_values_kind kind)
{
	return kind == VALUES_IPV4 || kind == VALUES_IPV6;
}

// Value `number`, and as the text that people write.
static void make_query(enum lookup_values_kind kind, uint64_t number, struct batch *batch,
                       unsigned i)
{
	struct observable *value = &batch->observables[i];

	lookup_values_make(kind, number, batch->values[i], value);
	if (value->type == OBSERVABLE_ADDRESS)
		normalize_format_address(&value->address, batch->texts[i]);
	else
		snprintf(batch->texts[i], sizeof(batch->texts[i]), "%.*s", (int)value->text.size,
		         (const char *)value->text.data);
}

static int build_matchy(struct peer *peer, const char *path)
{
	struct matchy_builder_t *builder = matchy_builder_new();
	static struct batch batch;
	double start = lookup_now_s();
	double making_s;
	int error = builder != NULL ? 0 : -1;

	for (uint64_t i = 0; i < peer->count; i++)
		make_query(peer->kind, i, &batch, 0);
	making_s = lookup_now_s() - start;
	for (uint64_t i = 0; i < peer->count && error == 0; i++) {
		make_query(peer->kind, i, &batch, 0);
		error = matchy_builder_add(builder, batch.texts[0], "{\"source\": \"bench\"}");
	}
	if (error == 0)
		error = matchy_builder_save(builder, path);
	matchy_builder_free(builder);
	peer->matchy_build_s = lookup_now_s() - start - 2 * making_s;
	return error;
}

static uint64_t ask(const struct peer *peer, enum side side, struct batch *batch)
{
	const struct match *matches;
	struct matchy_result_t result;
	uint64_t found = 0;

	if (side == SIDE_MATCHY) {
		for (unsigned i = 0; i < MATCH_BATCH_MAX; i++) {
			matchy_query_into(peer->matchy, batch->texts[i], &result);
			found += result.found;
		}
		return found;
	}
	for (unsigned i = 0; i < MATCH_BATCH_MAX && side == SIDE_SEKISHO_TEXT; i++)
		normalize_address(slice_text(batch->texts[i]), &batch->observables[i].address);
	return match_find(peer->context, batch->observables, MATCH_BATCH_MAX, &matches);
}

static int compare_times(const void *left, const void *right)
{
	double a = *(const double *)left;
	double b = *(const double *)right;

	return a < b ? -1 : a > b;
}

// Asks `side` a batch; gives the nanoseconds, less what looking at the clock takes.
static double time_batch(const struct peer *peer, enum side side, struct batch *batch,
                         uint64_t *found)
{
	double before = lookup_now_s();
	double start = lookup_now_s();

	*found += ask(peer, side, batch);
	return (lookup_now_s() - start - (start - before)) * 1e9;
}

// Each side asks the same values, but none asks what another one has just asked, which would find
// the caches warm.
static void ask_all(const struct peer *peer, bool is_miss, struct answers *ret_answers)
{
	static double times[SIDE_COUNT][BATCHES * SIDE_COUNT];
	static struct batch batch;
	size_t count = BATCHES * SIDE_COUNT;

	*ret_answers = (struct answers){};
	for (size_t i = 0; i < count * SIDE_COUNT; i++) {
		enum side side = (enum side)(i % SIDE_COUNT);
		size_t turn = i / SIDE_COUNT;
		uint64_t first = (turn + side * BATCHES) % count * MATCH_BATCH_MAX;

		if (side == SIDE_SEKISHO_TEXT && !is_address(peer->kind))
			continue;
		for (unsigned k = 0; k < MATCH_BATCH_MAX; k++)
			make_query(peer->kind,
			           is_miss ? LOOKUP_MISS_BEGIN + first + k
			                   : (first + k) * 2654435761u % peer->count,
			           &batch, k);
		times[side][turn] = time_batch(peer, side, &batch, &ret_answers->found[side]);
	}
	for (unsigned side = 0; side < SIDE_COUNT; side++) {
		qsort(times[side], count, sizeof(times[side][0]), compare_times);
		ret_answers->ns[side] = times[side][count / 2] / MATCH_BATCH_MAX;
	}
}

static void print_answers(const struct peer *peer, const char *what, const struct answers *answers)
{
	const double *ns = answers->ns;

	printf("{\"type\": \"%s\", \"entries\": %lu, \"queries\": \"%s\", \"sekisho_ns\": %.1f, "
	       "\"matchy_ns\": %.1f, \"ratio\": %.1f, \"sekisho_found\": %lu, "
	       "\"matchy_found\": %lu, ",
	       lookup_values_kind_name(peer->kind), peer->count, what, ns[SIDE_SEKISHO],
	       ns[SIDE_MATCHY], ns[SIDE_MATCHY] / ns[SIDE_SEKISHO], answers->found[SIDE_SEKISHO],
	       answers->found[SIDE_MATCHY]);
	if (is_address(peer->kind))
		printf("\"sekisho_text_ns\": %.1f, \"ratio_text\": %.1f, ", ns[SIDE_SEKISHO_TEXT],
		       ns[SIDE_MATCHY] / ns[SIDE_SEKISHO_TEXT]);
	printf("\"sekisho_build_s\": %.2f, \"matchy_build_s\": %.2f, \"ratio_build\": %.1f}\n",
	       peer->build_s, peer->matchy_build_s, peer->matchy_build_s / peer->build_s);
	fflush(stdout);
}

static int open_sekisho(struct peer *peer, struct database **ret_database)
{
	int fd = memfd_create("sekisho", MFD_CLOEXEC);
	struct build_figures figures;
	int error = lookup_database_build(peer->kind, peer->count, fd, &figures, &peer->build_s);

	if (error == 0)
		error = database_open_fd(fd, "sekisho", NULL, ret_database);
	close(fd);
	return error;
}

// Matchy saves by path: the memfd's.
static int open_matchy(struct peer *peer)
{
	int fd = memfd_create("matchy", 0);
	struct matchy_open_options_t options;
	char path[64];
	int error;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	error = build_matchy(peer, path);
	if (error == 0) {
		matchy_init_open_options(&options);
		options.cache_capacity = 0;
		peer->matchy = matchy_open_with_options(path, &options);
		error = peer->matchy != NULL ? 0 : -1;
	}
	close(fd);
	return error;
}

static int measure(struct peer *peer)
{
	AUTO(database) database = NULL;
	AUTO(match_context) context = NULL;
	struct answers answers;
	int error = open_sekisho(peer, &database);

	if (error == 0)
		error = match_context_create(database, &context);
	peer->context = context;
	if (error == 0)
		error = open_matchy(peer);
	if (error != 0)
		return error;
	ask_all(peer, true, &answers);
	print_answers(peer, "misses", &answers);
	ask_all(peer, false, &answers);
	print_answers(peer, "hits", &answers);
	matchy_close(peer->matchy);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	const char *only = argc > 2 ? argv[2] : NULL;
	int error = 0;

	// Digests are left out: Matchy keeps them as any other text.
	for (unsigned kind = 0; kind < VALUES_HASH && error == 0; kind++) {
		struct peer peer = {.kind = (enum lookup_values_kind)kind, .count = count};

		if (only == NULL || strcmp(only, lookup_values_kind_name(peer.kind)) == 0)
			error = measure(&peer);
	}
	if (error != 0)
		log_error("peer_matchy: error %d", error);
	return error == 0 ? 0 : 1;
}
