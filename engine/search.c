#include "engine/search.h"

#include "engine/database_parts.h"
#include "engine/text_scan.h"

// A search in one part.
struct search {
	const struct search_query *query;
	const struct record_table *records;
	struct text_scan values;
	struct text_scan ids;
	uint32_t context; // looked at last
	bool context_fits;
};

static const struct record_row *record_at(const struct record_table *table, size_t id)
{
	return id < table->records.size / sizeof(struct record_row)
	               ? (const struct record_row *)table->records.data + id
	               : NULL;
}

static bool text_fits(const struct search *search, uint32_t text, struct slice wanted)
{
	return wanted.size == 0 ||
	       text_scan_is_equal(string_pool_get(search->records->strings, text), wanted);
}

// Indicators that came the same way follow each other, so the last answer is nearly always right.
static bool context_fits(struct search *search, uint32_t index)
{
	const struct context_row *rows = (const struct context_row *)search->records->contexts.data;
	const struct search_query *query = search->query;

	if (query->source.size == 0 && query->group.size == 0)
		return true;
	if (index >= search->records->contexts.size / sizeof(*rows))
		return false;
	if (index != search->context) {
		search->context = index;
		search->context_fits = text_fits(search, rows[index].source, query->source) &&
		                       text_fits(search, rows[index].group, query->group);
	}
	return search->context_fits;
}

// What is told of a list's entry without a detail: no id, no time.
static bool detail_fits(struct search *search, uint32_t index)
{
	const struct detail_row *rows = (const struct detail_row *)search->records->details.data;
	const struct search_query *query = search->query;
	size_t count = search->records->details.size / sizeof(*rows);
	bool has_detail = index > 0 && index < count;
	uint32_t behind = has_detail && index + 1 < count ? rows[index + 1].id : 0;
	int64_t time_ns = TIMESTAMP_MIN;

	if (query->id.size > 0 &&
	    (!has_detail || !text_scan_holds(&search->ids, rows[index].id, behind) ||
	     !text_fits(search, rows[index].id, query->id)))
		return false;
	if (query->since_ns == TIMESTAMP_MIN && query->until_ns == TIMESTAMP_MAX)
		return true;
	if (has_detail)
		time_ns = rows[index].modified_ns != TIMESTAMP_MIN ? rows[index].modified_ns
		                                                   : rows[index].created_ns;
	return time_ns >= query->since_ns && time_ns < query->until_ns;
}

static bool record_fits(struct search *search, size_t id, const struct record_row *row)
{
	const struct record_row *next = record_at(search->records, id + 1);

	if (search->query->part.size > 0 &&
	    !text_scan_holds(&search->values, row->value, next != NULL ? next->value : 0))
		return false;
	return context_fits(search, row->context) && detail_fits(search, row->detail);
}

// Who is told, and how many it were.
struct searcher {
	const struct database *database;
	bool (*visit)(void *context, uint32_t indicator_id, const struct indicator *indicator);
	void *context;
	uint64_t visited;
	bool is_done;
};

static void tell(struct searcher *searcher, uint32_t indicator_id)
{
	struct indicator indicator;

	if (database_indicator_is_silent(searcher->database, indicator_id) ||
	    !database_indicator(searcher->database, indicator_id, &indicator))
		return;
	searcher->visited++;
	searcher->is_done = !searcher->visit(searcher->context, indicator_id, &indicator);
}

static void search_part(struct searcher *searcher, const struct database *part,
                        const struct search_query *query, uint32_t id_offset)
{
	struct search search = {
		.query = query,
		.records = &part->records,
		.values = {.pool = part->records.strings, .part = query->part},
		.ids = {.pool = part->records.strings, .part = query->id},
		.context = UINT32_MAX,
	};
	struct slice states = part->records.states;

	for (size_t id = 1; id < states.size && !searcher->is_done; id++) {
		const struct record_row *row = record_at(search.records, id);

		if (row == NULL)
			return;
		if ((states.data[id] & STATE_IS_LIVE) != 0 && record_fits(&search, id, row))
			tell(searcher, (uint32_t)id + id_offset);
	}
}

uint64_t database_search(const struct database *database, const struct search_query *query,
                         bool (*visit)(void *context, uint32_t indicator_id,
                                       const struct indicator *indicator),
                         void *context)
{
	struct searcher searcher = {.database = database, .visit = visit, .context = context};

	search_part(&searcher, database, query, 0);
	if (database->overlay != NULL)
		search_part(&searcher, database->overlay, query, database->overlay_id_offset);
	return searcher.visited;
}
