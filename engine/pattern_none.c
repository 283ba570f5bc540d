// What engine/pattern_builder.h and engine/pattern_set.h are without Hyperscan: no pattern is
// taken, and a database that holds some is refused.
#include <errno.h>
#include <stdlib.h>

#include "engine/pattern_builder.h"
#include "engine/pattern_set.h"

// Sets and scratches of nothing still need an address.
struct pattern_builder {
	char nothing;
};
struct pattern_set {
	char nothing;
};
struct pattern_scratch {
	char nothing;
};

int pattern_builder_create(struct pattern_builder **ret_builder)
{
	struct pattern_builder *builder = calloc(1, sizeof(*builder));

	if (builder == NULL)
		return -ENOMEM;
	*ret_builder = builder;
	return 0;
}

void pattern_builder_free(struct pattern_builder *builder)
{
	free(builder);
}

int pattern_builder_check(enum observable_type type, enum pattern_syntax syntax,
                          struct slice pattern, const char **ret_reason)
{
	(void)type, (void)syntax, (void)pattern;
	*ret_reason = "needs Hyperscan, and sekisho was built without it";
	return -EINVAL;
}

int pattern_builder_add(struct pattern_builder *builder, enum observable_type type,
                        enum pattern_syntax syntax, struct slice pattern, uint32_t pattern_id,
                        const char **ret_reason)
{
	(void)builder, (void)pattern_id;
	return pattern_builder_check(type, syntax, pattern, ret_reason);
}

int pattern_builder_finish(struct pattern_builder *builder, pattern_refused *refused, void *context,
                           struct buffer *patterns, struct buffer *shards)
{
	(void)builder, (void)refused, (void)context, (void)patterns, (void)shards;
	return 0;
}

int pattern_set_open(struct slice patterns, struct slice shards, struct pattern_set **ret_set)
{
	(void)shards;
	if (patterns.size > 0)
		return -ENOTSUP;

	struct pattern_set *set = calloc(1, sizeof(*set));
	if (set == NULL)
		return -ENOMEM;
	*ret_set = set;
	return 0;
}

void pattern_set_free(struct pattern_set *set)
{
	free(set);
}

size_t pattern_set_count(const struct pattern_set *set)
{
	(void)set;
	return 0;
}

int pattern_scratch_create(const struct pattern_set *set, struct pattern_scratch **ret_scratch)
{
	struct pattern_scratch *scratch = calloc(1, sizeof(*scratch));

	(void)set;
	if (scratch == NULL)
		return -ENOMEM;
	*ret_scratch = scratch;
	return 0;
}

void pattern_scratch_free(struct pattern_scratch *scratch)
{
	free(scratch);
}

uint64_t pattern_scratch_given_up(const struct pattern_scratch *scratch)
{
	(void)scratch;
	return 0;
}

void pattern_set_scan(const struct pattern_set *set, struct pattern_scratch *scratch,
                      enum observable_type type, struct slice text, pattern_found *found,
                      void *context)
{
	(void)set, (void)scratch, (void)type, (void)text, (void)found, (void)context;
}
