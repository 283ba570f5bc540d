// loader/taxii2_client.h — what the files of the TAXII 2 client share; for them alone.
#pragma once

#include "base/arena.h"
#include "loader/json_reader.h"
#include "loader/taxii2.h"

struct taxii2 {
	struct http_client *http;
	enum taxii2_version version;
	struct report *report;
	struct arena arena; // what collections refer to
	struct taxii2_collection *collections;
	unsigned count, capacity;
	const char *title;
};

enum {
	TAXII2_ANSWER_BYTES_MAX = 16 * 1024 * 1024, // of what is no page
	TAXII2_API_ROOTS_MAX = 64,
	TAXII2_COLLECTIONS_MAX = 10000,
};

struct taxii2_resource {
	struct json_reader *reader;
	struct json_value root; // an object
	struct http_answer answer;
	struct buffer *body;
};

// GETs `url`, which must be answered with a JSON object of TAXII's media type. `range` (2.0, NULL):
// "Range: items=0-99". Returns 0 and gives it to the caller (taxii2_resource_close).
int taxii2_resource_get(struct taxii2 *taxii, const char *url, const char *range,
                        struct taxii2_resource *ret_resource);
void taxii2_resource_close(struct taxii2_resource *resource);

// What to accept; `is_objects`: a page of objects, which 2.0 has a type of its own for.
const char *taxii2_accept(const struct taxii2 *taxii, bool is_objects);

// Is that an answer of this version? If not, it is reported, with -EBADMSG.
int taxii2_check_type(struct taxii2 *taxii, const struct http_answer *answer, bool is_objects);

// "items 0-99/500" (2.0). False when it is not that. The count is UINT64_MAX when it is '*'.
bool taxii2_read_range(const char *content_range, struct taxii2_page *ret_page);
