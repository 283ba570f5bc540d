#include "loader/text_condition.h"

#include <ctype.h>
#include <errno.h>

bool text_condition_fits(enum text_condition condition, const struct candidate *value)
{
	return condition == TEXT_EQUALS || value->kind == VALUE_NAME || value->kind == VALUE_URL;
}

// `text` between `before` and `behind`, with everything that means something to PCRE quoted.
static struct slice quote(struct arena *arena, struct slice text, const char *before,
                          const char *behind)
{
	uint8_t *quoted = arena_allocate(arena, 2 * text.size + 2);
	size_t size = 0;

	if (quoted == NULL)
		return slice_of(NULL, 0);
	if (before[0] != '\0')
		quoted[size++] = (uint8_t)before[0];
	for (size_t i = 0; i < text.size; i++) {
		uint8_t byte = text.data[i];

		if (byte < 0x80 && !isalnum(byte))
			quoted[size++] = '\\';
		quoted[size++] = byte;
	}
	if (behind[0] != '\0')
		quoted[size++] = (uint8_t)behind[0];
	return slice_of(quoted, size);
}

static int as_pattern(struct arena *arena, struct candidate *value, const char *before,
                      const char *behind)
{
	struct slice text = quote(arena, value->text, before, behind);

	if (text.data == NULL)
		return -ENOMEM;
	value->pattern_type = value->kind == VALUE_NAME ? OBSERVABLE_NAME : OBSERVABLE_URL;
	value->kind = VALUE_MATCHES;
	value->text = text;
	return 0;
}

// A URL's prefix goes by the exact table where it can: the intake knows when.
static int as_prefix(struct arena *arena, struct candidate *value)
{
	bool is_open = value->kind == VALUE_URL && slice_find(value->text, '*') == value->text.size;
	uint8_t *open;

	if (!is_open)
		return as_pattern(arena, value, "^", "");
	open = arena_allocate(arena, value->text.size + 1);
	if (open == NULL)
		return -ENOMEM;
	memcpy(open, value->text.data, value->text.size);
	open[value->text.size] = '*';
	value->text = slice_of(open, value->text.size + 1);
	value->has_wildcards = true;
	return 0;
}

static int as_suffix(struct arena *arena, struct candidate *value)
{
	if (value->kind != VALUE_NAME || !slice_starts_with(value->text, "."))
		return as_pattern(arena, value, "", "$");
	value->text = slice_from(value->text, 1);
	value->name_kinds = ENTRY_BELOW;
	return 0;
}

int text_condition_apply(enum text_condition condition, struct arena *arena,
                         struct candidate *value)
{
	switch (condition) {
	case TEXT_EQUALS:
		return 0;
	case TEXT_STARTS:
		return as_prefix(arena, value);
	case TEXT_ENDS:
		return as_suffix(arena, value);
	case TEXT_CONTAINS:
		return as_pattern(arena, value, "", "");
	case TEXT_FITS:
		value->pattern_type = value->kind == VALUE_NAME ? OBSERVABLE_NAME : OBSERVABLE_URL;
		value->kind = VALUE_MATCHES;
		return 0;
	}
	return 0;
}
