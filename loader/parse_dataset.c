// Suricata datasets (docs.suricata.io, rules/datasets): a value a line, with a reputation behind it
// in a datarep. Hashes and addresses stand as they are, strings in base64.
//
// What a string is, only the rules that use the set know: what looks like a name or a URL is taken
// as such, a name alone, as Suricata compares whole buffers.
#include <errno.h>
#include <openssl/evp.h>

#include "loader/list_lines.h"
#include "loader/list_value.h"
#include "loader/text_line.h"
#include "loader/value.h"

enum { LINES_LOOKED_AT = 64, ENCODED_BYTES_MAX = 8192, LABEL_BYTES = 32 };

struct dataset_line {
	struct slice value;
	struct slice reputation; // may be empty
};

static struct dataset_line take_apart(struct slice line)
{
	size_t end = slice_find(line, ',');

	return (struct dataset_line){
		.value = slice_trim(slice_first(line, end)),
		.reputation = slice_trim(slice_from(line, end + 1)),
	};
}

// Returns the text in `ret_text`, or an empty one when it is none in base64.
static struct slice decode(struct slice encoded, uint8_t ret_text[ENCODED_BYTES_MAX])
{
	if (encoded.size == 0 || encoded.size % 4 != 0 || encoded.size > ENCODED_BYTES_MAX)
		return slice_of(NULL, 0);

	int size = EVP_DecodeBlock(ret_text, encoded.data, (int)encoded.size);
	if (size < 0)
		return slice_of(NULL, 0);
	// It counts the padding as bytes.
	size -= slice_ends_with(encoded, "==") ? 2 : slice_ends_with(encoded, "=") ? 1 : 0;
	return slice_of(ret_text, (size_t)size);
}

// Is it clearly a name or a URL with a host, and not another text of a rule?
static bool is_value(struct slice text)
{
	struct slice host = text;
	const uint8_t *scheme = text.size > 0 ? memmem(text.data, text.size, "://", 3) : NULL;

	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] <= ' ' || text.data[i] >= 0x7f)
			return false;
	if (scheme != NULL)
		host = slice_from(text, (size_t)(scheme - text.data) + 3);
	host = slice_first(host, slice_find(host, '/'));
	return slice_find(host, '.') < host.size && text_line_looks_like_value(text);
}

static bool is_plain(struct slice value)
{
	enum value_shape shape = value_guess(value).shape;

	return shape == SHAPE_HASH || (shape == SHAPE_ADDRESS && text_line_looks_like_value(value));
}

static void tell(struct feed *feed, const char *reason, struct slice value, struct slice detail)
{
	report_add(&feed->summary->report, &(struct problem){
						   .reason = reason,
						   .object = value,
						   .detail = detail,
						   .line = feed_input_line_number(feed->input),
					   });
}

static int read_line(struct feed *feed, struct slice line, void *context)
{
	uint8_t decoded[ENCODED_BYTES_MAX];
	uint8_t label[LABEL_BYTES + sizeof("reputation:")];
	struct dataset_line entry = take_apart(line);
	struct indicator indicator = reader_new_indicator(feed);
	struct slice value = entry.value;

	(void)context;
	if (value.size == 0 || value.data[0] == '#')
		return 0;
	feed->summary->objects++;
	if (!is_plain(value)) {
		value = decode(value, decoded);
		if (!is_value(value)) {
			tell(feed, value.size == 0 ? "not base64" : "string that is no name or URL",
			     entry.value, value);
			return 0;
		}
	}
	if (entry.reputation.size > 0 && entry.reputation.size <= LABEL_BYTES) {
		struct slice key = slice_text("reputation:");

		memcpy(label, key.data, key.size);
		memcpy(label + key.size, entry.reputation.data, entry.reputation.size);
		indicator.labels = slice_of(label, key.size + entry.reputation.size);
	}
	const struct candidate candidate = {
		.kind = VALUE_ANY,
		.text = value,
		.name_kinds = ENTRY_EXACT,
		.line = feed_input_line_number(feed->input),
	};
	int result = list_value_add(feed, &indicator, &candidate);
	return result < 0 ? result : 0;
}

static int read(struct feed *feed)
{
	int error = list_lines_read(feed, read_line, NULL);

	intake_end_feed(feed);
	return error;
}

// All of the first lines are values in base64, or hashes and addresses with at least one of those.
static bool recognises(struct slice head)
{
	uint8_t decoded[ENCODED_BYTES_MAX];
	unsigned encoded = 0;

	for (unsigned lines = 0; head.size > 0 && lines < LINES_LOOKED_AT; lines++) {
		size_t end = slice_find(head, '\n');
		struct slice value = take_apart(slice_first(head, end)).value;
		bool is_whole = end < head.size;

		head = slice_from(head, end + 1);
		if (value.size == 0 || value.data[0] == '#' || is_plain(value))
			continue;
		if (!is_whole && encoded > 0)
			break;
		if (!is_value(decode(value, decoded)))
			return false;
		encoded++;
	}
	return encoded > 0;
}

const struct reader_ops read_dataset = {
	.format = FEED_DATASET,
	.name = "Suricata dataset",
	.recognises = recognises,
	.read = read,
};
