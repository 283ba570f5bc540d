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

// Takes an item apart from its tag; *rest moves behind it.
static bool take_content(struct slice *rest, struct slice *ret_content)
{
	struct slice after = slice_from(*rest, 1);
	size_t size;

	if (rest->size == 0 || (rest->data[0] & TAG_NUMBER) == TAG_NUMBER ||
	    !take_size(&after, &size) || size > after.size)
		return false;
	*ret_content = slice_of(after.data, size);
	*rest = slice_of(after.data + size, after.size - size);
	return true;
}

bool der_next(struct slice *rest, struct der_item *ret_item)
{
	struct slice before = *rest;

	if (!take_content(rest, &ret_item->content))
		return false;
	ret_item->tag = before.data[0];
	ret_item->whole = slice_of(before.data, before.size - rest->size);
	return true;
}

bool der_take(struct slice *rest, unsigned tag, struct slice *ret_content)
{
	return rest->size > 0 && rest->data[0] == tag && take_content(rest, ret_content);
}
