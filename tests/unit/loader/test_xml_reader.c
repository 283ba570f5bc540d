// XML a node at a time, from hostile hands.
#include "loader/xml_reader.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"

struct document {
	struct feed_input *input;
	struct xml_reader *reader;
	int file;
};

static void open_document(struct document *document, struct slice text)
{
	document->file = memfd_create("document", 0);
	assert_int_equal(write(document->file, text.data, text.size), (ssize_t)text.size);
	assert_int_equal(lseek(document->file, 0, SEEK_SET), 0);
	assert_int_equal(feed_input_open_fd(document->file, NULL, NULL, &document->input), 0);
	assert_int_equal(xml_reader_create(document->input, &document->reader), 0);
}

static void close_document(struct document *document)
{
	xml_reader_free(document->reader);
	feed_input_close(document->input);
	close(document->file);
}

// Reads to the end; how it came to it.
static int read_all(struct slice text)
{
	struct document document;
	enum xml_event event;
	int error;

	open_document(&document, text);
	do
		error = xml_reader_next(document.reader, &event);
	while (error == 0 && event != XML_END_OF_DOCUMENT);
	assert_true(error == 0 || xml_reader_error(document.reader)[0] != '\0');
	close_document(&document);
	return error;
}

// Libxml2 would look through all of them for each prefix that nobody declared.
static void more_name_spaces_than_anybody_needs_are_refused(void **state)
{
	enum { LEVELS = 3, OF_ONE = 400 };
	struct buffer text = {0};
	(void)state;

	for (unsigned level = 0; level < LEVELS; level++) {
		buffer_append_text(&text, "<a");
		for (unsigned i = 0; i < OF_ONE; i++)
			buffer_format(&text, " xmlns:n%u='u'", level * OF_ONE + i);
		buffer_append_text(&text, "><b:c/>");
	}
	for (unsigned level = 0; level < LEVELS; level++)
		buffer_append_text(&text, "</a>");
	assert_int_equal(read_all(buffer_slice(&text)), -EBADMSG);
	buffer_close(&text);

	// One behind the other they are few.
	buffer_append_text(&text, "<r>");
	for (unsigned i = 0; i < LEVELS; i++) {
		buffer_append_text(&text, "<a");
		for (unsigned k = 0; k < OF_ONE; k++)
			buffer_format(&text, " xmlns:n%u='u'", k);
		buffer_append_text(&text, "/>");
	}
	buffer_append_text(&text, "</r>");
	assert_int_equal(read_all(buffer_slice(&text)), 0);
	buffer_close(&text);
}

static void events_come_in_order(void **state)
{
	static const char text[] = "<?xml version='1.0'?>\n<!-- x --><p:a xmlns:p='urn:a' "
				   "xmlns:q='urn:b' q:b='1' c='&lt;'>t<b/><![CDATA[<u>]]></p:a>";
	struct document document;
	enum xml_event event;
	(void)state;

	open_document(&document, slice_text(text));
	struct xml_reader *reader = document.reader;
	assert_int_equal(xml_reader_next(reader, &event), 0);
	assert_int_equal(event, XML_ELEMENT);
	assert_true(slice_is(xml_reader_name(reader), "a"));
	assert_true(slice_is(xml_reader_attribute(reader, "b"), "1"));
	assert_true(slice_is(xml_reader_attribute(reader, "c"), "<"));
	assert_true(slice_is(xml_reader_attribute(reader, "d"), ""));
	assert_int_equal(xml_reader_line(reader), 2);
	assert_int_equal(xml_reader_next(reader, &event), 0);
	assert_int_equal(event, XML_TEXT);
	assert_true(slice_is(xml_reader_text(reader), "t"));
	assert_int_equal(xml_reader_next(reader, &event), 0);
	assert_int_equal(event, XML_ELEMENT);
	assert_int_equal(xml_reader_depth(reader), 1);
	assert_int_equal(xml_reader_next(reader, &event), 0);
	assert_int_equal(event, XML_ELEMENT_END); // of an empty element
	assert_int_equal(xml_reader_next(reader, &event), 0);
	assert_true(slice_is(xml_reader_text(reader), "<u>"));
	assert_int_equal(xml_reader_next(reader, &event), 0);
	assert_int_equal(event, XML_ELEMENT_END);
	assert_int_equal(xml_reader_next(reader, &event), 0);
	assert_int_equal(event, XML_END_OF_DOCUMENT);
	close_document(&document);
}

