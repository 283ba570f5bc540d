#include "base/buffer.h"
#include "engine/normalize.h"
#include "loader/intake_value.h"
#include "loader/judge.h"

static void append_hex(struct buffer *text, struct slice bytes)
{
	for (size_t i = 0; i < bytes.size; i++)
		buffer_format(text, "%02x", bytes.data[i]);
}

static void append_address(struct buffer *text, const struct intake_value *value)
{
	char first[ADDRESS_TEXT_BYTES];
	char last[ADDRESS_TEXT_BYTES];

	if (value->is_range) {
		normalize_format_address(&value->range.first, first);
		normalize_format_address(&value->range.last, last);
		buffer_format(text, "%s-%s", first, last);
	} else {
		normalize_format_prefix(&value->prefix, first);
		buffer_append_text(text, first);
	}
	if (value->terms.port != 0)
		buffer_format(text, " port %u", value->terms.port);
}

void judge_value_text(const struct judged_value *judged, struct buffer *text)
{
	const struct intake_value *value = judged->value;

	if (!value->is_pattern && value->type == OBSERVABLE_ADDRESS)
		append_address(text, value);
	else if (!value->is_pattern && value->type == OBSERVABLE_HASH)
		append_hex(text, value->text);
	else if (!value->is_pattern && value->type == OBSERVABLE_URL) {
		bool is_https = value->terms.schemes == URL_SCHEME_HTTPS;

		buffer_format(text, "%s%.*s%s", is_https ? "https://" : "http://",
		              SLICE_FORMAT(value->text),
		              value->terms.kinds & ENTRY_PREFIX ? "*" : "");
	} else {
		buffer_append_slice(text, value->text);
	}
}
