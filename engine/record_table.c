#include "engine/record_table.h"

// The row of a section, or NULL when there is none of that index.
static const void *row_at(struct slice section, size_t row_size, uint32_t index)
{
	return index < section.size / row_size ? section.data + index * row_size : NULL;
}

static void record_table_get_detail(const struct record_table *table, uint32_t index,
                                    struct indicator *indicator)
{
	static const struct detail_row nothing = {
		.created_ns = TIMESTAMP_MIN,
		.modified_ns = TIMESTAMP_MIN,
		.valid_from_ns = TIMESTAMP_MIN,
		.valid_until_ns = TIMESTAMP_MAX,
	};
	const struct detail_row *detail = row_at(table->details, sizeof(*detail), index);

	if (index == 0 || detail == NULL)
		detail = &nothing;
	indicator->id = string_pool_get(table->strings, detail->id);
	indicator->name = string_pool_get(table->strings, detail->name);
	indicator->report_names = string_pool_get(table->strings, detail->report_names);
	indicator->created_ns = detail->created_ns;
	indicator->modified_ns = detail->modified_ns;
	indicator->valid_from_ns = detail->valid_from_ns;
	indicator->valid_until_ns = detail->valid_until_ns;
}

bool record_table_validity(const struct record_table *table, uint32_t indicator_id,
                           int64_t *ret_from_ns, int64_t *ret_until_ns)
{
	const struct record_row *record = row_at(table->records, sizeof(*record), indicator_id);
	const struct detail_row *detail;

	if (record == NULL || indicator_id >= table->states.size ||
	    (table->states.data[indicator_id] & STATE_IS_LIVE) == 0)
		return false;
	detail = row_at(table->details, sizeof(*detail), record->detail);
	if (record->detail == 0 || detail == NULL) {
		*ret_from_ns = TIMESTAMP_MIN;
		*ret_until_ns = TIMESTAMP_MAX;
		return true;
	}
	*ret_from_ns = detail->valid_from_ns;
	*ret_until_ns = detail->valid_until_ns;
	return true;
}

uint64_t record_table_store_id(const struct record_table *table, size_t indicator_id)
{
	uint64_t store_id = 0;

	if (indicator_id < table->store_ids.size / sizeof(store_id))
		memcpy(&store_id, table->store_ids.data + indicator_id * sizeof(store_id),
		       sizeof(store_id));
	return store_id;
}

// The first id whose store id is not below this one.
static size_t store_ids_lower_bound(const struct record_table *table, uint64_t store_id)
{
	size_t low = 1;
	size_t high = table->store_ids.size / sizeof(store_id);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (record_table_store_id(table, middle) < store_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t record_table_find_store_id(const struct record_table *table, uint64_t store_id,
                                    bool store_ids_ascend)
{
	size_t end = table->store_ids.size / sizeof(store_id);
	size_t id = store_ids_ascend ? store_ids_lower_bound(table, store_id) : 1;

	if (store_id == 0)
		return NO_INDICATOR;
	for (; id < end && id < table->states.size; id++) {
		bool is_it = record_table_store_id(table, id) == store_id;

		if (is_it && (table->states.data[id] & STATE_IS_LIVE) != 0)
			return (uint32_t)id;
		if (!is_it && store_ids_ascend)
			break;
	}
	return NO_INDICATOR;
}

bool record_table_get(const struct record_table *table, uint32_t indicator_id,
                      struct indicator *ret_indicator)
{
	const struct record_row *record = row_at(table->records, sizeof(*record), indicator_id);
	const struct context_row *context;
	uint8_t state;

	if (record == NULL || indicator_id >= table->states.size)
		return false;
	state = table->states.data[indicator_id];
	context = row_at(table->contexts, sizeof(*context), record->context);
	if ((state & STATE_IS_LIVE) == 0 || context == NULL || context->tlp >= TLP_COUNT)
		return false;
	*ret_indicator = (struct indicator){
		.value = string_pool_get(table->strings, record->value),
		.threat_types = string_pool_get(table->strings, context->threat_types),
		.labels = string_pool_get(table->strings, context->labels),
		.markings = string_pool_get(table->strings, context->markings),
		.created_by = string_pool_get(table->strings, context->created_by),
		.source = string_pool_get(table->strings, context->source),
		.group = string_pool_get(table->strings, context->group),
		.tags = string_pool_get(table->strings, context->tags),
		.line = record->line,
		.store_id = record_table_store_id(table, indicator_id),
		.tlp = (enum tlp)context->tlp,
		.action = (enum action)(state & STATE_ACTION_MASK),
		.confidence = context->confidence,
		.is_source_hidden = context->is_source_hidden != 0,
	};
	record_table_get_detail(table, record->detail, ret_indicator);
	return true;
}
