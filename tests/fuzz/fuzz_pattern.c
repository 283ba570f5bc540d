// Whatever comes in: a pattern is parsed or refused with its place, and a plan's values are what
// the pattern held.
#include "tests/fuzz/fuzz.h"

#include "loader/pattern.h"
#include "loader/plan.h"

static size_t count_comparisons(const struct pattern_node *node, unsigned depth)
{
	size_t count = node->kind == PATTERN_COMPARISON;

	FUZZ_ASSERT(depth < 8 * PATTERN_DEPTH_MAX);
	for (const struct pattern_node *child = node->children; child; child = child->next)
		count += count_comparisons(child, depth + 1);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	struct pattern_node *root;
	struct pattern_error error;
	struct plan plan;
	int result = pattern_parse(slice_of(data, size), &arena, &root, &error);

	FUZZ_ASSERT(result == 0 || (error.message != NULL && error.offset <= size));
	FUZZ_ASSERT(plan_pattern(slice_of(data, size), &arena, &plan) == 0);
	FUZZ_ASSERT((result != 0) == (plan.outcome == PLAN_INVALID));
	if (result == 0)
		FUZZ_ASSERT(count_comparisons(root, 0) > 0);
	for (size_t i = 0; i < plan.value_count; i++)
		FUZZ_ASSERT(plan.values[i].text.size <= size + 1);
	arena_close(&arena);
	return 0;
}
