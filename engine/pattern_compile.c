#include "engine/pattern_compile.h"

#include <errno.h>
#include <hs/hs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/arena.h"
#include "engine/child.h"

enum {
	SINGLE_CPU_MS = 1500, // for one expression alone
	GROUP_CPU_S = 2,      // for a group, and one second more for each so many expressions
	GROUP_EXPRESSIONS_A_SECOND = 100,
	// A feed full of hostile expressions: patience wears thin after so many, then ends.
	TOO_LARGE_PATIENT = 16,
	TOO_LARGE_MAX = 500,
	SINGLE_CPU_IMPATIENT_MS = 100,
	SILENCE_MS = 600 * 1000, // the last resort when processor time does not pass
};

static const uint64_t memory_limit_bytes = UINT64_C(2) << 30;

static unsigned expression_flags(const struct pattern_group *group, bool is_prefilter)
{
	unsigned flags = HS_FLAG_SINGLEMATCH;

	if (group->kind == PATTERN_KIND_LIKE)
		return flags;
	flags |= HS_FLAG_DOTALL;
	flags |= group->type == OBSERVABLE_NAME ? HS_FLAG_CASELESS : 0;
	flags |= group->kind == PATTERN_KIND_REGEX_UTF8 ? HS_FLAG_UTF8 : 0;
	// An approximation may match the empty string where the expression does not.
	return is_prefilter ? flags | HS_FLAG_PREFILTER | HS_FLAG_ALLOWEMPTY : flags;
}

// A group as Hyperscan wants it.
struct expression_arrays {
	const char **texts;
	unsigned *flags;
	unsigned *ids;
	size_t *sizes;
};

// In the arena, which also frees it.
static bool fill_arrays(const struct pattern_group *group, struct arena *arena,
                        struct expression_arrays *ret_arrays)
{
	size_t count = group->count;
	struct expression_arrays arrays = {
		.texts = arena_allocate(arena, count * sizeof(*arrays.texts)),
		.flags = arena_allocate(arena, count * sizeof(*arrays.flags)),
		.ids = arena_allocate(arena, count * sizeof(*arrays.ids)),
		.sizes = arena_allocate(arena, count * sizeof(*arrays.sizes)),
	};

	if (arrays.texts == NULL || arrays.flags == NULL || arrays.ids == NULL ||
	    arrays.sizes == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct pattern_expression *expression = &group->expressions[i];
		struct slice text = arena_copy(arena, expression->text);

		if (text.data == NULL)
			return false;
		arrays.texts[i] = (const char *)text.data;
		arrays.flags[i] = expression_flags(group, expression->is_prefilter);
		arrays.ids[i] = expression->row;
		arrays.sizes[i] = text.size;
	}
	*ret_arrays = arrays;
	return true;
}

static hs_database_t *compile_arrays(const struct pattern_group *group,
                                     const struct expression_arrays *arrays)
{
	const hs_platform_info_t baseline = {0};
	unsigned count = (unsigned)group->count;
	hs_compile_error_t *error = NULL;
	hs_database_t *database = NULL;
	hs_error_t result;

	if (group->kind == PATTERN_KIND_LIKE)
		result = hs_compile_lit_multi(arrays->texts, arrays->flags, arrays->ids,
		                              arrays->sizes, count, HS_MODE_BLOCK, &baseline,
		                              &database, &error);
	else
		result = hs_compile_multi(arrays->texts, arrays->flags, arrays->ids, count,
		                          HS_MODE_BLOCK, &baseline, &database, &error);
	(void)hs_free_compile_error(error);
	return result == HS_SUCCESS ? database : NULL;
}

// The child of pattern_compile().
static int write_database(int file, const void *argument)
{
	const struct pattern_group *group = argument;
	struct arena arena = {0};
	struct expression_arrays arrays;
	hs_database_t *database = NULL;
	char *bytes = NULL;
	size_t size;
	int error = -ENOMEM;

	if (fill_arrays(group, &arena, &arrays))
		database = compile_arrays(group, &arrays);
	if (database != NULL && hs_serialize_database(database, &bytes, &size) == HS_SUCCESS)
		error = child_write(file, bytes, size);
	free(bytes);
	(void)hs_free_database(database);
	arena_close(&arena);
	return error;
}

int pattern_compile(const struct pattern_group *group, struct buffer *bytes)
{
	struct child_limits limits = {
		.cpu_s = GROUP_CPU_S + (unsigned)(group->count / GROUP_EXPRESSIONS_A_SECOND),
		.silence_ms = SILENCE_MS,
		.memory_bytes = memory_limit_bytes,
	};
	size_t before = bytes->size;
	int error = child_run(write_database, group, &limits, bytes);

	if (error < 0)
		bytes->size = before;
	return error;
}

static bool fits(const struct pattern_group *group, size_t index, bool is_prefilter)
{
	struct pattern_expression expression = group->expressions[index];
	struct pattern_group single = {group->type, group->kind, &expression, 1};
	struct arena arena = {0};
	struct expression_arrays arrays;
	hs_database_t *database = NULL;

	expression.is_prefilter = is_prefilter;
	if (fill_arrays(&single, &arena, &arrays))
		database = compile_arrays(&single, &arrays);
	(void)hs_free_database(database);
	arena_close(&arena);
	return database != NULL;
}

struct judging {
	struct pattern_group group; // not yet judged
	unsigned too_large_count;   // of those before
};

// The child of pattern_compile_judge(): one byte for each expression, as it goes along, so that
// the parent knows which one it died of.
static int write_judgements(int file, const void *argument)
{
	const struct judging *judging = argument;
	const struct pattern_group *group = &judging->group;
	unsigned cpu_ms = judging->too_large_count < TOO_LARGE_PATIENT ? SINGLE_CPU_MS
	                                                               : SINGLE_CPU_IMPATIENT_MS;
	const struct itimerval patience = {.it_value = {cpu_ms / 1000, cpu_ms % 1000 * 1000}};
	int error = 0;

	for (size_t i = 0; error == 0 && i < group->count; i++) {
		// SIGPROF ends the process when the time is over.
		(void)setitimer(ITIMER_PROF, &patience, NULL);
		uint8_t judgement = fits(group, i, false)  ? PATTERN_FITS
		                    : fits(group, i, true) ? PATTERN_FITS_AS_PREFILTER
		                                           : PATTERN_REFUSED;
		error = child_write(file, &judgement, 1);
	}
	return error;
}

int pattern_compile_judge(const struct pattern_group *group, uint8_t ret_judgements[])
{
	struct child_limits limits = {
		.silence_ms = SILENCE_MS,
		.memory_bytes = memory_limit_bytes,
	};
	struct judging judging = {.group = *group};
	struct buffer output = {0};
	size_t done = 0;

	while (done < group->count && judging.too_large_count < TOO_LARGE_MAX) {
		judging.group.expressions = group->expressions + done;
		judging.group.count = group->count - done;
		buffer_clear(&output);

		int error = child_run(write_judgements, &judging, &limits, &output);
		if (error != 0 && error != -ECANCELED) {
			buffer_close(&output);
			return error;
		}
		if (output.size > 0)
			memcpy(ret_judgements + done, output.data, output.size);
		done += output.size;
		if (done < group->count) {
			ret_judgements[done++] = PATTERN_TOO_LARGE;
			judging.too_large_count++;
		}
	}
	memset(ret_judgements + done, PATTERN_TOO_LARGE, group->count - done);
	buffer_close(&output);
	return 0;
}
