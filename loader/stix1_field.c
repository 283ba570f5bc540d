// One property of a CybOX object: its values, and the condition on them (CybOX 2.1, core
// specification: ConditionTypeEnum, PatternFieldGroup).
#include "loader/stix1.h"

#include <errno.h>
#include <strings.h>

#include "loader/screening.h"
#include "loader/text_condition.h"

static const char default_delimiter[] = "##comma##";

// Those of names and URLs as they are, and others.
enum condition {
	CONDITION_EQUALS = TEXT_EQUALS,
	CONDITION_STARTS = TEXT_STARTS,
	CONDITION_ENDS = TEXT_ENDS,
	CONDITION_CONTAINS = TEXT_CONTAINS,
	CONDITION_FITS = TEXT_FITS,
	CONDITION_BETWEEN, // two values, both included
	CONDITION_NEGATIVE,
	CONDITION_OTHER,
};

// CybOX writes them in one case, what was made from OpenIOC in another.
static enum condition condition_by_name(struct slice name)
{
	static const struct {
		const char *name;
		enum condition condition;
	} names[] = {
		{"equals", CONDITION_EQUALS},         {"startswith", CONDITION_STARTS},
		{"endswith", CONDITION_ENDS},         {"contains", CONDITION_CONTAINS},
		{"fitspattern", CONDITION_FITS},      {"inclusivebetween", CONDITION_BETWEEN},
		{"doesnotequal", CONDITION_NEGATIVE}, {"doesnotcontain", CONDITION_NEGATIVE},
	};

	// Without one it is an instance; inside an indicator that can only mean equality.
	if (name.size == 0)
		return CONDITION_EQUALS;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (name.size == strlen(names[i].name) &&
		    strncasecmp((const char *)name.data, names[i].name, name.size) == 0)
			return names[i].condition;
	return CONDITION_OTHER;
}

static int add_value(struct stix1_reader *reader, struct stix1_term *parent,
                     const struct xml_node *field, const struct candidate *value,
                     enum condition condition)
{
	struct stix1_term *term = stix1_term_add(reader, parent, STIX1_VALUE, field->line);

	if (term == NULL)
		return -ENOMEM;
	term->value = *value;
	term->value.line = field->line;
	term->value.is_defanged = slice_is(xml_tree_attribute(field, "is_defanged"), "true") ||
	                          slice_is(xml_tree_attribute(field, "is_defanged"), "1");
	term->value.text = arena_copy(&reader->kept, value->text);
	if (term->value.text.data == NULL)
		return -ENOMEM;
	return text_condition_apply((enum text_condition)condition, &reader->kept, &term->value);
}

static struct slice delimiter_of(const struct xml_node *field, struct slice text)
{
	static const char older[] = "&comma;"; // CybOX 2.0
	struct slice delimiter = xml_tree_attribute(field, "delimiter");

	if (delimiter.size > 0)
		return delimiter;
	if (memmem(text.data, text.size, default_delimiter, strlen(default_delimiter)) == NULL &&
	    memmem(text.data, text.size, older, strlen(older)) != NULL)
		return slice_text(older);
	return slice_text(default_delimiter);
}

// The item that `rest` begins with; moves on behind its delimiter. False at the end.
static bool next_item(struct slice *rest, struct slice delimiter, struct slice *ret_item)
{
	const uint8_t *found;

	if (rest->data == NULL)
		return false;
	found = memmem(rest->data, rest->size, delimiter.data, delimiter.size);
	if (found == NULL) {
		*ret_item = slice_trim(*rest);
		*rest = slice_of(NULL, 0);
		return true;
	}
	*ret_item = slice_trim(slice_first(*rest, (size_t)(found - rest->data)));
	*rest = slice_from(*rest, (size_t)(found - rest->data) + delimiter.size);
	return true;
}

// "first##comma##last" is the range "first-last".
static int add_range(struct stix1_reader *reader, struct stix1_term *parent,
                     const struct xml_node *field, const struct candidate *like)
{
	struct slice text = xml_tree_text(field);
	struct slice delimiter = delimiter_of(field, text);
	struct candidate value = *like;
	struct slice first, last, more;
	uint8_t *range;

	if (value.kind != VALUE_ADDRESS || !next_item(&text, delimiter, &first) ||
	    !next_item(&text, delimiter, &last) || next_item(&text, delimiter, &more))
		return stix1_term_unmatched(reader, parent, field, "range is not of addresses",
		                            xml_tree_text(field));
	range = arena_allocate(&reader->scratch, first.size + 1 + last.size);
	if (range == NULL)
		return -ENOMEM;
	memcpy(range, first.data, first.size);
	range[first.size] = '-';
	memcpy(range + first.size + 1, last.data, last.size);
	value.kind = VALUE_ANY;
	value.text = slice_of(range, first.size + 1 + last.size);
	return add_value(reader, parent, field, &value, CONDITION_EQUALS);
}

// ANY is what a list means unless it says ALL.
static int add_items(struct stix1_reader *reader, struct stix1_term *parent,
                     const struct xml_node *field, const struct candidate *like,
                     enum condition condition)
{
	struct slice rest = xml_tree_text(field);
	struct slice delimiter = delimiter_of(field, rest);
	bool has_all = slice_is(xml_tree_attribute(field, "apply_condition"), "ALL");
	struct stix1_term *list = stix1_term_add(reader, parent, has_all ? STIX1_ALL : STIX1_ANY,
	                                         field->line);
	struct candidate value = *like;

	if (list == NULL)
		return -ENOMEM;
	while (next_item(&rest, delimiter, &value.text)) {
		if (value.text.size > 0 && ++reader->list_items > STIX1_LIST_ITEMS_MAX)
			return stix1_term_unmatched(reader, list, field,
			                            "too many values in the lists of an object",
			                            value.text);
		int error = value.text.size > 0 ? add_value(reader, list, field, &value, condition)
		                                : 0;
		if (error != 0)
			return error;
	}
	return 0;
}

int stix1_field_add(struct stix1_reader *reader, struct stix1_term *parent,
                    const struct xml_node *field, const struct candidate *like)
{
	struct slice text = xml_tree_text(field);
	struct slice name = xml_tree_attribute(field, "condition");
	enum condition condition = condition_by_name(name);

	if (text.size == 0)
		return stix1_term_unmatched(reader, parent, field, "property without a value",
		                            field->name);
	if (condition == CONDITION_NEGATIVE ||
	    slice_is(xml_tree_attribute(field, "apply_condition"), "NONE"))
		return stix1_term_unmatched(reader, parent, field,
		                            "negative condition: " SCREENING_HELD, text);
	if (condition == CONDITION_BETWEEN)
		return add_range(reader, parent, field, like);
	if (condition == CONDITION_OTHER ||
	    !text_condition_fits((enum text_condition)condition, like))
		return stix1_term_unmatched(reader, parent, field,
		                            "condition not matchable on such a property", name);
	return add_items(reader, parent, field, like, condition);
}
