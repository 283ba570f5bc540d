// A varint of bits says which fields there are; TLP, and each field in the order of its bit: texts
// with their size as a varint, times as eight bytes.
#include "loader/store_record.h"

#include <assert.h>
#include <errno.h>

#include "base/varint.h"

static const size_t text_fields[] = {
	offsetof(struct indicator, id),       offsetof(struct indicator, name),
	offsetof(struct indicator, value),    offsetof(struct indicator, threat_types),
	offsetof(struct indicator, labels),   offsetof(struct indicator, report_names),
	offsetof(struct indicator, markings), offsetof(struct indicator, created_by),
};

static const struct {
	size_t offset;
	int64_t absent;
} time_fields[] = {
	{offsetof(struct indicator, created_ns), TIMESTAMP_MIN},
	{offsetof(struct indicator, modified_ns), TIMESTAMP_MIN},
	{offsetof(struct indicator, valid_from_ns), TIMESTAMP_MIN},
	{offsetof(struct indicator, valid_until_ns), TIMESTAMP_MAX},
};

enum {
	TEXT_COUNT = sizeof(text_fields) / sizeof(text_fields[0]),
	TIME_COUNT = sizeof(time_fields) / sizeof(time_fields[0]),
	TIME_BIT = TEXT_COUNT,
	CONFIDENCE_BIT = TIME_BIT + TIME_COUNT,
	HIDDEN_BIT,
	BIT_COUNT,
};

static const struct slice *text_of(const struct indicator *record, unsigned i)
{
	return (const struct slice *)((const uint8_t *)record + text_fields[i]);
}

static int64_t time_of(const struct indicator *record, unsigned i)
{
	return *(const int64_t *)((const uint8_t *)record + time_fields[i].offset);
}

static uint64_t bits_of(const struct indicator *record)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < TEXT_COUNT; i++)
		bits |= (uint64_t)(text_of(record, i)->size > 0) << i;
	for (unsigned i = 0; i < TIME_COUNT; i++)
		bits |= (uint64_t)(time_of(record, i) != time_fields[i].absent) << (TIME_BIT + i);
	bits |= (uint64_t)(record->confidence != CONFIDENCE_NONE) << CONFIDENCE_BIT;
	bits |= (uint64_t)record->is_source_hidden << HIDDEN_BIT;
	return bits;
}

void store_record_append(struct buffer *buffer, const struct indicator *record)
{
	uint64_t bits = bits_of(record);

	varint_append(buffer, bits);
	buffer_append_byte(buffer, (uint8_t)record->tlp);
	for (unsigned i = 0; i < TEXT_COUNT; i++) {
		if ((bits & UINT64_C(1) << i) == 0)
			continue;
		varint_append(buffer, text_of(record, i)->size);
		buffer_append_slice(buffer, *text_of(record, i));
	}
	for (unsigned i = 0; i < TIME_COUNT; i++) {
		int64_t time_ns = time_of(record, i);

		if ((bits & UINT64_C(1) << (TIME_BIT + i)) != 0)
			buffer_append(buffer, &time_ns, sizeof(time_ns));
	}
	if ((bits & UINT64_C(1) << CONFIDENCE_BIT) != 0)
		buffer_append_byte(buffer, record->confidence);
}

static bool take_byte(struct slice *rest, uint8_t *ret_byte)
{
	if (rest->size == 0)
		return false;
	*ret_byte = rest->data[0];
	*rest = slice_from(*rest, 1);
	return true;
}

static bool take_text(struct slice *rest, struct slice *ret_text)
{
	uint64_t size;

	if (!varint_take(rest, &size) || size > rest->size)
		return false;
	*ret_text = slice_first(*rest, (size_t)size);
	*rest = slice_from(*rest, (size_t)size);
	return true;
}

static bool take_times(struct slice *rest, uint64_t bits, struct indicator *record)
{
	for (unsigned i = 0; i < TIME_COUNT; i++) {
		int64_t time_ns = time_fields[i].absent;

		if ((bits & UINT64_C(1) << (TIME_BIT + i)) != 0) {
			if (rest->size < sizeof(time_ns))
				return false;
			memcpy(&time_ns, rest->data, sizeof(time_ns));
			*rest = slice_from(*rest, sizeof(time_ns));
		}
		memcpy((uint8_t *)record + time_fields[i].offset, &time_ns, sizeof(time_ns));
	}
	return true;
}

int store_record_read(struct slice bytes, struct indicator *ret_record, struct slice *ret_values)
{
	struct indicator record = {.confidence = CONFIDENCE_NONE, .action = ACTION_ALERT};
	struct slice rest = bytes;
	uint64_t bits;
	uint8_t tlp;

	if (!varint_take(&rest, &bits) || bits >> BIT_COUNT != 0 || !take_byte(&rest, &tlp) ||
	    tlp >= TLP_COUNT)
		return -EBADMSG;
	record.tlp = tlp;
	record.is_source_hidden = (bits & UINT64_C(1) << HIDDEN_BIT) != 0;
	for (unsigned i = 0; i < TEXT_COUNT; i++) {
		struct slice *text = (struct slice *)((uint8_t *)&record + text_fields[i]);

		if ((bits & UINT64_C(1) << i) != 0 && !take_text(&rest, text))
			return -EBADMSG;
	}
	if (!take_times(&rest, bits, &record))
		return -EBADMSG;
	if ((bits & UINT64_C(1) << CONFIDENCE_BIT) != 0 && !take_byte(&rest, &record.confidence))
		return -EBADMSG;
	*ret_record = record;
	*ret_values = rest;
	return 0;
}
