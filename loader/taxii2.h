// loader/taxii2.h — TAXII 2.1 and 2.0 as a client speaks it, over one http_client.
//
// OASIS TAXII 2.1 (10 June 2021) and TAXII 2.0 (cs01, 19 July 2017). What it knows of requests is
// in taxii2_resource.c, of discovery in taxii2_look.c, of pages in taxii2_page.c. One owner, one
// thread.
// Problems go to the report that it was created with.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "base/slice.h"
#include "loader/http_client.h"
#include "loader/taxii2_envelope.h"

struct buffer;
struct taxii2;

enum taxii2_version { TAXII_20, TAXII_21 };

// Section 5.2.1. Texts are never NULL and live as long as the client.
struct taxii2_collection {
	const char *id;
	const char *title;
	const char *alias; // 2.1 only
	const char *description;
	const char *api_root; // URL
	const char *url;      // ends in '/'
	bool can_read, can_write;
};

// `http` and `report` are borrowed until taxii2_free(). Returns 0 or -ENOMEM.
int taxii2_create(struct http_client *http, enum taxii2_version version, struct report *report,
                  struct taxii2 **ret_taxii);

// Accepts NULL.
void taxii2_free(struct taxii2 *taxii);
DEFINE_AUTO(taxii2, taxii2_free)

// Learns what collections there are below `address`: a discovery URL (section 4.1), an API root
// (4.2), the list of its collections (5.1), one of these, or its objects (5.2, 5.4). An API root
// that does not answer is reported, and the others are looked at. Returns 0, or an error as
// http_client_request(), -EBADMSG also when it is none of these.
int taxii2_look(struct taxii2 *taxii, const char *address);

const struct taxii2_collection *taxii2_collections(const struct taxii2 *taxii, unsigned *ret_count);

// The title of the server or API root that answered, "" when it has none.
const char *taxii2_title(const struct taxii2 *taxii);

// The one whose id, alias or title is `wanted`; NULL: the only one that may be read. Returns 0, or,
// reported, -ENOENT (none or several) or -EACCES (it may not be read).
int taxii2_choose(struct taxii2 *taxii, const char *wanted,
                  const struct taxii2_collection **ret_collection);

// ---- pages -----------------------------------------------------------------------------------

// Which page of a collection. Sections 3.4 and 3.5 (2.1); 2.0 counts items instead of `next`.
struct taxii2_query {
	bool is_manifest;        // else objects
	const char *added_after; // "": from the beginning
	const char *next;        // 2.1, "": the first page
	uint64_t first_item;     // 2.0
	unsigned limit;
	bool has_all_versions; // match[version]=all, else the newest of each object
};

struct taxii2_page {
	struct http_answer answer;
	struct taxii2_envelope envelope;
	bool has_range; // 2.0: of these items of so many
	uint64_t first_item, last_item;
	uint64_t item_count; // UINT64_MAX: not told
	bool is_beyond;      // 2.0: there is nothing from first_item on
};

// Returns 0 and gives the page (taxii2_page_close), or an error as http_client_request(); -EAGAIN
// also when what came is no page at all, -EBADMSG when it is something else: a page of another
// media type above all, which is never taken for an empty one.
int taxii2_page_get(struct taxii2 *taxii, const struct taxii2_collection *collection,
                    const struct taxii2_query *query, struct taxii2_page *ret_page);
void taxii2_page_close(struct taxii2_page *page);
