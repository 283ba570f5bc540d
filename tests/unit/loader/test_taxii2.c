#include "loader/taxii2.h"

#include <errno.h>

#include "loader/config.h"
#include "tests/unit/unit_test.h"

#include "tests/unit/http_server.h"

#define ANSWER(type, body) \
	"HTTP/1.1 200 OK\r\nContent-Type: " type "\r\nConnection: close\r\n\r\n" body
#define TAXII21 "application/taxii+json;version=2.1"
#define TAXII20 "application/vnd.oasis.taxii+json; version=2.0"
#define STIX20  "application/vnd.oasis.stix+json; version=2.0"

static const char root_21[] = ANSWER(TAXII21, "{\"title\":\"R\",\"versions\":[\"" TAXII21
                                              "\"],\"max_content_length\":9}");
static const char list_21[] =
	ANSWER(TAXII21, "{\"collections\":["
                        "{\"id\":\"aa\",\"title\":\"One\",\"alias\":\"first\",\"can_read\":true,"
                        "\"can_write\":false},"
                        "{\"id\":\"bb\",\"title\":\"Two\",\"can_read\":false,\"can_write\":true},"
                        "{\"id\":\"../x\",\"title\":\"Bad\",\"can_read\":true}]}");

// A client and the server that it talks to.
struct talk {
	struct http_server server;
	struct source_config source;
	char url[256];
	struct report report;
	struct http_client *http;
	struct taxii2 *taxii;
};

static void begin(struct talk *talk, enum taxii2_version version, const struct served answers[],
                  unsigned count, const char *path)
{
	*talk = (struct talk){0};
	server_start(&talk->server, answers, count);
	(void)snprintf(talk->url, sizeof(talk->url), "http://127.0.0.1:%u%s", talk->server.port,
	               path);
	talk->source = (struct source_config){
		.address = talk->url,
		.proxy = "none",
		.timeout_s = 10,
		.body_bytes_max = 1 << 20,
	};
	assert_int_equal(http_client_create(&talk->source, NULL, NULL, &talk->report, &talk->http),
	                 0);
	assert_int_equal(taxii2_create(talk->http, version, &talk->report, &talk->taxii), 0);
}

static void end(struct talk *talk)
{
	taxii2_free(talk->taxii);
	http_client_free(talk->http);
	report_clear(&talk->report);
	server_stop(&talk->server);
}

static bool was_asked(const struct talk *talk, unsigned request, const char *text)
{
	return strstr(talk->server.requests[request], text) != NULL;
}

static void discovery_leads_to_the_collections_of_each_root(void **state)
{
	static const struct served answers[] = {
		{.answer = ANSWER(TAXII21, "{\"title\":\"S\",\"default\":\"/r/\","
	                                   "\"api_roots\":[\"/r/\",\"/q\",\"ftp://x/\"]}")},
		{.answer = list_21},
		{.answer = "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"},
	};
	static struct talk talk;
	const struct taxii2_collection *chosen = NULL;
	unsigned count;

	(void)state;
	begin(&talk, TAXII_21, answers, 3, "/taxii2");
	assert_int_equal(taxii2_look(talk.taxii, talk.url), 0);
	(void)taxii2_collections(talk.taxii, &count);
	assert_int_equal(count, 2);
	assert_string_equal(taxii2_title(talk.taxii), "S");
	assert_true(was_asked(&talk, 0, "GET /taxii2/ HTTP"));
	assert_true(was_asked(&talk, 0, "Accept: application/taxii+json;version=2.1\r\n"));
	assert_true(was_asked(&talk, 1, "GET /r/collections/ HTTP"));
	assert_true(was_asked(&talk, 2, "GET /q/collections/ HTTP"));

	assert_int_equal(taxii2_choose(talk.taxii, NULL, &chosen), 0);
	assert_string_equal(chosen->id, "aa");
	assert_int_equal(taxii2_choose(talk.taxii, "first", &chosen), 0);
	assert_int_equal(taxii2_choose(talk.taxii, "One", &chosen), 0);
	assert_non_null(strstr(chosen->url, "/r/collections/aa/"));
	assert_int_equal(taxii2_choose(talk.taxii, "Two", &chosen), -EACCES);
	assert_int_equal(taxii2_choose(talk.taxii, "Three", &chosen), -ENOENT);
	end(&talk);
}

