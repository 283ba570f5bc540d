#include "loader/xml_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/xmlreader.h>

enum { ERROR_TEXT_BYTES = 160, LINE_OF_NODE_MAX = 65535 };

struct xml_reader {
	struct feed_input *input;
	xmlTextReader *text_reader;
	int input_error; // what the input said when libxml2 asked for more
	bool has_end_to_come;
	uint8_t last_byte; // of those that libxml2 has been given
	bool is_in_tag;
	unsigned tag_attributes;
	unsigned namespaces[XML_DEPTH_MAX + 1]; // declared by the open elements, down to that depth
	char error[ERROR_TEXT_BYTES];
};

// The first error counts: those behind it mostly follow from it.
static void note_error(struct xml_reader *reader, const char *text)
{
	if (reader->error[0] != '\0')
		return;
	int size = snprintf(reader->error, sizeof(reader->error), "%s", text);
	size_t length = size < ERROR_TEXT_BYTES ? (size_t)size : ERROR_TEXT_BYTES - 1;
	while (length > 0 && slice_is_blank((uint8_t)reader->error[length - 1]))
		reader->error[--length] = '\0';
}

// Has every tag so far a reasonable number of attributes?
static bool check_tags(struct xml_reader *reader, struct slice bytes)
{
	for (size_t i = 0; i < bytes.size; i++) {
		uint8_t byte = bytes.data[i];

		if (reader->last_byte == '<') { // not a comment, nor CDATA
			reader->is_in_tag = byte != '!' && byte != '?';
			reader->tag_attributes = 0;
		}
		reader->last_byte = byte;
		if (byte == '>') {
			reader->is_in_tag = false;
		} else if (byte == '=' && reader->is_in_tag &&
		           ++reader->tag_attributes > XML_TAG_ATTRIBUTES_MAX) {
			note_error(reader, "too many attributes");
			return false;
		}
	}
	return true;
}

static int read_input(void *context, char *buffer, int size)
{
	struct xml_reader *reader = context;
	struct slice window;

	int error = feed_input_peek(reader->input, (size_t)size, &window);
	if (error != 0) {
		reader->input_error = error;
		return -1;
	}
	window = slice_first(window, (size_t)size);
	if (!check_tags(reader, window))
		return -1;
	if (window.size > 0)
		memcpy(buffer, window.data, window.size);
	feed_input_skip(reader->input, window.size);
	return (int)window.size;
}

// Recoverable ones are left to libxml2: a prefix that nobody declared changes no local name.
static void hear_error(void *context, xmlError *error)
{
	if (error->level == XML_ERR_FATAL)
		note_error(context, error->message != NULL ? error->message : "not well-formed");
}

int xml_reader_create(struct feed_input *input, struct xml_reader **ret_reader)
{
	AUTO(xml_reader) reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		return -ENOMEM;
	reader->input = input;
	reader->text_reader = xmlReaderForIO(read_input, NULL, reader, NULL, NULL,
	                                     XML_PARSE_NONET | XML_PARSE_NOCDATA |
	                                             XML_PARSE_COMPACT | XML_PARSE_BIG_LINES);
	if (reader->text_reader == NULL)
		return -ENOMEM;
	xmlTextReaderSetStructuredErrorHandler(reader->text_reader, hear_error, reader);
	*ret_reader = TAKE(reader);
	return 0;
}

void xml_reader_free(struct xml_reader *reader)
{
	if (reader == NULL)
		return;
	xmlFreeTextReader(reader->text_reader);
	free(reader);
}

static int refuse(struct xml_reader *reader, const char *why)
{
	note_error(reader, why);
	return -EBADMSG;
}

// Entities that the document defines itself are what makes a kilobyte of XML a gigabyte of text:
// nothing that we read needs them. Nothing else that a DTD says is heeded.
static int check_document_type(struct xml_reader *reader)
{
	const xmlNode *node = xmlTextReaderCurrentNode(reader->text_reader);
	const xmlDtd *dtd = (const xmlDtd *)node;

	if (node == NULL || node->type != XML_DTD_NODE)
		return 0;
	return dtd->entities != NULL ? refuse(reader, "it declares entities") : 0;
}

static int check_element(struct xml_reader *reader)
{
	const xmlNode *node = xmlTextReaderCurrentNode(reader->text_reader);
	unsigned depth = xml_reader_depth(reader);
	unsigned count = depth > 0 && depth <= XML_DEPTH_MAX ? reader->namespaces[depth - 1] : 0;

	if (depth > XML_DEPTH_MAX)
		return refuse(reader, "nested too deep");
	for (const xmlNs *ns = node != NULL ? node->nsDef : NULL; ns != NULL; ns = ns->next)
		count++;
	reader->namespaces[depth] = count;
	return count > XML_NAMESPACES_MAX ? refuse(reader, "too many name spaces") : 0;
}

