#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "loader/http_url.h"
#include "loader/taxii2_client.h"

enum { FIRST_COLLECTIONS = 16, LIST_PAGE = 100 };

static bool find_member(struct json_value object, const char *name, struct json_value *ret_value)
{
	struct json_walk walk = json_reader_walk(object);
	struct slice key;

	while (json_reader_next_member(&walk, &key, ret_value))
		if (slice_is(key, name))
			return true;
	return false;
}

static bool find_typed(struct json_value object, const char *name, enum json_type type,
                       struct json_value *ret_value)
{
	return find_member(object, name, ret_value) && json_reader_type(*ret_value) == type;
}

// NULL when there is no memory.
static const char *copy(struct taxii2 *taxii, struct slice text)
{
	return (const char *)arena_copy(&taxii->arena, text).data;
}

static const char *copy_member(struct taxii2 *taxii, struct json_value object, const char *name)
{
	struct json_value value;

	if (!find_typed(object, name, JSON_STRING, &value))
		return "";
	return copy(taxii, json_reader_string(value));
}

static bool is_true(struct json_value object, const char *name)
{
	struct json_value value;

	return find_typed(object, name, JSON_BOOLEAN, &value) && json_reader_boolean(value);
}

// ---- URLs ------------------------------------------------------------------------------------

// `base` without its query, as a folder, and what is `below` it. All TAXII URLs end in '/'
// (sections 4 and 5), which people forget. NULL: no memory.
static const char *folder_url(struct taxii2 *taxii, const char *base, const char *below)
{
	struct buffer url = {0};
	size_t path_size = strcspn(base, "?#");
	const char *whole = NULL;

	buffer_append(&url, base, path_size);
	if (path_size == 0 || base[path_size - 1] != '/')
		buffer_append_byte(&url, '/');
	buffer_append_text(&url, below);
	if (!url.failed)
		whole = copy(taxii, buffer_slice(&url));
	buffer_close(&url);
	return whole;
}

// Without the last `levels` folders.
static const char *parent_url(struct taxii2 *taxii, const char *url, unsigned levels)
{
	const char *folder = folder_url(taxii, url, "");
	struct slice path = slice_text(folder);

	// The '/' at the end ends the first of them.
	for (unsigned i = 0; i <= levels && path.size > 0; i++) {
		do
			path.size--;
		while (path.size > 0 && path.data[path.size] != '/');
	}
	path.size += path.size > 0;
	return folder != NULL ? copy(taxii, path) : NULL;
}

// An id is a UUID, but what a server sends is put into a path: only what has no meaning there.
static bool is_plain_id(const char *id)
{
	size_t plain = strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                          "-_.~");

	return plain > 0 && id[plain] == '\0' && strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

// ---- collections -----------------------------------------------------------------------------

static int add_collection(struct taxii2 *taxii, struct json_value object, const char *api_root,
                          const char *url)
{
	struct taxii2_collection collection = {
		.id = copy_member(taxii, object, "id"),
		.title = copy_member(taxii, object, "title"),
		.alias = copy_member(taxii, object, "alias"),
		.description = copy_member(taxii, object, "description"),
		.api_root = api_root,
		.can_read = is_true(object, "can_read"),
		.can_write = is_true(object, "can_write"),
	};

	if (collection.id == NULL || collection.title == NULL || collection.alias == NULL ||
	    collection.description == NULL || api_root == NULL)
		return -ENOMEM;
	if (!is_plain_id(collection.id) || taxii->count == TAXII2_COLLECTIONS_MAX) {
		report_note(taxii->report, "collection not taken", slice_text(collection.id),
		            "its id is none, or there are more than %d", TAXII2_COLLECTIONS_MAX);
		return 0;
	}
	if (url == NULL) {
		struct buffer below = {0};

		buffer_format(&below, "collections/%s/", collection.id);
		buffer_append_byte(&below, '\0');
		url = below.failed ? NULL : folder_url(taxii, api_root, (const char *)below.data);
		buffer_close(&below);
	}
	collection.url = url;
	if (url == NULL)
		return -ENOMEM;
	if (taxii->count == taxii->capacity) {
		unsigned capacity = taxii->capacity > 0 ? taxii->capacity * 2 : FIRST_COLLECTIONS;
		void *more = realloc(taxii->collections, capacity * sizeof(collection));

		if (more == NULL)
			return -ENOMEM;
		taxii->collections = more;
		taxii->capacity = capacity;
	}
	taxii->collections[taxii->count++] = collection;
	return 0;
}

