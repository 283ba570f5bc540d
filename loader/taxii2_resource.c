#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "loader/feed_input.h"
#include "loader/http_url.h"
#include "loader/taxii2_client.h"

static int tell(struct taxii2 *taxii, const char *reason, const char *url, const char *detail)
{
	http_url_note(taxii->report, reason, url, detail);
	return -EBADMSG;
}

const char *taxii2_accept(const struct taxii2 *taxii, bool is_objects)
{
	// 2.1, section 1.6.8.1; 2.0 has one type for what is its own and one for STIX.
	if (taxii->version == TAXII_21)
		return "application/taxii+json;version=2.1";
	return is_objects ? "application/vnd.oasis.stix+json; version=2.0"
	                  : "application/vnd.oasis.taxii+json; version=2.0";
}

static bool is_type(struct slice type, const char *name)
{
	return type.size == strlen(name) &&
	       strncasecmp((const char *)type.data, name, type.size) == 0;
}

int taxii2_check_type(struct taxii2 *taxii, const struct http_answer *answer, bool is_objects)
{
	struct slice whole = slice_text(answer->content_type);
	struct slice type = slice_trim(slice_first(whole, slice_find(whole, ';')));
	bool is_21 = is_type(type, "application/taxii+json");
	bool is_20 = is_type(type, "application/vnd.oasis.taxii+json") ||
	             is_type(type, "application/vnd.oasis.stix+json");
	char detail[PROBLEM_TEXT_BYTES];

	if (taxii->version == TAXII_21 ? is_21 : is_20)
		return 0;
	// Some servers say what it is made of and no more.
	if (is_type(type, "application/json") ||
	    (is_objects && is_type(type, "application/stix+json")))
		return 0;
	(void)snprintf(detail, sizeof(detail), "%s answered with the media type '%.60s'",
	               is_21 || is_20 ? "a server of another version of TAXII" : "it is",
	               answer->content_type);
	return tell(taxii, "not a TAXII answer", answer->url, detail);
}

// Digits only; moves `text` on.
static bool read_number(const char **text, uint64_t *ret_number)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	errno = 0;
	*ret_number = strtoull(*text, &end, 10);
	*text = end;
	return errno == 0 && *ret_number < UINT64_MAX;
}

bool taxii2_read_range(const char *content_range, struct taxii2_page *ret_page)
{
	const char *text = content_range;
	uint64_t first, last, count = UINT64_MAX;

	if (strncasecmp(text, "items", 5) != 0)
		return false;
	text += 5 + strspn(text + 5, " =");
	if (!read_number(&text, &first) || *text++ != '-' || !read_number(&text, &last))
		return false;
	if (text[0] != '/' || (text[1] != '*' && (text++, !read_number(&text, &count))))
		return false;
	if (last < first)
		return false;
	ret_page->first_item = first;
	ret_page->last_item = last;
	ret_page->item_count = count;
	ret_page->has_range = true;
	return true;
}

static int parse(struct taxii2 *taxii, struct taxii2_resource *resource)
{
	const char *reason = "not a JSON object";
	struct buffer *body = resource->body;
	int error = http_answer_body(&resource->answer, TAXII2_ANSWER_BYTES_MAX, body);

	if (error < 0)
		return error == -EFBIG ? tell(taxii, "not a TAXII answer", resource->answer.url,
		                              "it is larger than 16 MB")
		                       : error;
	if (!buffer_reserve(body, FEED_PADDING_BYTES))
		return -ENOMEM;
	memset(body->data + body->size, 0, FEED_PADDING_BYTES);
	error = json_reader_parse(resource->reader, utf8_skip_mark(buffer_slice(body)),
	                          &resource->root, &reason);
	if (error == 0 && json_reader_type(resource->root) != JSON_OBJECT)
		error = -EBADMSG;
	if (error == -EBADMSG)
		return tell(taxii, "not a TAXII answer", resource->answer.url, reason);
	return error;
}

int taxii2_resource_get(struct taxii2 *taxii, const char *url, const char *range,
                        struct taxii2_resource *ret_resource)
{
	struct taxii2_resource resource = {.answer.body_fd = -1};
	struct http_request request = {
		.url = url,
		.accept = taxii2_accept(taxii, false),
		.headers[0] = range,
	};
	int error = json_reader_create(&resource.reader);

	if (error == 0) {
		resource.body = calloc(1, sizeof(*resource.body));
		error = resource.body == NULL ? -ENOMEM : 0;
	}
	if (error == 0)
		error = http_client_request(taxii->http, &request, taxii->report, &resource.answer);
	if (error == 0)
		error = taxii2_check_type(taxii, &resource.answer, false);
	if (error == 0)
		error = parse(taxii, &resource);
	if (error < 0) {
		taxii2_resource_close(&resource);
		return error;
	}
	*ret_resource = resource;
	return 0;
}

void taxii2_resource_close(struct taxii2_resource *resource)
{
	http_answer_close(&resource->answer);
	json_reader_free(resource->reader);
	resource->reader = NULL;
	if (resource->body != NULL)
		buffer_close(resource->body);
	free(resource->body);
	resource->body = NULL;
}
