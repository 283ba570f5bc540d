#include "dataplane/der.h"

enum {
	TAG_NUMBER = 0x1f,   // all ones: the number follows in bytes of its own
	SIZE_IS_LONG = 0x80, // the size follows, in as many bytes as the other bits say
	SIZE_BYTES_MAX = 4,
};

// The size of an item's content; *rest begins with it.
static bool take_size(struct slice *rest, size_t *ret_size)
{
	size_t size_bytes, size = 0;

	if (rest->size == 0)
		return false;
	if (rest->data[0] < SIZE_IS_LONG) {
		*ret_size = rest->data[0];
		*rest = slice_from(*rest, 1);
		return true;
	}
	size_bytes = rest->data[0] & ~(unsigned)SIZE_IS_LONG;
	if (size_bytes == 0 || size_bytes > SIZE_BYTES_MAX || rest->size - 1 < size_bytes ||
	    rest->data[1] == 0)
		return false;
	for (size_t i = 1; i <= size_bytes; i++)
		size = size << 8 | rest->data[i];
	*rest = slice_from(*rest, 1 + size_bytes);
	*ret_size = size;
	return size >= SIZE_IS_LONG;
}

bool der_next(struct slice *rest, struct der_item *ret_item)
{
	struct slice after = slice_from(*rest, 1);
	struct der_item item;
	size_t size;

	if (rest->size == 0 || (rest->data[0] & TAG_NUMBER) == TAG_NUMBER ||
	    !take_size(&after, &size) || size > after.size)
		return false;
	item.tag = rest->data[0];
	item.content = slice_first(after, size);
	after = slice_from(after, size);
	item.whole = slice_first(*rest, rest->size - after.size);
	*rest = after;
	*ret_item = item;
	return true;
}

bool der_take(struct slice *rest, unsigned tag, struct slice *ret_content)
{
	struct slice after = *rest;
	struct der_item item;

	if (!der_next(&after, &item) || item.tag != tag)
		return false;
	*rest = after;
	*ret_content = item.content;
	return true;
}
