#include <inttypes.h>

#include "base/buffer.h"
#include "loader/taxii2_run.h"

static const char *rights(const struct taxii2_collection *collection)
{
	if (collection->can_read)
		return collection->can_write ? "read, write" : "read";
	return collection->can_write ? "write" : "none";
}

static void tell_collections(const struct taxii2 *taxii, struct buffer *text)
{
	unsigned count;
	const struct taxii2_collection *collections = taxii2_collections(taxii, &count);

	buffer_format(text, "server: %s\ncollections: %u\n", taxii2_title(taxii), count);
	for (unsigned i = 0; i < count; i++)
		buffer_format(text, "  %s  %s  (%s)\n", collections[i].id, collections[i].title,
		              rights(&collections[i]));
}

// By the manifest (section 5.3), which costs the server and the line less than the objects.
static int tell_manifest(struct taxii2 *taxii, const struct taxii2_collection *collection,
                         struct buffer *text)
{
	struct taxii2_query query = {
		.is_manifest = true,
		.added_after = "",
		.next = "",
		.limit = TAXII2_PAGE_OBJECTS,
	};
	struct taxii2_page page;
	int error = taxii2_page_get(taxii, collection, &query, &page);

	if (error < 0)
		return error;
	buffer_format(text, "collection: %s\nurl: %s\nobjects: ", collection->title,
	              collection->url);
	if (page.has_range && page.item_count != UINT64_MAX)
		buffer_format(text, "%" PRIu64 "\n", page.item_count);
	else
		buffer_format(text, "%" PRIu64 "%s\n", page.envelope.object_count,
		              page.envelope.is_more ? " and more" : "");
	if (page.answer.date_added_first[0] != '\0')
		buffer_format(text, "first added: %s\n", page.answer.date_added_first);
	taxii2_page_close(&page);
	return 0;
}

int taxii2_run_test(struct fetch *fetch, enum taxii2_version version, struct report *report,
                    struct buffer *ret_text)
{
	AUTO(taxii2) taxii = NULL;
	const struct taxii2_collection *collection;
	struct http_client *http;
	int error = fetch_http_client(fetch, &http);

	if (error == 0)
		error = taxii2_create(http, version, report, &taxii);
	if (error == 0)
		error = taxii2_look(taxii, fetch->source->address);
	if (error < 0)
		return error;
	tell_collections(taxii, ret_text);
	error = taxii2_choose(taxii, fetch->source->collection, &collection);
	if (error == 0)
		error = tell_manifest(taxii, collection, ret_text);
	return error;
}