static void what_is_not_well_formed_is_refused(void **state)
{
	(void)state;
	assert_int_equal(read_all(slice_text("<a>")), -EBADMSG);
	assert_int_equal(read_all(slice_text("<a></b>")), -EBADMSG);
	assert_int_equal(read_all(slice_text("")), -EBADMSG);
	assert_int_equal(read_all(slice_text("<a b='1' b='2'/>")), -EBADMSG);
	assert_int_equal(read_all(slice_text("<a/>x")), -EBADMSG);
}

static void a_prefix_that_nobody_declared_is_no_mistake(void **state)
{
	(void)state;
	assert_int_equal(read_all(slice_text("<x:a y:b='1' xmlns:='c'/>")), 0);
}

static void entities_are_refused_whether_used_or_not(void **state)
{
	(void)state;
	assert_int_equal(read_all(slice_text("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>")), -EBADMSG);
	assert_int_equal(read_all(slice_text("<!DOCTYPE a [<!ENTITY b SYSTEM "
	                                     "'file:///etc/passwd'>]><a>&b;</a>")),
	                 -EBADMSG);
	assert_int_equal(read_all(slice_text("<!DOCTYPE a SYSTEM 'http://a.invalid/'><a>&b;</a>")),
	                 -EBADMSG);
	assert_int_equal(read_all(slice_text("<a>&b;</a>")), -EBADMSG);
	assert_int_equal(read_all(slice_text("<!DOCTYPE a><a>&amp;&#65;</a>")), 0);
}

static void what_is_nested_too_deep_is_refused(void **state)
{
	struct buffer text = {0};
	(void)state;

	for (unsigned i = 0; i <= XML_DEPTH_MAX + 1; i++)
		buffer_append_text(&text, "<a>");
	for (unsigned i = 0; i <= XML_DEPTH_MAX + 1; i++)
		buffer_append_text(&text, "</a>");
	assert_int_equal(read_all(buffer_slice(&text)), -EBADMSG);
	assert_int_equal(read_all(slice_of(text.data + 3, text.size - 7)), 0);
	buffer_close(&text);
}

static void a_tag_of_too_many_attributes_is_refused(void **state)
{
	struct buffer text = {0};
	(void)state;

	buffer_append_text(&text, "<a");
	for (unsigned i = 0; i <= XML_TAG_ATTRIBUTES_MAX; i++)
		buffer_format(&text, " a%u=''", i);
	buffer_append_text(&text, "/>");
	assert_int_equal(read_all(buffer_slice(&text)), -EBADMSG);
	buffer_close(&text);
}

static void signs_in_text_are_no_attributes(void **state)
{
	struct buffer text = {0};
	(void)state;

	buffer_append_text(&text, "<a><![CDATA[");
	for (unsigned i = 0; i <= 2 * XML_TAG_ATTRIBUTES_MAX; i++)
		buffer_append_text(&text, "x=y ");
	buffer_append_text(&text, "]]></a>");
	assert_int_equal(read_all(buffer_slice(&text)), 0);
	buffer_close(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_in_order),
		cmocka_unit_test(more_name_spaces_than_anybody_needs_are_refused),
		cmocka_unit_test(what_is_not_well_formed_is_refused),
		cmocka_unit_test(a_prefix_that_nobody_declared_is_no_mistake),
		cmocka_unit_test(entities_are_refused_whether_used_or_not),
		cmocka_unit_test(what_is_nested_too_deep_is_refused),
		cmocka_unit_test(a_tag_of_too_many_attributes_is_refused),
		cmocka_unit_test(signs_in_text_are_no_attributes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