static void an_api_root_and_a_collection_are_addresses_too(void **state)
{
	static const struct served root[] = {{.answer = root_21}, {.answer = list_21}};
	static const struct served collection[] = {
		{.answer = ANSWER(TAXII21, "{\"id\":\"aa\",\"title\":\"T\",\"can_read\":true,"
	                                   "\"can_write\":false}")}};
	static struct talk talk;
	const struct taxii2_collection *chosen = NULL;

	(void)state;
	begin(&talk, TAXII_21, root, 2, "/r/");
	assert_int_equal(taxii2_look(talk.taxii, talk.url), 0);
	assert_int_equal(taxii2_choose(talk.taxii, "aa", &chosen), 0);
	assert_true(was_asked(&talk, 1, "GET /r/collections/ HTTP"));
	end(&talk);

	begin(&talk, TAXII_21, collection, 1, "/r/collections/aa/objects/");
	assert_int_equal(taxii2_look(talk.taxii, talk.url), 0);
	assert_int_equal(taxii2_choose(talk.taxii, NULL, &chosen), 0);
	assert_true(was_asked(&talk, 0, "GET /r/collections/aa/ HTTP"));
	assert_true(slice_ends_with(slice_text(chosen->url), "/r/collections/aa/"));
	assert_true(slice_ends_with(slice_text(chosen->api_root), "/r/"));
	end(&talk);
}

static void a_page_is_asked_for_with_its_filters(void **state)
{
	static const struct served answers[] = {
		{.answer = "HTTP/1.1 200 OK\r\nContent-Type: " TAXII21 "\r\n"
	                   "X-TAXII-Date-Added-First: 2020-01-01T00:00:00.000001Z\r\n"
	                   "X-TAXII-Date-Added-Last: 2020-01-02T00:00:00.000001Z\r\n"
	                   "Connection: close\r\n\r\n"
	                   "{\"more\":true,\"next\":\"n&1\",\"objects\":[{},{}]}"},
	};
	static struct talk talk;
	char url[300];
	struct taxii2_page page;

	(void)state;
	begin(&talk, TAXII_21, answers, 1, "/r/");
	(void)snprintf(url, sizeof(url), "%scollections/aa/", talk.url);
	assert_int_equal(taxii2_page_get(talk.taxii, &(struct taxii2_collection){.url = url},
	                                 &(struct taxii2_query){
						 .added_after = "2020-01-01T00:00:00.000000Z",
						 .next = "a&b",
						 .limit = 7,
						 .has_all_versions = true,
					 },
	                                 &page),
	                 0);
	assert_true(was_asked(&talk, 0,
	                      "GET /r/collections/aa/objects/?limit=7&"
	                      "added_after=2020-01-01T00%3A00%3A00.000000Z&"
	                      "match%5Bversion%5D=all&next=a%26b HTTP"));
	assert_true(page.envelope.is_more);
	assert_string_equal(page.envelope.next, "n&1");
	assert_int_equal(page.envelope.object_count, 2);
	assert_string_equal(page.answer.date_added_last, "2020-01-02T00:00:00.000001Z");
	taxii2_page_close(&page);
	end(&talk);
}

static int page_error(enum taxii2_version version, const char *answer, const char *next)
{
	struct served served = {.answer = answer};
	static struct talk talk;
	char url[300];
	struct taxii2_page page;

	begin(&talk, version, &served, 1, "/r/");
	(void)snprintf(url, sizeof(url), "%scollections/aa/", talk.url);
	int error = taxii2_page_get(
		talk.taxii, &(struct taxii2_collection){.url = url},
		&(struct taxii2_query){.added_after = "", .next = next, .limit = 7}, &page);
	if (error == 0)
		taxii2_page_close(&page);
	end(&talk);
	return error;
}

