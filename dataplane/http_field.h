// dataplane/http_field.h — header fields of HTTP (RFC 9110, section 5) and of MIME parts, which are
// written alike.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ascii.h"
#include "base/line_scan.h"
#include "base/slice.h"

struct http_field {
	struct slice name;
	struct slice value; // of a folded one the folds are in it
};

// HOT. Takes the first line off `bytes`: its text without CR and LF, and how many bytes it takes
// up. Returns 0 when it has not ended.
size_t http_field_line(struct slice bytes, struct slice *ret_line);

// HOT. Takes the next field off *rest, with the lines that continue it (RFC 9112, section 5.2: they
// begin with a blank). The empty line that ends a head gives a field without a name.
struct http_field http_field_take(struct slice *rest);

// HOT. Where the field ends that begins where *scan stands, with the lines that continue it.
static inline size_t http_field_end(struct line_scan *scan)
{
	struct slice text = scan->text;
	size_t next;

	do {
		next = line_scan_next(scan) + 1;
	} while (next < text.size && (text.data[next] == ' ' || text.data[next] == '\t'));
	return next < text.size ? next : text.size;
}

// HOT. The name and the value of a field's text, up to its end.
struct http_field http_field_split(struct slice text);

// HOT. Is `slice` this word, in whatever case?
static inline bool http_field_is(struct slice slice, const char *word)
{
	if (slice.size != strlen(word))
		return false;
	for (size_t i = 0; i < slice.size; i++)
		if (ascii_lower(slice.data[i]) != ascii_lower((uint8_t)word[i]))
			return false;
	return true;
}

// HOT. Takes the next element off a list with commas; blanks around it are not part of it.
struct slice http_field_element(struct slice *list);

// HOT. A value's parameter: the text of `; name=text` or `; name="text"`, escapes still in it;
// empty without it. *ret_is_quoted, which may be NULL, tells which.
struct slice http_field_parameter(struct slice value, const char *name, bool *ret_is_quoted);

// HOT. A value up to its first `;`: a media type without parameters, or a disposition.
struct slice http_field_main(struct slice value);

// HOT. The file name of a Content-Disposition: `filename*` (RFC 8187) before `filename`, written to
// `room` without escapes and in UTF-8. Returns its size, 0 when there is none.
size_t http_field_file_name(struct slice disposition, uint8_t *room, size_t room_bytes);
