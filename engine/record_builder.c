#include <errno.h>

#include "base/hash.h"
#include "engine/record_table.h"
#include "engine/indicator_reports.h"

enum { CONTEXT_SLOTS_MIN = 256 };

#define INDICATOR_ID_END UINT32_C(0x80000000) // postings.h keeps the top bit

static uint32_t *context_slot(const struct record_builder *builder, const struct context_row *row)
{
	const struct context_row *rows = (const struct context_row *)builder->contexts.data;
	uint32_t *slots = (uint32_t *)builder->context_slots.data;
	size_t mask = builder->context_slots.size / sizeof(*slots) - 1;
	size_t i = hash_bytes(HASH_SECRET_0, row, sizeof(*row)) & mask;

	while (slots[i] != 0 && memcmp(&rows[slots[i]], row, sizeof(*row)) != 0)
		i = (i + 1) & mask;
	return &slots[i];
}

static int context_grow_slots(struct record_builder *builder)
{
	const struct context_row *rows = (const struct context_row *)builder->contexts.data;
	size_t row_count = builder->contexts.size / sizeof(*rows);
	size_t slot_count = builder->context_slots.size / sizeof(uint32_t);

	if (row_count * 2 < slot_count)
		return 0;
	slot_count = slot_count > 0 ? slot_count * 2 : CONTEXT_SLOTS_MIN;
	block_close(&builder->context_slots);
	if (block_extend(&builder->context_slots, slot_count * sizeof(uint32_t)) == NULL)
		return -ENOMEM;
	for (size_t i = 1; i < row_count; i++)
		*context_slot(builder, &rows[i]) = (uint32_t)i;
	return 0;
}

static int context_intern(struct record_builder *builder, const struct context_row *row,
                          uint32_t *ret_index)
{
	size_t count = builder->contexts.size / sizeof(*row);
	struct context_row *added;
	uint32_t *slot;
	int error = context_grow_slots(builder);

	if (error != 0)
		return error;
	slot = context_slot(builder, row);
	if (*slot == 0) {
		added = block_extend(&builder->contexts, sizeof(*row) * (count > 0 ? 1 : 2));
		if (added == NULL)
			return -ENOMEM;
		count += count == 0;
		((struct context_row *)builder->contexts.data)[count] = *row;
		*slot = (uint32_t)count;
	}
	*ret_index = *slot;
	return 0;
}

static bool has_last_context(const struct record_builder *builder)
{
	return builder->last_context != 0;
}

static struct context_row last_context(const struct record_builder *builder)
{
	return has_last_context(builder)
	               ? ((const struct context_row *)builder->contexts.data)[builder->last_context]
	               : (struct context_row){};
}

// The reference of a context's text; that of the last context's when it is the same, as for
// nearly all indicators of a feed.
static int context_text(struct record_builder *builder, struct slice text, uint32_t last,
                        uint32_t *ret_reference)
{
	struct slice pool = block_slice(&builder->strings.bytes);

	if (has_last_context(builder) && slice_equal(string_pool_get(pool, last), text)) {
		*ret_reference = last;
		return 0;
	}
	return string_pool_intern(&builder->strings, text, ret_reference);
}

static int context_add(struct record_builder *builder, const struct indicator *indicator,
                       uint32_t *ret_index)
{
	struct context_row last = last_context(builder);
	struct context_row row = {
		.tlp = (uint8_t)indicator->tlp,
		.action = (uint8_t)indicator->action,
		.confidence = indicator->confidence,
		.is_source_hidden = indicator->is_source_hidden,
	};
	const struct {
		struct slice text;
		uint32_t last;
		uint32_t *reference;
	} texts[] = {
		{indicator->source, last.source, &row.source},
		{indicator->group, last.group, &row.group},
		{indicator->threat_types, last.threat_types, &row.threat_types},
		{indicator->labels, last.labels, &row.labels},
		{indicator->markings, last.markings, &row.markings},
		{indicator->created_by, last.created_by, &row.created_by},
		{indicator->tags, last.tags, &row.tags},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int error = context_text(builder, texts[i].text, texts[i].last, texts[i].reference);

		if (error != 0)
			return error;
	}
	if (!has_last_context(builder) || memcmp(&row, &last, sizeof(row)) != 0) {
		int error = context_intern(builder, &row, &builder->last_context);

		if (error != 0)
			return error;
	}
	*ret_index = builder->last_context;
	return 0;
}

