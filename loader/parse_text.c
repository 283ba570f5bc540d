// Lists of one value a line, as people write them: comments, defanged values, a value in the
// first column, and the line syntaxes of two programs that read such lists (dnsmasq's
// "address=/name/" and the "||name^" of advertisement blockers).
#include <errno.h>

#include "base/utf8.h"
#include "loader/list_value.h"
#include "loader/reader.h"
#include "loader/text_line.h"

// A head is a text list when at least half of its first lines hold a value.
enum { LINES_LOOKED_AT = 64 };

static bool recognises(struct slice head)
{
	unsigned lines = 0;
	unsigned values = 0;

	if (slice_starts_with(head, "\xef\xbb\xbf"))
		head = slice_from(head, 3);
	while (head.size > 0 && lines < LINES_LOOKED_AT) {
		struct slice line = slice_first(head, slice_find(head, '\n'));
		struct slice value = text_line_value(line);

		head = slice_from(head, line.size + 1);
		if (value.size == 0)
			continue;
		lines++;
		values += slice_find(line, '\0') == line.size && text_line_looks_like_value(value);
	}
	return values > 0 && 2 * values >= lines;
}

static int read_line(struct feed *feed, const struct indicator *indicator, struct slice line)
{
	struct slice value = text_line_value(line);
	struct candidate candidate = list_value_candidate(value,
	                                                  feed_input_line_number(feed->input));

	if (value.size == 0)
		return 0;
	feed->summary->objects++;
	return list_value_add(feed, indicator, &candidate);
}

static int read(struct feed *feed)
{
	return list_value_read_lines(feed, read_line);
}

const struct reader_ops read_text = {FEED_TEXT, "text list", recognises, read};
