#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/hash.h"
#include "engine/build.h"
#include "loader/build_value.h"
#include "loader/intake_value.h"
#include "loader/listed_values.h"
#include "loader/sink.h"
#include "loader/value_code.h"

struct sink_build {
	struct sink sink;    // first
	struct build *build; // borrowed
	struct listed_values listed;
	uint64_t seed; // of the source at hand: one takes back only what it said itself
};

static struct build *build_of(struct sink *sink)
{
	return ((struct sink_build *)sink)->build;
}

static int add_indicator(struct sink *sink, const struct indicator *indicator,
                         uint32_t *ret_indicator_id)
{
	struct sink_build *own = (struct sink_build *)sink;

	own->seed = hash_bytes(own->listed.seed, indicator->source.data, indicator->source.size);
	return build_add_indicator(own->build, indicator, ret_indicator_id);
}

static uint64_t value_hash(const struct sink_build *own, const struct intake_value *value)
{
	uint64_t port = (uint64_t)value->terms.protocol << 16 | value->terms.port;

	return value_code_hash(hash_word(own->seed, port), value);
}

static int add_value(struct sink *sink, uint32_t indicator_id, const struct intake_value *value,
                     const char **ret_reason)
{
	struct sink_build *own = (struct sink_build *)sink;
	int result = build_value_add(own->build, indicator_id, value, ret_reason);

	if (result != 1)
		return result;
	int error = listed_values_add(&own->listed, value_hash(own, value), indicator_id);
	return error < 0 ? error : 1;
}

// In the order of the run, whatever time is given.
static int remove_value(struct sink *sink, struct slice source, const struct intake_value *value,
                        int64_t time_ns)
{
	struct sink_build *own = (struct sink_build *)sink;
	uint32_t indicator_id;
	int was_listed = 0;
	int result;

	(void)time_ns;
	own->seed = hash_bytes(own->listed.seed, source.data, source.size);
	while ((result = listed_values_take(&own->listed, value_hash(own, value), &indicator_id)) ==
	       1) {
		build_withdraw_indicator(own->build, indicator_id);
		was_listed = 1;
	}
	return result < 0 ? result : was_listed;
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
	.remove_value = remove_value,
	.keep_object = keep_object,
};

int sink_build_create(struct build *build, struct sink **ret_sink)
{
	struct sink_build *sink = calloc(1, sizeof(*sink));

	if (sink == NULL)
		return -ENOMEM;
	sink->sink.ops = &build_ops;
	sink->build = build;
	if (getrandom(&sink->listed.seed, sizeof(sink->listed.seed), GRND_NONBLOCK) < 0)
		sink->listed.seed = (uint64_t)(uintptr_t)sink;
	*ret_sink = &sink->sink;
	return 0;
}

void sink_build_free(struct sink *sink)
{
	if (sink != NULL)
		listed_values_close(&((struct sink_build *)sink)->listed);
	free(sink);
}