static bool detail_is_needed(const struct indicator *indicator)
{
	return indicator->id.size > 0 || indicator->name.size > 0 ||
	       indicator->report_names.size > 0 || indicator->created_ns != TIMESTAMP_MIN ||
	       indicator->modified_ns != TIMESTAMP_MIN ||
	       indicator->valid_from_ns != TIMESTAMP_MIN ||
	       indicator->valid_until_ns != TIMESTAMP_MAX;
}

// Appends `row` unless the last one is the same.
static int detail_append(struct record_builder *builder, const struct detail_row *row,
                         uint32_t *ret_index)
{
	size_t count = builder->details.size / sizeof(*row);
	struct detail_row *rows;

	if (count > 1 &&
	    memcmp(builder->details.data + (count - 1) * sizeof(*row), row, sizeof(*row)) == 0) {
		*ret_index = (uint32_t)count - 1;
		return 0;
	}
	if (block_extend(&builder->details, sizeof(*row) * (count > 0 ? 1 : 2)) == NULL)
		return -ENOMEM;
	rows = (struct detail_row *)builder->details.data;
	count += count == 0;
	rows[count] = *row;
	*ret_index = (uint32_t)count;
	return 0;
}

static int detail_add(struct record_builder *builder, const struct indicator *indicator,
                      uint32_t *ret_index)
{
	struct detail_row row = {
		.created_ns = indicator->created_ns,
		.modified_ns = indicator->modified_ns,
		.valid_from_ns = indicator->valid_from_ns,
		.valid_until_ns = indicator->valid_until_ns,
	};
	int error = string_pool_add(&builder->strings, indicator->id, &row.id);

	if (error == 0)
		error = string_pool_share(&builder->strings, indicator->name, &row.name);
	return error != 0 ? error : detail_append(builder, &row, ret_index);
}

static struct record_row *record_builder_row(const struct record_builder *builder,
                                             uint32_t indicator_id)
{
	return indicator_id > 0 && indicator_id < builder->states.size
	               ? (struct record_row *)builder->records.data + indicator_id
	               : NULL;
}

int record_builder_add_report_name(struct record_builder *builder, uint32_t indicator_id,
                                   struct slice name)
{
	uint32_t text;
	int error;

	if (record_builder_row(builder, indicator_id) == NULL || name.size == 0)
		return 0;
	error = string_pool_intern(&builder->strings, name, &text);
	return error != 0 ? error : indicator_reports_add(&builder->reports, indicator_id, text);
}

static int record_builder_add_report_names(struct record_builder *builder, uint32_t indicator_id,
                                           struct slice list)
{
	int error = 0;

	while (list.size > 0 && error == 0) {
		size_t size = slice_find(list, '\n');

		error = record_builder_add_report_name(builder, indicator_id,
		                                       slice_first(list, size));
		list = slice_from(list, size + 1);
	}
	return error;
}

// Rows of a database from feeds are never made: they would all be zero.
static int store_id_append(struct record_builder *builder, size_t indicator_id, uint64_t store_id)
{
	size_t needed = (indicator_id + 1) * sizeof(store_id);

	if (store_id == 0 && builder->store_ids.size == 0)
		return 0;
	if (block_extend(&builder->store_ids, needed - builder->store_ids.size) == NULL)
		return -ENOMEM;
	((uint64_t *)builder->store_ids.data)[indicator_id] = store_id;
	return 0;
}

int record_builder_add(struct record_builder *builder, const struct indicator *indicator,
                       uint32_t *ret_indicator_id)
{
	struct record_row row = {.line = indicator->line < UINT32_MAX ? (uint32_t)indicator->line
	                                                              : UINT32_MAX};
	size_t id = builder->states.size > 0 ? builder->states.size : 1;
	size_t grow = builder->states.size > 0 ? 1 : 2; // id 0 is nobody's
	uint8_t state = STATE_IS_LIVE | ((uint8_t)indicator->action & STATE_ACTION_MASK);
	int error;

	if (id >= INDICATOR_ID_END)
		return -EOVERFLOW;
	error = context_add(builder, indicator, &row.context);
	if (error == 0)
		error = string_pool_add(&builder->strings, indicator->value, &row.value);
	if (error == 0 && detail_is_needed(indicator))
		error = detail_add(builder, indicator, &row.detail);
	if (error == 0)
		error = store_id_append(builder, id, indicator->store_id);
	if (error != 0)
		return error;
	if (block_extend(&builder->records, grow * sizeof(row)) == NULL)
		return -ENOMEM;
	if (block_extend(&builder->states, grow) == NULL) {
		builder->records.size -= grow * sizeof(row);
		return -ENOMEM;
	}
	((struct record_row *)builder->records.data)[id] = row;
	builder->states.data[id] = state;
	error = record_builder_add_report_names(builder, (uint32_t)id, indicator->report_names);
	if (error != 0)
		return error;
	*ret_indicator_id = (uint32_t)id;
	return 0;
}