static int add_list(struct taxii2 *taxii, struct json_value root, const char *api_root)
{
	struct json_value list, item;
	int error = 0;

	// Without any the member is left out.
	if (!find_typed(root, "collections", JSON_ARRAY, &list))
		return 0;
	struct json_walk walk = json_reader_walk(list);
	while (error == 0 && json_reader_next_item(&walk, &item))
		if (json_reader_type(item) == JSON_OBJECT)
			error = add_collection(taxii, item, api_root, NULL);
	return error;
}

// 2.0 may send the list in pages, too.
static int look_at_list(struct taxii2 *taxii, const char *api_root)
{
	const char *url = folder_url(taxii, api_root, "collections/");
	uint64_t first = 0;
	int error = url == NULL ? -ENOMEM : 0;

	for (bool is_more = true; error == 0 && is_more;) {
		struct taxii2_resource resource;
		struct taxii2_page page = {0};
		char range[64];

		(void)snprintf(range, sizeof(range), "Range: items=%llu-%llu",
		               (unsigned long long)first,
		               (unsigned long long)first + LIST_PAGE - 1);
		error = taxii2_resource_get(taxii, url, first > 0 ? range : NULL, &resource);
		if (error < 0)
			return error == -ERANGE ? 0 : error;
		error = add_list(taxii, resource.root, api_root);
		is_more = resource.answer.status == 206 &&
		          taxii2_read_range(resource.answer.content_range, &page) &&
		          page.last_item + 1 < page.item_count && page.last_item >= first &&
		          taxii->count < TAXII2_COLLECTIONS_MAX;
		first = page.last_item + 1;
		taxii2_resource_close(&resource);
	}
	return error;
}

// ---- what stands at an address ---------------------------------------------------------------

static int keep_title(struct taxii2 *taxii, struct json_value root)
{
	if (taxii->title[0] == '\0')
		taxii->title = copy_member(taxii, root, "title");
	if (taxii->title == NULL) {
		taxii->title = "";
		return -ENOMEM;
	}
	return 0;
}

// Those of a discovery answer, the default among them; each may be relative (2.1, section 4.1.1).
static int look_at_roots(struct taxii2 *taxii, const struct taxii2_resource *discovery)
{
	struct json_value list, item;
	unsigned looked = 0, answered = 0;
	int error = 0, last_error = 0;

	if (!find_typed(discovery->root, "api_roots", JSON_ARRAY, &list))
		return 0;
	struct json_walk walk = json_reader_walk(list);
	while (error == 0 && json_reader_next_item(&walk, &item)) {
		struct buffer url = {0};
		const char *root = NULL;

		if (json_reader_type(item) != JSON_STRING || looked++ == TAXII2_API_ROOTS_MAX)
			break;
		root = copy(taxii, json_reader_string(item));
		error = root == NULL ? -ENOMEM : http_url_join(discovery->answer.url, root, &url);
		buffer_append_byte(&url, '\0');
		if (error == 0)
			error = look_at_list(taxii, (const char *)url.data);
		else if (error == -EINVAL)
			report_note(taxii->report, "API root not looked at", slice_text(root),
			            "no URL of http or https");
		buffer_close(&url);
		answered += error == 0;
		if (error == -ENOMEM || error == -ECANCELED)
			return error;
		last_error = error != 0 ? error : last_error;
		error = 0;
	}
	return answered > 0 ? 0 : last_error == -EINVAL ? -EBADMSG : last_error;
}

static int look_at(struct taxii2 *taxii, const struct taxii2_resource *resource)
{
	const char *url = resource->answer.url;
	struct json_value value;
	int error = keep_title(taxii, resource->root);

	if (error < 0)
		return error;
	if (find_member(resource->root, "api_roots", &value) ||
	    find_member(resource->root, "default", &value))
		return look_at_roots(taxii, resource);
	if (find_member(resource->root, "collections", &value))
		return add_list(taxii, resource->root, parent_url(taxii, url, 1));
	if (find_member(resource->root, "can_read", &value))
		return add_collection(taxii, resource->root, parent_url(taxii, url, 2),
		                      folder_url(taxii, url, ""));
	if (find_member(resource->root, "versions", &value) ||
	    find_member(resource->root, "max_content_length", &value))
		return look_at_list(taxii, url);
	http_url_note(taxii->report, "not a TAXII answer", url,
	              "neither discovery, API root, collections nor collection");
	return -EBADMSG;
}

int taxii2_look(struct taxii2 *taxii, const char *address)
{
	struct taxii2_resource resource;
	const char *url = folder_url(taxii, address, "");

	if (url != NULL && slice_ends_with(slice_text(url), "/objects/"))
		url = parent_url(taxii, url, 1);
	if (url == NULL)
		return -ENOMEM;

	int error = taxii2_resource_get(taxii, url, NULL, &resource);
	if (error < 0)
		return error;
	error = look_at(taxii, &resource);
	taxii2_resource_close(&resource);
	return error;
}
