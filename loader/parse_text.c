// Lists of one value a line, as people write them: comments, defanged values, a value in the
// first column, and the line syntaxes of two programs that read such lists (dnsmasq's
// "address=/name/" and the "||name^" of advertisement blockers).
#include <errno.h>

#include "base/utf8.h"
#include "engine/normalize.h"
#include "loader/list_batch.h"
#include "loader/reader.h"
#include "loader/text_line.h"

// A head is a text list when at least half of its first lines hold a value.
enum { LINES_LOOKED_AT = 64 };

static bool recognises(struct slice head)
{
	unsigned lines = 0;
	unsigned values = 0;

	head = utf8_skip_mark(head);
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

// The next column behind the value.
static struct slice second_column(struct slice line, struct slice value)
{
	struct slice rest = slice_from(line, (size_t)(value.data - line.data) + value.size);
	size_t end = 0;

	while (rest.size > 0 && strchr(",;\"' \t", rest.data[0]) != NULL)
		rest = slice_from(rest, 1);
	while (end < rest.size && strchr(",;\"' \t\r", rest.data[end]) == NULL)
		end++;
	return slice_first(rest, end);
}

// Perhaps a range, perhaps something else: only a header would say.
static void tell_second_address(struct feed *feed, struct slice line, struct slice value)
{
	struct slice second = second_column(line, value);
	struct address address;

	if (second.size == 0 || normalize_address(second, &address) < 0 ||
	    normalize_address(value, &address) < 0)
		return;
	report_add(&feed->summary->report, &(struct problem){
						   .reason = "two addresses in a line",
						   .consequence = "only the first is taken",
						   .object = value,
						   .detail = second,
						   .line = feed_input_line_number(feed->input),
					   });
}

static int read_line(struct feed *feed, struct list_batch *batch, struct slice line)
{
	struct slice value = text_line_value(line);
	struct candidate candidate = list_value_candidate(value,
	                                                  feed_input_line_number(feed->input));

	if (value.size == 0)
		return 0;
	tell_second_address(feed, line, value);
	return list_batch_add(batch, &candidate);
}

static int read(struct feed *feed)
{
	return list_batch_read_lines(feed, read_line);
}

const struct reader_ops read_text = {
	.format = FEED_TEXT,
	.name = "text list",
	.recognises = recognises,
	.read = read,
};