// Returns 1 when the node is an event, 0 when it is passed over, or an error.
static int take_node(struct xml_reader *reader, enum xml_event *ret_event)
{
	int error;

	switch (xmlTextReaderNodeType(reader->text_reader)) {
	case XML_READER_TYPE_ELEMENT:
		error = check_element(reader);
		if (error < 0)
			return error;
		reader->has_end_to_come = xmlTextReaderIsEmptyElement(reader->text_reader) == 1;
		*ret_event = XML_ELEMENT;
		return 1;
	case XML_READER_TYPE_END_ELEMENT:
		*ret_event = XML_ELEMENT_END;
		return 1;
	case XML_READER_TYPE_TEXT:
	case XML_READER_TYPE_CDATA:
	case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
		*ret_event = XML_TEXT;
		return 1;
	case XML_READER_TYPE_ENTITY_REFERENCE:
		return refuse(reader, "an entity that is not declared");
	case XML_READER_TYPE_DOCUMENT_TYPE:
		return check_document_type(reader);
	default:
		return 0;
	}
}

int xml_reader_next(struct xml_reader *reader, enum xml_event *ret_event)
{
	if (reader->has_end_to_come) {
		reader->has_end_to_come = false;
		*ret_event = XML_ELEMENT_END;
		return 0;
	}
	for (;;) {
		int result = xmlTextReaderRead(reader->text_reader);

		if (result == 0 && reader->error[0] == '\0') {
			*ret_event = XML_END_OF_DOCUMENT;
			return 0;
		}
		if (result != 1) {
			if (reader->input_error != 0 && reader->input_error != -EBADMSG)
				return reader->input_error;
			return refuse(reader, "not well-formed");
		}
		result = take_node(reader, ret_event);
		if (result != 0)
			return result < 0 ? result : 0;
	}
}

static struct slice slice_of_xml(const xmlChar *text)
{
	return slice_text((const char *)text);
}

// A prefix that nobody declared stays in the name.
static struct slice local_name(const xmlChar *name)
{
	struct slice text = slice_of_xml(name);
	size_t colon = slice_find(text, ':');

	return colon < text.size ? slice_from(text, colon + 1) : text;
}

struct slice xml_reader_name(const struct xml_reader *reader)
{
	return local_name(xmlTextReaderConstLocalName(reader->text_reader));
}

struct slice xml_reader_text(const struct xml_reader *reader)
{
	return slice_of_xml(xmlTextReaderConstValue(reader->text_reader));
}

unsigned xml_reader_depth(const struct xml_reader *reader)
{
	int depth = xmlTextReaderDepth(reader->text_reader);

	return depth > 0 ? (unsigned)depth : 0;
}

// The attribute's value as it stands in the tree: one text node, since there are no entities.
static struct slice value_of(const xmlAttr *attribute)
{
	const xmlNode *text = attribute->children;

	return text != NULL && text->type == XML_TEXT_NODE ? slice_of_xml(text->content)
	                                                   : slice_text("");
}

struct slice xml_reader_attribute(const struct xml_reader *reader, const char *name)
{
	const xmlNode *node = xmlTextReaderCurrentNode(reader->text_reader);

	if (node == NULL || node->type != XML_ELEMENT_NODE)
		return slice_text("");
	for (const xmlAttr *attribute = node->properties; attribute != NULL;
	     attribute = attribute->next)
		if (slice_is(local_name(attribute->name), name))
			return value_of(attribute);
	return slice_text("");
}

int xml_reader_each_attribute(const struct xml_reader *reader,
                              int (*visit)(void *context, const struct xml_attribute *attribute),
                              void *context)
{
	const xmlNode *node = xmlTextReaderCurrentNode(reader->text_reader);
	int error = 0;

	if (node == NULL || node->type != XML_ELEMENT_NODE)
		return 0;
	for (const xmlAttr *attribute = node->properties; attribute != NULL && error == 0;
	     attribute = attribute->next) {
		const xmlChar *uri = attribute->ns != NULL ? attribute->ns->href : NULL;
		struct xml_attribute found = {
			.name = local_name(attribute->name),
			.name_space = slice_of_xml(uri),
			.value = value_of(attribute),
		};
		error = visit(context, &found);
	}
	return error;
}

uint64_t xml_reader_line(const struct xml_reader *reader)
{
	xmlNode *node = xmlTextReaderCurrentNode(reader->text_reader);
	long line = node != NULL ? xmlGetLineNo(node) : 0;

	if (line <= 0 || line >= LINE_OF_NODE_MAX)
		line = xmlTextReaderGetParserLineNumber(reader->text_reader);
	return line > 0 ? (uint64_t)line : 0;
}

const char *xml_reader_error(const struct xml_reader *reader)
{
	return reader->error;
}
