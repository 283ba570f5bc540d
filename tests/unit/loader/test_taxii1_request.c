// What is asked of a TAXII 1.1 server, letter by letter; only the message's id is any number.
#include "tests/unit/unit_test.h"

#include <ctype.h>
#include <string.h>

#include "base/buffer.h"
#include "base/timestamp.h"
#include "loader/taxii1.h"

#define SPACE "xmlns:t=\"http://taxii.mitre.org/messages/taxii_xml_binding-1.1\" message_id=\"N\""

// With N for the id, which must be digits.
static void assert_request(struct buffer *request, const char *expected)
{
	static const char name[] = "message_id=\"";
	struct buffer text = {0};

	assert_false(request->failed);
	buffer_append_byte(request, '\0');
	char *id = strstr((char *)request->data, name);
	assert_non_null(id);
	id += sizeof(name) - 1;
	size_t size = strcspn(id, "\"");
	assert_true(size > 0 && size == strspn(id, "0123456789"));
	buffer_append(&text, request->data, (size_t)(id - (char *)request->data));
	buffer_format(&text, "N%s", id + size);
	buffer_append_byte(&text, '\0');
	assert_string_equal((const char *)text.data, expected);
	buffer_close(&text);
	buffer_close(request);
}

static void discovery_and_collections_are_asked_for_without_words(void **state)
{
	struct buffer request = {0};

	(void)state;
	taxii1_request_discovery(&request);
	assert_request(&request, "<t:Discovery_Request " SPACE "/>");
	taxii1_request_collections(&request);
	assert_request(&request, "<t:Collection_Information_Request " SPACE "/>");
}

static void a_poll_from_the_beginning_names_no_time(void **state)
{
	struct buffer request = {0};

	(void)state;
	taxii1_request_poll("c2", TIMESTAMP_MIN, &request);
	assert_request(&request, "<t:Poll_Request " SPACE " collection_name=\"c2\">"
	                         "<t:Poll_Parameters allow_asynch=\"false\">"
	                         "<t:Response_Type>FULL</t:Response_Type></t:Poll_Parameters>"
	                         "</t:Poll_Request>");
}

static void a_poll_from_a_time_names_it_in_microseconds(void **state)
{
	struct buffer request = {0};
	int64_t begin_ns;

	(void)state;
	assert_int_equal(timestamp_parse(slice_text("2026-01-02T03:04:05.678901Z"), &begin_ns), 0);
	taxii1_request_poll("c2", begin_ns, &request);
	assert_request(&request,
	               "<t:Poll_Request " SPACE " collection_name=\"c2\">"
	               "<t:Exclusive_Begin_Timestamp>2026-01-02T03:04:05.678901Z"
	               "</t:Exclusive_Begin_Timestamp><t:Poll_Parameters allow_asynch=\"false\">"
	               "<t:Response_Type>FULL</t:Response_Type></t:Poll_Parameters>"
	               "</t:Poll_Request>");
}

static void names_cannot_leave_their_attribute(void **state)
{
	struct buffer request = {0};

	(void)state;
	taxii1_request_part("a\"b<c>&d'", "r\"/><x", 7, &request);
	assert_request(&request,
	               "<t:Poll_Fulfillment " SPACE " collection_name=\"a&quot;b&lt;c>&amp;d'\" "
	               "result_id=\"r&quot;/>&lt;x\" result_part_number=\"7\"/>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(discovery_and_collections_are_asked_for_without_words),
		cmocka_unit_test(a_poll_from_the_beginning_names_no_time),
		cmocka_unit_test(a_poll_from_a_time_names_it_in_microseconds),
		cmocka_unit_test(names_cannot_leave_their_attribute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
