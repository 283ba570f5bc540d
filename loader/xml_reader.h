// loader/xml_reader.h — XML a node at a time (libxml2's xmlReader), for feeds of strangers.
//
// No network, no external entities, no DTD is loaded; entity expansion, depth and text size are
// bounded. One owner, one thread. It reads from a feed_input, so memory is bounded.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/slice.h"
#include "loader/feed_input.h"

// The text is libxml2's own bound (one run of text, one attribute).
// Attributes count with what looks like one in the same tag: libxml2 compares each with each.
// Name spaces count with those of the elements around: libxml2 looks through all of them.
enum {
	XML_DEPTH_MAX = 256,
	XML_TEXT_BYTES_MAX = 10 * 1000 * 1000,
	XML_TAG_ATTRIBUTES_MAX = 512,
	XML_NAMESPACES_MAX = 1024,
};

struct xml_reader;

enum xml_event { XML_END_OF_DOCUMENT, XML_ELEMENT, XML_ELEMENT_END, XML_TEXT };

// `input` is borrowed. Returns 0 and gives it to the caller (xml_reader_free), or -ENOMEM.
int xml_reader_create(struct feed_input *input, struct xml_reader **ret_reader);

// Accepts NULL.
void xml_reader_free(struct xml_reader *reader);
DEFINE_AUTO(xml_reader, xml_reader_free)

// The next event. An empty element gives XML_ELEMENT and XML_ELEMENT_END. Returns 0, -EBADMSG (not
// well-formed, or past a bound: xml_reader_error()), the input's error, or -ENOMEM.
int xml_reader_next(struct xml_reader *reader, enum xml_event *ret_event);

// Of the current event; valid until the next. Local name of an element; text.
struct slice xml_reader_name(const struct xml_reader *reader);
struct slice xml_reader_text(const struct xml_reader *reader);
unsigned xml_reader_depth(const struct xml_reader *reader);

// The value of an attribute by its local name, in any namespace; empty when there is none.
struct slice xml_reader_attribute(const struct xml_reader *reader, const char *name);

// Calls `visit` for each attribute of an element in its order, namespace declarations left out,
// until it gives an error, which is returned.
struct xml_attribute {
	struct slice name;       // local
	struct slice name_space; // URI
	struct slice value;
};
int xml_reader_each_attribute(const struct xml_reader *reader,
                              int (*visit)(void *context, const struct xml_attribute *attribute),
                              void *context);

uint64_t xml_reader_line(const struct xml_reader *reader);
const char *xml_reader_error(const struct xml_reader *reader);
