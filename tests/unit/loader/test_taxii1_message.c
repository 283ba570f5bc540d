// Answers of a TAXII 1.1 server, as they are read.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/timestamp.h"
#include "loader/taxii1_message.h"

#define SPACE "xmlns:t='http://taxii.mitre.org/messages/taxii_xml_binding-1.1'"
#define BLOCK(content)                                                                   \
	"<t:Content_Block><t:Content_Binding binding_id='urn:x'/><t:Content>" content    \
	"</t:Content><t:Timestamp_Label>2026-01-02T00:00:00.5+00:00</t:Timestamp_Label>" \
	"</t:Content_Block>"
#define POLL(attributes, content) \
	"<t:Poll_Response " SPACE " " attributes ">" content "</t:Poll_Response>"

struct texts {
	struct buffer all; // a line each
	char binding[32];
	int error; // to give
};

static int take_text(void *context, int file, struct slice binding)
{
	struct texts *texts = context;
	char bytes[256];
	ssize_t size = read(file, bytes, sizeof(bytes));

	assert_true(size > 0);
	buffer_append(&texts->all, bytes, (size_t)size);
	buffer_append_byte(&texts->all, '\n');
	(void)snprintf(texts->binding, sizeof(texts->binding), "%.*s", SLICE_FORMAT(binding));
	return texts->error;
}

static int read_text(const char *text, struct texts *texts, struct report *report,
                     struct taxii1_message *ret_message)
{
	const struct taxii1_visitor visitor = {.text = take_text, .context = texts};
	int file = memfd_create("message", 0);

	assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
	int error = taxii1_message_read(file, texts != NULL ? &visitor : NULL, report, ret_message);
	close(file);
	return error;
}

static void services_are_told_with_what_they_speak(void **state)
{
	struct taxii1_message message;
	(void)state;

	assert_int_equal(read_text("<t:Discovery_Response " SPACE "><t:Service_Instance "
	                           "service_type='POLL' available='true'><t:Protocol_Binding>"
	                           "urn:taxii.mitre.org:protocol:http:1.0</t:Protocol_Binding>"
	                           "<t:Address>http://a/poll</t:Address><t:Message_Binding>"
	                           "urn:taxii.mitre.org:message:xml:1.0</t:Message_Binding>"
	                           "</t:Service_Instance><t:Service_Instance service_type='INBOX'>"
	                           "<t:Address>http://a/inbox</t:Address></t:Service_Instance>"
	                           "</t:Discovery_Response>",
	                           NULL, NULL, &message),
	                 0);
	assert_int_equal(message.kind, TAXII1_DISCOVERY);
	assert_int_equal(message.service_count, 2);
	assert_true(slice_is(message.services->type, "INBOX"));
	assert_true(message.services->is_usable);
	assert_true(slice_is(message.services->next->address, "http://a/poll"));
	assert_false(message.services->next->is_usable); // of another binding
	taxii1_message_close(&message);
}

static void collections_are_told_with_where_to_poll(void **state)
{
	struct taxii1_message message;
	(void)state;

	assert_int_equal(read_text("<t:Collection_Information_Response " SPACE
	                           "><t:Collection collection_name='c2' collection_type="
	                           "'DATA_SET' available='false'><t:Description>D"
	                           "</t:Description><t:Polling_Service><t:Address>http://a/p"
	                           "</t:Address></t:Polling_Service></t:Collection>"
	                           "</t:Collection_Information_Response>",
	                           NULL, NULL, &message),
	                 0);
	assert_int_equal(message.kind, TAXII1_COLLECTIONS);
	assert_int_equal(message.collection_count, 1);
	assert_true(slice_is(message.collections->name, "c2"));
	assert_true(slice_is(message.collections->poll_address, "http://a/p"));
	assert_true(message.collections->is_data_set);
	assert_false(message.collections->is_available);
	taxii1_message_close(&message);
}

static void a_part_says_where_it_stands(void **state)
{
	struct taxii1_message message;
	int64_t label_ns, end_ns;
	(void)state;

	assert_int_equal(
		read_text(POLL("more='true' result_id='r&amp;1' result_part_number='3'",
	                       "<t:Inclusive_End_Timestamp>2026-01-03T00:00:00Z"
	                       "</t:Inclusive_End_Timestamp>" BLOCK(
				       "<stix:STIX_Package xmlns:stix='s'><a/></stix:STIX_Package>")
	                               BLOCK("{}")),
	                  NULL, NULL, &message),
		0);
	assert_int_equal(timestamp_parse(slice_text("2026-01-02T00:00:00.5Z"), &label_ns), 0);
	assert_int_equal(timestamp_parse(slice_text("2026-01-03T00:00:00Z"), &end_ns), 0);
	assert_int_equal(message.kind, TAXII1_POLL);
	assert_true(message.is_more);
	assert_string_equal(message.result_id, "r&1");
	assert_int_equal(message.part, 3);
	assert_true(message.has_part);
	assert_int_equal(message.end_ns, end_ns);
	assert_int_equal(message.newest_label_ns, label_ns);
	assert_int_equal(message.block_count, 2);
	assert_int_equal(message.package_count, 1);
	assert_int_equal(message.text_count, 1);
	taxii1_message_close(&message);
}