static void what_is_no_page_is_never_an_empty_one(void **state)
{
	(void)state;
	assert_int_equal(page_error(TAXII_21, ANSWER(TAXII21, "{}"), ""), 0);
	assert_int_equal(page_error(TAXII_21, ANSWER("text/html", "<html>log in</html>"), ""),
	                 -EBADMSG);
	assert_int_equal(page_error(TAXII_21, ANSWER("text/html", "{}"), ""), -EBADMSG);
	assert_int_equal(page_error(TAXII_21, ANSWER(STIX20, "{}"), ""), -EBADMSG);
	assert_int_equal(page_error(TAXII_21, ANSWER(TAXII21, "{\"error\":\"sorry\"}"), ""),
	                 -EBADMSG);
	assert_int_equal(page_error(TAXII_21, ANSWER(TAXII21, "{\"objects\":[{"), ""), -EAGAIN);
	assert_int_equal(page_error(TAXII_20, ANSWER(TAXII21, "{}"), ""), -EBADMSG);
	assert_int_equal(page_error(TAXII_20, ANSWER(STIX20, "{\"type\":\"bundle\"}"), ""), 0);
}

static void a_lost_page_behind_a_next_is_not_asked_again(void **state)
{
	static const char cut[] = "HTTP/1.1 200 OK\r\nContent-Type: " TAXII21
				  "\r\nContent-Length: 99\r\n\r\n{";

	(void)state;
	assert_int_equal(page_error(TAXII_21, cut, "n"), -EAGAIN);
	assert_int_equal(page_error(TAXII_21, cut, ""), -EIO);
}

static void items_are_counted_in_2_0(void **state)
{
	static const struct served answers[] = {
		{.answer = "HTTP/1.1 206 Part\r\nContent-Type: " STIX20 "\r\n"
	                   "Content-Range: items 5-6/500\r\nConnection: close\r\n\r\n"
	                   "{\"type\":\"bundle\",\"objects\":[{},{}]}"},
		{.answer = "HTTP/1.1 416 Beyond\r\nContent-Length: 0\r\n\r\n"},
		{.answer = "HTTP/1.1 206 Part\r\nContent-Type: " STIX20 "\r\n"
	                   "Connection: close\r\n\r\n{\"type\":\"bundle\"}"},
	};
	static struct talk talk;
	char url[300];
	struct taxii2_page page;
	struct taxii2_query query = {.added_after = "", .next = "", .first_item = 5, .limit = 10};

	(void)state;
	begin(&talk, TAXII_20, answers, 3, "/r/");
	(void)snprintf(url, sizeof(url), "%scollections/aa/", talk.url);
	struct taxii2_collection collection = {.url = url};
	assert_int_equal(taxii2_page_get(talk.taxii, &collection, &query, &page), 0);
	assert_true(was_asked(&talk, 0, "Range: items=5-14\r\n"));
	assert_true(was_asked(&talk, 0, "Accept: " STIX20 "\r\n"));
	assert_true(page.has_range);
	assert_int_equal(page.first_item, 5);
	assert_int_equal(page.last_item, 6);
	assert_int_equal(page.item_count, 500);
	taxii2_page_close(&page);
	assert_int_equal(taxii2_page_get(talk.taxii, &collection, &query, &page), 0);
	assert_true(page.is_beyond);
	taxii2_page_close(&page);
	assert_int_equal(taxii2_page_get(talk.taxii, &collection, &query, &page), -EBADMSG);
	end(&talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(discovery_leads_to_the_collections_of_each_root),
		cmocka_unit_test(an_api_root_and_a_collection_are_addresses_too),
		cmocka_unit_test(a_page_is_asked_for_with_its_filters),
		cmocka_unit_test(what_is_no_page_is_never_an_empty_one),
		cmocka_unit_test(a_lost_page_behind_a_next_is_not_asked_again),
		cmocka_unit_test(items_are_counted_in_2_0),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
