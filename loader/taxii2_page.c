#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "base/buffer.h"
#include "loader/http_url.h"
#include "loader/taxii2_client.h"

static int append_parameter(struct buffer *url, const char *name, const char *value)
{
	char *escaped = NULL;

	if (value[0] == '\0')
		return 0;
	escaped = curl_easy_escape(NULL, value, 0);
	if (escaped == NULL)
		return -ENOMEM;
	// The brackets of match[version] must be escaped, too (RFC 3986, section 3.4).
	buffer_format(url, "%c%s=%s", memchr(url->data, '?', url->size) != NULL ? '&' : '?', name,
	              escaped);
	curl_free(escaped);
	return 0;
}

// The same filters with each `next` as with the first page: servers compare them.
static int make_url(const struct taxii2 *taxii, const struct taxii2_collection *collection,
                    const struct taxii2_query *query, struct buffer *url)
{
	char limit[16];
	int error = 0;

	buffer_append_text(url, collection->url);
	buffer_append_text(url, query->is_manifest ? "manifest/" : "objects/");
	(void)snprintf(limit, sizeof(limit), "%u", query->limit);
	if (taxii->version == TAXII_21)
		error = append_parameter(url, "limit", limit);
	if (error == 0)
		error = append_parameter(url, "added_after", query->added_after);
	if (error == 0 && query->has_all_versions)
		error = append_parameter(url, "match%5Bversion%5D", "all");
	if (error == 0)
		error = append_parameter(url, "next", query->next);
	buffer_append_byte(url, '\0');
	return url->failed ? -ENOMEM : error;
}

static int tell(struct taxii2 *taxii, const struct taxii2_page *page, const char *detail, int error)
{
	http_url_note(taxii->report, "page not taken", page->answer.url, detail);
	return error;
}

// What came with status 2xx: is it a page?
static int check(struct taxii2 *taxii, const struct taxii2_query *query, struct taxii2_page *page)
{
	const char *reason = "";
	int error = taxii2_check_type(taxii, &page->answer, !query->is_manifest);

	if (error < 0)
		return error;
	error = taxii2_envelope_read(page->answer.body_fd, &page->envelope, &reason);
	if (error == -EBADMSG) // cut, where nothing else told
		return tell(taxii, page, reason, -EAGAIN);
	if (error < 0)
		return error;
	if (page->answer.status == 206 && !taxii2_read_range(page->answer.content_range, page))
		return tell(taxii, page, "part of something, but not told which part", -EBADMSG);
	// An envelope without objects is empty; but an object of other members is no envelope.
	if (!page->envelope.has_objects && !page->envelope.has_more &&
	    page->answer.body_bytes > sizeof("{ }") && taxii->version == TAXII_21)
		return tell(taxii, page, "a JSON object that is no envelope", -EBADMSG);
	return 0;
}

int taxii2_page_get(struct taxii2 *taxii, const struct taxii2_collection *collection,
                    const struct taxii2_query *query, struct taxii2_page *ret_page)
{
	struct taxii2_page page = {.answer.body_fd = -1, .item_count = UINT64_MAX};
	struct buffer url = {0};
	struct http_request request = {.accept = taxii2_accept(taxii, !query->is_manifest)};
	char range[64];
	int error = make_url(taxii, collection, query, &url);

	(void)snprintf(range, sizeof(range), "Range: items=%llu-%llu",
	               (unsigned long long)query->first_item,
	               (unsigned long long)query->first_item + query->limit - 1);
	request.url = (const char *)url.data;
	request.headers[0] = taxii->version == TAXII_20 ? range : NULL;
	// A server may keep the place behind a `next`: asked again, it goes on from there.
	request.is_once = query->next[0] != '\0';
	if (error == 0)
		error = http_client_request(taxii->http, &request, taxii->report, &page.answer);
	buffer_close(&url);
	if (error == 0)
		error = check(taxii, query, &page);
	else if (error == -ERANGE && taxii->version == TAXII_20) {
		page.is_beyond = true;
		error = 0;
	}
	if (error < 0) {
		taxii2_page_close(&page);
		return error;
	}
	*ret_page = page;
	return 0;
}

void taxii2_page_close(struct taxii2_page *page)
{
	http_answer_close(&page->answer);
}
