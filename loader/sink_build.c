#include <errno.h>
#include <stdlib.h>

#include "engine/build.h"
#include "loader/build_value.h"
#include "loader/intake_value.h"
#include "loader/sink.h"

struct sink_build {
	struct sink sink;    // first
	struct build *build; // borrowed
};

static struct build *build_of(struct sink *sink)
{
	return ((struct sink_build *)sink)->build;
}

static int add_indicator(struct sink *sink, const struct indicator *indicator,
                         uint32_t *ret_indicator_id)
{
	return build_add_indicator(build_of(sink), indicator, ret_indicator_id);
}

static int add_value(struct sink *sink, uint32_t indicator_id, const struct intake_value *value,
                     const char **ret_reason)
{
	return build_value_add(build_of(sink), indicator_id, value, ret_reason);
}

static void withdraw(struct sink *sink, uint32_t indicator_id, enum sink_withdrawal why)
{
	(void)why;
	build_withdraw_indicator(build_of(sink), indicator_id);
}

static int keep_object(struct sink *sink, uint32_t indicator_id, struct slice id, struct slice json)
{
	return build_keep_object(build_of(sink), indicator_id, id, json);
}

static const struct sink_ops build_ops = {
	.add_indicator = add_indicator,
	.add_value = add_value,
	.withdraw = withdraw,
	.keep_object = keep_object,
};

int sink_build_create(struct build *build, struct sink **ret_sink)
{
	struct sink_build *sink = calloc(1, sizeof(*sink));

	if (sink == NULL)
		return -ENOMEM;
	sink->sink.ops = &build_ops;
	sink->build = build;
	*ret_sink = &sink->sink;
	return 0;
}

void sink_build_free(struct sink *sink)
{
	free(sink);
}
