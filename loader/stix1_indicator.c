// Indicators (STIX 1.2, Indicator specification) until all that they refer to is known.
#include "loader/stix1.h"

#include <errno.h>
#include <strings.h>

#include "base/buffer.h"

enum { LIST_ITEMS_MAX = 64 };

// STIX 2.1, appendix A: "None / Low / Med / High". Other vocabularies are not read.
static uint8_t confidence_by_name(struct slice name)
{
	static const struct {
		const char *name;
		uint8_t confidence;
	} names[] = {
		{"none", 0}, {"low", 15}, {"medium", 50}, {"med", 50}, {"high", 85},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (name.size == strlen(names[i].name) &&
		    strncasecmp((const char *)name.data, names[i].name, name.size) == 0)
			return names[i].confidence;
	return CONFIDENCE_NONE;
}

static void tell(struct stix1_reader *reader, const struct stix1_pending *pending,
                 const char *reason, const char *consequence, struct slice detail)
{
	report_add(&reader->feed->summary->report, &(struct problem){
							   .reason = reason,
							   .consequence = consequence,
							   .object = pending->record.id,
							   .detail = detail,
							   .line = pending->line,
						   });
}

static void read_time_of(struct stix1_reader *reader, const struct stix1_pending *pending,
                         struct slice text, int64_t *ret_time_ns)
{
	if (text.size > 0 && !xml_tree_time(text, ret_time_ns))
		tell(reader, pending, "not a timestamp", "kept without it", text);
}

// Several positions are one span from the first to the last: the format has no gaps.
static void read_validity(struct stix1_reader *reader, const struct xml_node *node,
                          struct stix1_pending *pending)
{
	const struct xml_node *position = xml_tree_child(node, "Valid_Time_Position");
	struct indicator *record = &pending->record;
	int64_t until_ns = TIMESTAMP_MIN;
	int64_t from_ns = TIMESTAMP_MAX;
	bool has_any = position != NULL;

	for (; position != NULL; position = xml_tree_sibling(position)) {
		int64_t start_ns = TIMESTAMP_MIN;
		int64_t end_ns = TIMESTAMP_MAX;

		read_time_of(reader, pending, xml_tree_child_text(position, "Start_Time"),
		             &start_ns);
		read_time_of(reader, pending, xml_tree_child_text(position, "End_Time"), &end_ns);
		if (start_ns < from_ns)
			from_ns = start_ns;
		if (end_ns > until_ns)
			until_ns = end_ns;
	}
	if (!has_any)
		return;
	record->valid_from_ns = from_ns;
	record->valid_until_ns = until_ns;
	if (until_ns <= from_ns)
		tell(reader, pending, "valid_until is not after valid_from",
		     "kept, but never valid", slice_text(""));
}

// The texts of all children of that name, as a list in `kept`.
static int read_list(struct stix1_reader *reader, const struct xml_node *node, const char *name,
                     struct slice *ret_list)
{
	const struct xml_node *child = xml_tree_child(node, name);
	struct buffer list = {0};

	for (unsigned i = 0; child != NULL && i < LIST_ITEMS_MAX; i++) {
		struct slice text = xml_tree_text(child);

		if (text.size > 0 && list.size > 0)
			buffer_append_byte(&list, '\n');
		for (size_t j = 0; j < text.size; j++)
			buffer_append_byte(&list, text.data[j] == '\n' ? ' ' : text.data[j]);
		child = xml_tree_sibling(child);
	}
	*ret_list = arena_copy(&reader->kept, buffer_slice(&list));
	bool is_failed = list.failed || ret_list->data == NULL;
	buffer_close(&list);
	return is_failed ? -ENOMEM : 0;
}

static int add_text(struct stix1_reader *reader, struct slice text, struct stix1_text **texts)
{
	struct stix1_text *added = arena_allocate(&reader->kept, sizeof(*added));

	if (added == NULL)
		return -ENOMEM;
	added->text = arena_copy(&reader->kept, text);
	added->next = *texts;
	*texts = added;
	return added->text.data != NULL ? 0 : -ENOMEM;
}

// A TTP stands elsewhere, or here; then it is defined for others, too.
static int read_ttps(struct stix1_reader *reader, const struct xml_node *node,
                     struct stix1_pending *pending)
{
	const struct xml_node *indicated = xml_tree_child(node, "Indicated_TTP");
	int error = 0;

	for (; indicated != NULL && error == 0; indicated = xml_tree_sibling(indicated)) {
		const struct xml_node *ttp = xml_tree_child(indicated, "TTP");
		struct slice id = xml_tree_attribute(ttp, "idref");

		if (id.size == 0 && ttp != NULL)
			error = stix1_context_ttp(reader, ttp);
		if (id.size == 0)
			id = xml_tree_attribute(ttp, "id");
		if (error == 0 && id.size > 0)
			error = add_text(reader, id, &pending->ttps);
	}
	return error;
}

// STIX 1.2 revokes and replaces by relationship (VersioningVocab-1.0); others are the story around.
static int read_related(struct stix1_reader *reader, const struct xml_node *node,
                        struct stix1_pending *pending)
{
	const struct xml_node *related = xml_tree_child(xml_tree_child(node, "Related_Indicators"),
	                                                "Related_Indicator");
	int error = 0;

	for (; related != NULL && error == 0; related = xml_tree_sibling(related)) {
		const struct xml_node *other = xml_tree_child(related, "Indicator");
		struct slice relationship = xml_tree_child_text(related, "Relationship");
		struct slice id = xml_tree_attribute(other, "idref");

		if (id.size == 0 && other != NULL)
			error = stix1_indicator_read(reader, other);
		else if (id.size > 0 && slice_starts_with(relationship, "Revokes"))
			error = add_text(reader, id, &pending->revoked);
		else if (id.size > 0 && slice_starts_with(relationship, "Updates - "))
			error = add_text(reader, id, &pending->replaced);
	}
	return error;
}

static int read_record(struct stix1_reader *reader, const struct xml_node *node,
                       struct stix1_pending *pending)
{
	const struct xml_node *producer = xml_tree_child(node, "Producer");
	struct indicator *record = &pending->record;
	struct slice title = stix1_context_title(xml_tree_child_text(node, "Title"));
	const struct xml_node *confidence = xml_tree_child(node, "Confidence");

	read_time_of(reader, pending, xml_tree_attribute(node, "timestamp"), &record->modified_ns);
	read_time_of(reader, pending,
	             xml_tree_child_text(xml_tree_child(producer, "Time"), "Produced_Time"),
	             &record->created_ns);
	if (record->created_ns == TIMESTAMP_MIN)
		record->created_ns = record->modified_ns;
	record->valid_from_ns = record->created_ns;
	read_validity(reader, node, pending);
	record->confidence = confidence_by_name(xml_tree_child_text(confidence, "Value"));

	record->tlp = stix1_marking_tlp(reader, xml_tree_child(node, "Handling"), record->id);
	record->name = arena_copy(&reader->kept, title);
	if (record->name.data == NULL)
		return -ENOMEM;
	int error = stix1_context_creator(reader, producer, &record->created_by);
	if (error == 0)
		error = read_list(reader, node, "Type", &record->threat_types);
	if (error == 0)
		error = read_ttps(reader, node, pending);
	return error == 0 ? read_related(reader, node, pending) : error;
}

static int add_composition(struct stix1_reader *reader, struct stix1_term *parent,
                           const struct xml_node *composition)
{
	bool has_or = slice_is(xml_tree_attribute(composition, "operator"), "OR");
	struct stix1_term *term = stix1_term_add(reader, parent, has_or ? STIX1_ANY : STIX1_ALL,
	                                         composition->line);
	const struct xml_node *part = xml_tree_child(composition, "Indicator");
	int error = term != NULL ? 0 : -ENOMEM;

	for (; part != NULL && error == 0; part = xml_tree_sibling(part)) {
		struct slice id = xml_tree_attribute(part, "idref");

		error = id.size > 0 ? stix1_term_reference(reader, term, part, id)
		                    : stix1_indicator_terms(reader, term, part);
	}
	return error;
}

// What it looks for: its observables, or other indicators. Recursion is as deep as the XML.
int stix1_indicator_terms(struct stix1_reader *reader, struct stix1_term *term,
                          const struct xml_node *node)
{
	const struct xml_node *observable = xml_tree_child(node, "Observable");
	const struct xml_node *composition = xml_tree_child(node, "Composite_Indicator_Expression");
	const struct xml_node *test = xml_tree_child(xml_tree_child(node, "Test_Mechanisms"),
	                                             "Test_Mechanism");
	int error = 0;

	for (; observable != NULL && error == 0; observable = xml_tree_sibling(observable))
		error = stix1_observable_add(reader, term, observable);
	if (composition != NULL && error == 0)
		error = add_composition(reader, term, composition);
	for (; test != NULL && error == 0; test = xml_tree_sibling(test))
		error = stix1_term_unmatched(reader, term, test, "test mechanism: not parsed",
		                             xml_tree_type(test));
	if (error == 0 && term->children == NULL)
		error = stix1_term_unmatched(reader, term, node, "indicator without an observable",
		                             slice_text(""));
	return error;
}

static int keep(struct stix1_reader *reader, struct stix1_pending *pending)
{
	struct stix1_entry *entry = stix1_index_define(&reader->index, pending->record.id);

	if (entry == NULL)
		return -ENOMEM;
	entry->term = pending->term;
	entry->indicator = pending;
	if (reader->last_pending != NULL)
		reader->last_pending->next = pending;
	else
		reader->first_pending = pending;
	reader->last_pending = pending;
	return 0;
}

int stix1_indicator_read(struct stix1_reader *reader, const struct xml_node *node)
{
	struct stix1_pending *pending = arena_allocate(&reader->kept, sizeof(*pending));

	if (pending == NULL)
		return -ENOMEM;
	*pending = (struct stix1_pending){
		.record = reader_new_indicator(reader->feed),
		.package = reader->package,
		.line = node->line,
		.is_negated = slice_is(xml_tree_attribute(node, "negate"), "true") ||
	                      slice_is(xml_tree_attribute(node, "negate"), "1"),
	};
	reader->feed->summary->objects++;
	reader->object_count++;
	if (xml_tree_attribute(node, "id").size == 0) {
		tell(reader, pending, "indicator without an id", NULL,
		     xml_tree_child_text(node, "Title"));
		return 0;
	}
	pending->record.id = arena_copy(&reader->kept, xml_tree_attribute(node, "id"));
	pending->term = stix1_term_add(reader, NULL, STIX1_ANY, node->line);
	if (pending->record.id.data == NULL || pending->term == NULL)
		return -ENOMEM;

	int error = read_record(reader, node, pending);
	if (error == 0)
		error = stix1_indicator_terms(reader, pending->term, node);
	return error == 0 ? keep(reader, pending) : error;
}
