// Sources, and what fetchers remember of them.
#include <errno.h>

#include "loader/store_internal.h"

enum {
	COLUMN_SOURCE_ID,
	COLUMN_NAME,
	COLUMN_KIND,
	COLUMN_ADDRESS,
	COLUMN_GROUP,
	COLUMN_ROLE,
	COLUMN_RELIABILITY,
	COLUMN_TLP,
	COLUMN_IS_SNAPSHOT,
	COLUMN_LAST_ATTEMPT,
	COLUMN_LAST_SUCCESS,
	COLUMN_LAST_CHANGE,
	COLUMN_LAST_COMPLETE,
	COLUMN_LIVE,
	COLUMN_LAST_ERROR,
};

static void bind_optional(struct store_query *query, int column, const char *text)
{
	if (text != NULL)
		store_query_text(query, column, slice_text(text));
	else
		store_query_null(query, column);
}

static int put(struct store *store, const struct store_source *source)
{
	AUTO_QUERY query = {};
	int error = store_query_begin(store, SQL_SOURCE_PUT, &query);

	if (error < 0)
		return error;
	store_query_text(&query, 1, slice_text(source->name));
	store_query_text(&query, 2, slice_text(source->kind));
	store_query_text(&query, 3, slice_text(source->address));
	bind_optional(&query, 4, source->group);
	store_query_number(&query, 5, source->role);
	store_query_number(&query, 6, source->reliability);
	store_query_number(&query, 7, source->tlp);
	store_query_number(&query, 8, source->is_snapshot);
	return store_query_run(&query);
}

int store_source_put(struct store *store, const struct store_source *source,
                     uint32_t *ret_source_id)
{
	struct store_source read;
	int error = store_begin(store);

	if (error < 0)
		return error;
	error = put(store, source);
	if (error == 0)
		error = store_source_get(store, source->name, &read);
	error = store_end(store, error);
	if (error == 0)
		*ret_source_id = read.source_id;
	return error;
}

static int64_t time_of(const struct store_query *query, int column)
{
	return store_query_is_null(query, column) ? TIMESTAMP_MIN
	                                          : store_query_get_number(query, column);
}

// Texts are those of the row.
static struct store_source read_row(const struct store_query *query)
{
	const char *kind = store_query_get_text(query, COLUMN_KIND);
	const char *address = store_query_get_text(query, COLUMN_ADDRESS);

	return (struct store_source){
		.source_id = (uint32_t)store_query_get_number(query, COLUMN_SOURCE_ID),
		.name = store_query_get_text(query, COLUMN_NAME),
		.kind = kind != NULL ? kind : "",
		.address = address != NULL ? address : "",
		.group = store_query_get_text(query, COLUMN_GROUP),
		.role = (enum source_role)store_query_get_number(query, COLUMN_ROLE),
		.reliability = (uint8_t)store_query_get_number(query, COLUMN_RELIABILITY),
		.tlp = (enum tlp)store_query_get_number(query, COLUMN_TLP),
		.is_snapshot = store_query_get_number(query, COLUMN_IS_SNAPSHOT) != 0,
		.last_attempt_ns = time_of(query, COLUMN_LAST_ATTEMPT),
		.last_success_ns = time_of(query, COLUMN_LAST_SUCCESS),
		.last_change_ns = time_of(query, COLUMN_LAST_CHANGE),
		.last_complete_ns = time_of(query, COLUMN_LAST_COMPLETE),
		.live = (uint64_t)store_query_get_number(query, COLUMN_LIVE),
		.last_error = store_query_get_text(query, COLUMN_LAST_ERROR),
	};
}