static void text_comes_out_as_it_went_in(void **state)
{
	struct taxii1_message message;
	struct texts texts = {0};
	(void)state;

	assert_int_equal(read_text(POLL("", BLOCK("\n {&quot;a&quot;: 1}")
	                                            BLOCK("<![CDATA[<x>&amp;]]><![CDATA[</x>]]>")
	                                                    BLOCK("&lt;y/&gt;")),
	                           &texts, NULL, &message),
	                 0);
	assert_int_equal(message.text_count, 3);
	buffer_append_byte(&texts.all, '\0');
	assert_string_equal((const char *)texts.all.data, "\n {\"a\": 1}\n<x>&amp;</x>\n<y/>\n");
	assert_string_equal(texts.binding, "urn:x");
	buffer_close(&texts.all);
	taxii1_message_close(&message);
}

static void an_error_of_the_visitor_ends_the_reading(void **state)
{
	struct texts texts = {.error = -ENOSPC};
	struct taxii1_message message;
	(void)state;

	assert_int_equal(read_text(POLL("", BLOCK("{}")), &texts, NULL, &message), -ENOSPC);
	buffer_close(&texts.all);
}

static void a_status_says_what_to_do(void **state)
{
	struct taxii1_message message;
	(void)state;

	assert_int_equal(read_text("<t:Status_Message " SPACE
	                           " status_type='PENDING'><t:Status_Detail><t:Detail "
	                           "name='ESTIMATED_WAIT'>30</t:Detail><t:Detail name='RESULT_ID'>"
	                           "r1</t:Detail></t:Status_Detail><t:Message>Later</t:Message>"
	                           "</t:Status_Message>",
	                           NULL, NULL, &message),
	                 0);
	assert_int_equal(message.kind, TAXII1_STATUS);
	assert_string_equal(message.status, "PENDING");
	assert_string_equal(message.text, "Later");
	assert_string_equal(message.result_id, "r1");
	assert_int_equal(message.wait_s, 30);
	taxii1_message_close(&message);
}

static void the_digest_is_of_the_contents_alone(void **state)
{
	static const char *const texts[] = {
		POLL("result_part_number='1'", BLOCK("<stix:STIX_Package xmlns:stix='s' id='1'/>")),
		POLL("result_part_number='2'", BLOCK("<stix:STIX_Package xmlns:stix='s' id='1'/>")),
		POLL("", BLOCK("<stix:STIX_Package xmlns:stix='s' id='2'/>")),
		POLL("", BLOCK("{}")),
	};
	struct taxii1_message messages[4];
	(void)state;

	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(read_text(texts[i], NULL, NULL, &messages[i]), 0);
		taxii1_message_close(&messages[i]);
	}
	assert_memory_equal(messages[0].digest, messages[1].digest, CIRCLE_DIGEST_BYTES);
	assert_memory_not_equal(messages[0].digest, messages[2].digest, CIRCLE_DIGEST_BYTES);
	assert_memory_not_equal(messages[0].digest, messages[3].digest, CIRCLE_DIGEST_BYTES);
	assert_false(messages[2].has_part);
}

static void a_wait_beyond_reason_is_cut(void **state)
{
	struct taxii1_message message;
	(void)state;

	assert_int_equal(
		read_text("<t:Status_Message " SPACE
	                  " status_type='RETRY'><t:Status_Detail><t:Detail name='ESTIMATED_WAIT'>"
	                  "99999999999999999999</t:Detail></t:Status_Detail></t:Status_Message>",
	                  NULL, NULL, &message),
		0);
	assert_int_equal(message.wait_s, 86400);
	taxii1_message_close(&message);
}

static void other_content_is_told(void **state)
{
	struct taxii1_message message;
	struct report report = {0};
	(void)state;

	assert_int_equal(read_text(POLL("", BLOCK("<alert/>")), NULL, &report, &message), 0);
	assert_int_equal(report.count, 1);
	assert_string_equal(report.reasons[0].reason, "content block of no known format");
	report_clear(&report);
	taxii1_message_close(&message);
}

static void what_is_no_message_is_refused(void **state)
{
	struct taxii1_message message;
	struct report report = {0};
	(void)state;

	assert_int_equal(read_text("<html/>", NULL, &report, &message), -EBADMSG);
	assert_int_equal(read_text("{}", NULL, &report, &message), -EBADMSG);
	assert_int_equal(read_text(POLL("", "<t:Content_Block>") "x", NULL, &report, &message),
	                 -EBADMSG);
	assert_int_equal(report.count, 3);
	report_clear(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_are_told_with_what_they_speak),
		cmocka_unit_test(collections_are_told_with_where_to_poll),
		cmocka_unit_test(a_part_says_where_it_stands),
		cmocka_unit_test(text_comes_out_as_it_went_in),
		cmocka_unit_test(an_error_of_the_visitor_ends_the_reading),
		cmocka_unit_test(a_status_says_what_to_do),
		cmocka_unit_test(the_digest_is_of_the_contents_alone),
		cmocka_unit_test(a_wait_beyond_reason_is_cut),
		cmocka_unit_test(other_content_is_told),
		cmocka_unit_test(what_is_no_message_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
