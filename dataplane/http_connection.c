#include "dataplane/http_connection.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/http_multipart.h"
#include "dataplane/pool.h"

enum {
	CONNECTION_BYTES = (sizeof(struct http_connection) + 7) & ~7u,
	MULTIPART_BYTES = (sizeof(struct http_multipart) + 7) & ~7u,
	OWNER = 1 + EXTRACTOR_HTTP, // in struct extract_shared
};

struct http_table {
	struct pool connections;
	struct pool multiparts;
};

int http_table_create(size_t budget_bytes, struct http_table **ret_table)
{
	struct http_table *table = calloc(1, sizeof(*table));
	int error;

	if (table == NULL)
		return -ENOMEM;
	error = pool_open(&table->connections, CONNECTION_BYTES, budget_bytes / 8 * 7);
	if (error == 0)
		error = pool_open(&table->multiparts, MULTIPART_BYTES, budget_bytes / 8);
	if (error < 0) {
		http_table_free(table);
		return error;
	}
	*ret_table = table;
	return 0;
}

void http_table_free(struct http_table *table)
{
	if (table == NULL)
		return;
	pool_close(&table->connections);
	pool_close(&table->multiparts);
	free(table);
}

bool http_table_is_empty(const struct http_table *table)
{
	return table->connections.used == 0 && table->multiparts.used == 0;
}

struct http_multipart *http_table_take_multipart(struct http_table *table)
{
	uint32_t id = pool_take(&table->multiparts);
	struct http_multipart *multipart;

	if (id == 0)
		return NULL;
	multipart = pool_block(&table->multiparts, id);
	multipart->block_id = id;
	return multipart;
}

void http_table_give_multipart(struct http_table *table, struct http_multipart *multipart)
{
	pool_give(&table->multiparts, multipart->block_id);
}

struct http_connection *http_connection_find(const struct extract_output *output)
{
	if (output->http == NULL || output->shared == NULL || output->shared->owner != OWNER)
		return NULL;
	return pool_block(&output->http->connections, output->shared->id);
}

struct http_connection *http_connection_take(struct extract_output *output)
{
	struct http_connection *connection = http_connection_find(output);
	uint32_t id;

	if (connection != NULL)
		return connection;
	if (output->http == NULL || output->shared == NULL || output->shared->owner != 0 ||
	    !file_is_wanted(output))
		return NULL;
	id = pool_take(&output->http->connections);
	if (id == 0)
		return NULL;
	*output->shared = (struct extract_shared){.id = id, .owner = OWNER};
	connection = pool_block(&output->http->connections, id);
	connection->request_body = (struct http_body){0};
	connection->response_body = (struct http_body){0};
	http_connection_forget(connection);
	return connection;
}

void http_connection_give(struct extract_output *output)
{
	if (http_connection_find(output) == NULL)
		return;
	pool_give(&output->http->connections, output->shared->id);
	*output->shared = (struct extract_shared){0};
}

void http_connection_forget(struct http_connection *connection)
{
	connection->first = 0;
	connection->count = 0;
	connection->unnamed_count = 0;
	connection->answered_count = 0;
}

void http_connection_ask(struct http_connection *connection, const struct http_request *request,
                         struct slice name)
{
	struct http_request *waiting;

	if (connection->answered_count > 0) {
		connection->answered_count--;
		return;
	}
	if (connection->count == HTTP_PIPELINE_MAX || connection->unnamed_count > 0) {
		connection->unnamed_count++;
		return;
	}
	waiting = &connection->requests[(connection->first + connection->count++) %
	                                HTTP_PIPELINE_MAX];
	name = slice_first(name, HTTP_TARGET_NAME_BYTES_MAX);
	waiting->target_key = request->target_key;
	waiting->kind = request->kind;
	waiting->name_bytes = (uint8_t)name.size;
	if (name.size > 0)
		memcpy(waiting->name, name.data, name.size);
}

void http_connection_answer(struct http_connection *connection, struct http_request *ret_request,
                            struct slice *ret_name)
{
	const struct http_request *answered = &connection->requests[connection->first];

	ret_request->kind = HTTP_REQUEST_UNKNOWN;
	ret_request->target_key = 0;
	*ret_name = slice_text("");
	if (connection->count > 0) {
		ret_request->kind = answered->kind;
		ret_request->target_key = answered->target_key;
		*ret_name = slice_of(answered->name, answered->name_bytes);
		connection->first = (connection->first + 1) % HTTP_PIPELINE_MAX;
		connection->count--;
	} else if (connection->unnamed_count > 0) {
		connection->unnamed_count--;
	} else {
		connection->answered_count++;
	}
}
