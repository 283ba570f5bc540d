// Both directions of an HTTP connection, interleaved, with gaps, cut off anywhere: nothing crashes,
// nothing is left behind, and no file grows beyond its bounds.
#include "tests/fuzz/fuzz.h"

#include "base/hash.h"
#include "dataplane/extract.h"
#include "dataplane/file.h"
#include "dataplane/http_connection.h"

enum { BUDGET_BYTES = 256 * 1024, PENDING_BYTES = EXTRACT_PENDING_MAX };

struct side {
	struct extract_state state;
	uint64_t skip_bytes;
	uint8_t *pending;
	size_t pending_bytes;
	bool is_done;
};

// Empty between two runs.
static struct file_table *files;
static struct http_table *connections;
static uint64_t digest; // of what was told, so that it is read

static void add(struct extract_output *output, const struct observable *observable)
{
	(void)output;
	FUZZ_ASSERT(observable->text.size <= URL_BYTES_MAX);
}

static void add_file(struct extract_output *output, const struct file_seen *file)
{
	(void)output;
	FUZZ_ASSERT(file->name.size <= FILE_NAME_BYTES_MAX);
	FUZZ_ASSERT(file->is_whole || file->algorithms == 0);
	digest = hash_bytes(digest, file->name.data, file->name.size);
}

static void tell(struct extract_output *output, enum observable_where where, struct slice text)
{
	(void)output;
	digest = hash_bytes(digest + where, text.data, text.size);
}

// `give` is a copy: a read beyond it is found.
static void feed(struct side *side, struct slice bytes, struct extract_output *output)
{
	struct extract_progress progress;
	size_t skipped = bytes.size < side->skip_bytes ? bytes.size : (size_t)side->skip_bytes;

	side->skip_bytes -= skipped;
	bytes = slice_first(slice_from(bytes, skipped), PENDING_BYTES - side->pending_bytes);
	if (side->is_done || bytes.size == 0)
		return;
	side->pending = realloc(side->pending, side->pending_bytes + bytes.size);
	memcpy(side->pending + side->pending_bytes, bytes.data, bytes.size);
	side->pending_bytes += bytes.size;
	progress = extract_http.consume(&side->state, slice_of(side->pending, side->pending_bytes),
	                                output);
	FUZZ_ASSERT(progress.consumed <= side->pending_bytes);
	FUZZ_ASSERT(progress.skip_bytes == 0 || progress.consumed == side->pending_bytes);
	side->pending_bytes -= progress.consumed;
	memmove(side->pending, side->pending + progress.consumed, side->pending_bytes);
	side->skip_bytes = progress.skip_bytes;
	side->is_done = progress.verdict == EXTRACT_DONE ||
	                (progress.verdict == EXTRACT_RESTART && progress.consumed == 0);
}

static void lose(struct side *side, uint64_t missing_bytes, struct extract_output *output)
{
	struct extract_progress progress;

	if (side->is_done || missing_bytes <= side->skip_bytes)
		return;
	side->pending_bytes = 0;
	side->skip_bytes = 0;
	progress = extract_http.gap(&side->state, missing_bytes, output);
	side->skip_bytes = progress.skip_bytes;
	side->is_done = progress.verdict == EXTRACT_DONE;
}

static void run(struct slice script, struct extract_output *output)
{
	struct side sides[2] = {0};

	// A step: its side and whether it is a gap, its size (two bytes), its bytes.
	while (script.size >= 3) {
		struct side *side = &sides[script.data[0] & 1];
		bool is_gap = (script.data[0] & 6) == 6;
		size_t size = (size_t)(script.data[1] << 8 | script.data[2]);

		script = slice_from(script, 3);
		if (is_gap) {
			lose(side, size, output);
			continue;
		}
		feed(side, slice_first(script, size), output);
		script = slice_from(script, size);
	}
	for (unsigned i = 0; i < 2; i++) {
		if (!sides[i].is_done)
			extract_http.end(&sides[i].state, sides[i].pending_bytes == 0, output);
		free(sides[i].pending);
	}
	if (output->shared->owner != 0)
		extract_http.leave(output);
	FUZZ_ASSERT(output->shared->owner == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct extract_shared shared = {0};
	struct extract_output output = {
		.add = add,
		.add_file = add_file,
		.shared = &shared,
		.hashes_wanted = 1 << HASH_SHA256,
	};

	if (size < 1)
		return 0;
	output.tell = data[0] & 1 ? tell : NULL;
	if (files == NULL) {
		FUZZ_ASSERT(file_table_create(BUDGET_BYTES, &files) == 0);
		FUZZ_ASSERT(http_table_create(BUDGET_BYTES, &connections) == 0);
	}
	output.files = files;
	output.http = connections;
	run(slice_of(data + 1, size - 1), &output);
	FUZZ_ASSERT(file_table_is_empty(output.files) && http_table_is_empty(output.http));
	return 0;
}