// Copies the texts of `source` into store->text.
static int lend_texts(struct store *store, struct store_source *source)
{
	const char **texts[] = {&source->name, &source->kind, &source->address, &source->group,
	                        &source->last_error};
	enum { TEXT_COUNT = sizeof(texts) / sizeof(texts[0]) };
	size_t offsets[TEXT_COUNT];

	buffer_clear(&store->text);
	for (unsigned i = 0; i < TEXT_COUNT; i++) {
		offsets[i] = store->text.size;
		if (*texts[i] == NULL)
			continue;
		buffer_append_text(&store->text, *texts[i]);
		buffer_append_byte(&store->text, '\0');
	}
	if (store->text.failed)
		return -ENOMEM;
	for (unsigned i = 0; i < TEXT_COUNT; i++)
		if (*texts[i] != NULL)
			*texts[i] = (const char *)store->text.data + offsets[i];
	return 0;
}

static int find(struct store_query *query, struct store_source *ret_source)
{
	int result = store_query_step(query);

	if (result <= 0)
		return result < 0 ? result : -ENOENT;
	struct store_source source = read_row(query);
	int error = lend_texts(query->store, &source);
	if (error == 0)
		*ret_source = source;
	return error;
}

int store_source_get(struct store *store, const char *name, struct store_source *ret_source)
{
	AUTO_QUERY query = {};
	int error = store_query_begin(store, SQL_SOURCE_GET, &query);

	if (error < 0)
		return error;
	store_query_text(&query, 1, slice_text(name));
	return find(&query, ret_source);
}

int store_source_by_id(struct store *store, uint32_t source_id, struct store_source *ret_source)
{
	AUTO_QUERY query = {};
	int error = store_query_begin(store, SQL_SOURCE_BY_ID, &query);

	if (error < 0)
		return error;
	store_query_number(&query, 1, source_id);
	return find(&query, ret_source);
}

int store_source_each(struct store *store,
                      int (*visit)(void *context, const struct store_source *source), void *context)
{
	AUTO_QUERY query = {};
	int result = store_query_begin(store, SQL_SOURCE_EACH, &query);

	if (result < 0)
		return result;
	while ((result = store_query_step(&query)) == 1) {
		struct store_source source = read_row(&query);

		result = visit(context, &source);
		if (result < 0)
			return result;
	}
	return result;
}

int store_source_note(struct store *store, uint32_t source_id, const char *name, const char *value)
{
	AUTO_QUERY query = {};
	int error = store_query_begin(store, value != NULL ? SQL_NOTE_SET : SQL_NOTE_CLEAR, &query);

	if (error < 0)
		return error;
	store_query_number(&query, 1, source_id);
	store_query_text(&query, 2, slice_text(name));
	if (value != NULL)
		store_query_text(&query, 3, slice_text(value));
	return store_query_run(&query);
}

int store_source_forget(struct store *store, uint32_t source_id)
{
	AUTO_QUERY query = {};
	int error = store_query_begin(store, SQL_NOTE_CLEAR_ALL, &query);

	if (error < 0)
		return error;
	store_query_number(&query, 1, source_id);
	return store_query_run(&query);
}

int store_source_noted(struct store *store, uint32_t source_id, const char *name,
                       struct buffer *ret_value)
{
	AUTO_QUERY query = {};
	int result = store_query_begin(store, SQL_NOTE_GET, &query);

	if (result < 0)
		return result;
	store_query_number(&query, 1, source_id);
	store_query_text(&query, 2, slice_text(name));
	result = store_query_step(&query);
	if (result == 1)
		buffer_append_slice(ret_value, store_query_get_bytes(&query, 0));
	if (result >= 0 && ret_value->failed)
		return -ENOMEM;
	return result < 0 ? result : 0;
}

int store_source_attempted(struct store *store, uint32_t source_id, int64_t time_ns,
                           const char *error_text)
{
	AUTO_QUERY query = {};
	int error = store_query_begin(store, SQL_SOURCE_ATTEMPTED, &query);

	if (error < 0)
		return error;
	store_query_number(&query, 1, source_id);
	store_query_number(&query, 2, time_ns);
	store_query_text(&query, 3, slice_text(error_text));
	return store_query_run(&query);
}