bool record_builder_is_live(const struct record_builder *builder, uint32_t indicator_id)
{
	return indicator_id < builder->states.size &&
	       (builder->states.data[indicator_id] & STATE_IS_LIVE) != 0;
}

void record_builder_withdraw(struct record_builder *builder, uint32_t indicator_id)
{
	struct record_row *record = record_builder_row(builder, indicator_id);

	if (record == NULL || !record_builder_is_live(builder, indicator_id))
		return;
	builder->states.data[indicator_id] = 0;
	*record = (struct record_row){};
	builder->withdrawn_count++;
}

void record_builder_raise_tlp(struct record_builder *builder, uint32_t indicator_id, enum tlp tlp)
{
	struct record_row *record = record_builder_row(builder, indicator_id);
	struct context_row context;

	if (record == NULL)
		return;
	context = ((const struct context_row *)builder->contexts.data)[record->context];
	if (context.tlp >= (uint8_t)tlp)
		return;
	context.tlp = (uint8_t)tlp;
	// Without memory for a new context the indicator goes: better than telling it too widely.
	if (context_intern(builder, &context, &record->context) != 0)
		record_builder_withdraw(builder, indicator_id);
}

struct slice record_builder_value(const struct record_builder *builder, uint32_t indicator_id,
                                  uint32_t *ret_text)
{
	const struct record_row *record = record_builder_row(builder, indicator_id);

	*ret_text = record != NULL ? record->value : 0;
	return string_pool_get(block_slice(&builder->strings.bytes), *ret_text);
}

// Gives an indicator its list of report names. One that is a detail's only user changes it in
// place; a shared detail is copied.
static int record_builder_set_report_names(void *context, uint32_t indicator_id, struct slice list)
{
	struct record_builder *builder = context;
	struct record_row *record = record_builder_row(builder, indicator_id);
	struct detail_row row = {
		.created_ns = TIMESTAMP_MIN,
		.modified_ns = TIMESTAMP_MIN,
		.valid_from_ns = TIMESTAMP_MIN,
		.valid_until_ns = TIMESTAMP_MAX,
	};
	int error;

	if (!record_builder_is_live(builder, indicator_id))
		return 0;
	if (record->detail != 0)
		row = ((const struct detail_row *)builder->details.data)[record->detail];
	error = string_pool_intern(&builder->strings, list, &row.report_names);
	if (error != 0)
		return error;
	if (record->detail != 0 && row.id != 0) {
		((struct detail_row *)builder->details.data)[record->detail] = row;
		return 0;
	}
	return detail_append(builder, &row, &record->detail);
}

bool record_builder_store_ids_ascend(const struct record_builder *builder)
{
	const uint64_t *store_ids = (const uint64_t *)builder->store_ids.data;

	for (size_t i = 1; i < builder->store_ids.size / sizeof(*store_ids); i++) {
		if (store_ids[i] < store_ids[i - 1])
			return false;
	}
	return true;
}

int record_builder_finish(struct record_builder *builder)
{
	int error = indicator_reports_join(&builder->reports, &builder->strings.bytes,
	                                   record_builder_set_report_names, builder);

	block_close(&builder->context_slots);
	string_pool_close_index(&builder->strings);
	return error;
}

void record_builder_close(struct record_builder *builder)
{
	string_pool_close(&builder->strings);
	block_close(&builder->records);
	block_close(&builder->contexts);
	block_close(&builder->details);
	block_close(&builder->states);
	block_close(&builder->store_ids);
	block_close(&builder->reports);
	block_close(&builder->context_slots);
}
