#include "loader/taxii2_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"

int taxii2_create(struct http_client *http, enum taxii2_version version, struct report *report,
                  struct taxii2 **ret_taxii)
{
	struct taxii2 *taxii = calloc(1, sizeof(*taxii));

	if (taxii == NULL)
		return -ENOMEM;
	taxii->http = http;
	taxii->version = version;
	taxii->report = report;
	taxii->title = "";
	*ret_taxii = taxii;
	return 0;
}

void taxii2_free(struct taxii2 *taxii)
{
	if (taxii == NULL)
		return;
	arena_close(&taxii->arena);
	free(taxii->collections);
	free(taxii);
}

const char *taxii2_title(const struct taxii2 *taxii)
{
	return taxii->title;
}

const struct taxii2_collection *taxii2_collections(const struct taxii2 *taxii, unsigned *ret_count)
{
	*ret_count = taxii->count;
	return taxii->collections;
}

static bool is_named(const struct taxii2_collection *collection, const char *wanted)
{
	return strcasecmp(collection->id, wanted) == 0 || strcmp(collection->alias, wanted) == 0 ||
	       strcmp(collection->title, wanted) == 0;
}

static void tell_choice(struct taxii2 *taxii, const char *wanted, unsigned found)
{
	struct buffer names = {0};

	for (unsigned i = 0; i < taxii->count && i < 5; i++)
		buffer_format(&names, "%s%s (%s)", i > 0 ? ", " : "", taxii->collections[i].title,
		              taxii->collections[i].id);
	report_note(taxii->report, "no collection chosen", slice_text(wanted),
	            "%u of %u fit; name one by its id: %.*s%s", found, taxii->count,
	            SLICE_FORMAT(buffer_slice(&names)), taxii->count > 5 ? " ..." : "");
	buffer_close(&names);
}

int taxii2_choose(struct taxii2 *taxii, const char *wanted,
                  const struct taxii2_collection **ret_collection)
{
	const struct taxii2_collection *chosen = NULL;
	unsigned found = 0;

	for (unsigned i = 0; i < taxii->count; i++) {
		const struct taxii2_collection *collection = &taxii->collections[i];

		if (wanted != NULL ? is_named(collection, wanted) : collection->can_read) {
			chosen = collection;
			found++;
		}
	}
	// An address that leads to one is choice enough, and says better what is wrong with it.
	if (found == 0 && wanted == NULL && taxii->count == 1) {
		chosen = taxii->collections;
		found = 1;
	}
	if (found != 1) {
		tell_choice(taxii, wanted, found);
		return -ENOENT;
	}
	if (!chosen->can_read) {
		report_note(taxii->report, "collection may not be read", slice_text(chosen->id),
		            "the server gives these credentials no right to it");
		return -EACCES;
	}
	*ret_collection = chosen;
	return 0;
}
