#include "loader/foreign.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/utf8.h"

// Asked in this order: the first whose `prefix` (after spaces) and `content` fit.
static const struct {
	const char *prefix;
	const char *content; // anywhere in the head; NULL: anything
	const char *name;
} formats[] = {
	{"<", "taxii_services", "TAXII 1.x XML"},
	{"<", "<html", "an HTML page"},
	{"<!", NULL, "an HTML page"},
	{"<?xml", NULL, "XML"},
	{"{", "\"Orgc\"", "the manifest of a MISP feed: give the feed's folder or URL"},
	{"{", NULL, "JSON that is neither STIX 2 nor of MISP"},
	{"[", "\"", "JSON that is neither STIX 2 nor of MISP"},
	{"%PDF-", NULL, "a PDF document"},
	{"\xd4\xc3\xb2\xa1", NULL, "a packet capture"},
	{"\xa1\xb2\xc3\xd4", NULL, "a packet capture"},
	{"\x4d\x3c\xb2\xa1", NULL, "a packet capture"},
	{"\x0a\x0d\x0d\x0a", NULL, "a packet capture"},
	{"\x7f"
         "ELF",
         NULL, "a program"},
};

static bool contains(struct slice head, const char *text)
{
	return head.size > 0 && memmem(head.data, head.size, text, strlen(text)) != NULL;
}

const char *foreign_format(struct slice head)
{
	struct slice text = head;

	text = utf8_skip_mark(text);
	text = slice_trim(text);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		bool is_prefixed = slice_starts_with(text, formats[i].prefix) ||
		                   slice_starts_with(head, formats[i].prefix);

		if (is_prefixed &&
		    (formats[i].content == NULL || contains(text, formats[i].content)))
			return formats[i].name;
	}
	return NULL;
}
