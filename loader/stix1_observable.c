// Observables and their compositions (CybOX 2.1, core specification).
#include "loader/stix1.h"

#include <errno.h>

#include "loader/screening.h"

// `term` is what `id` stands for. The last definition counts.
static int define(struct stix1_reader *reader, struct slice id, struct stix1_term *term)
{
	struct slice copy;
	struct stix1_entry *entry;

	if (id.size == 0)
		return 0;
	copy = arena_copy(&reader->kept, id);
	entry = copy.data != NULL ? stix1_index_define(&reader->index, copy) : NULL;
	if (entry == NULL)
		return -ENOMEM;
	entry->term = term;
	return 0;
}

// Related objects are the story around an object, but others may refer to them.
static int define_related(struct stix1_reader *reader, const struct xml_node *object)
{
	const struct xml_node *related = xml_tree_child(xml_tree_child(object, "Related_Objects"),
	                                                "Related_Object");
	int error = 0;

	for (; related != NULL && error == 0; related = xml_tree_sibling(related)) {
		const struct xml_node *properties = xml_tree_child(related, "Properties");
		struct slice id = xml_tree_attribute(related, "id");
		struct stix1_term *term;

		if (id.size == 0 || properties == NULL)
			continue;
		term = stix1_term_add(reader, NULL, STIX1_ANY, related->line);
		error = term != NULL ? stix1_object_add(reader, term, properties) : -ENOMEM;
		if (error == 0)
			error = define(reader, id, term);
	}
	return error;
}

static int add_object(struct stix1_reader *reader, struct stix1_term *parent,
                      const struct xml_node *object)
{
	const struct xml_node *properties = xml_tree_child(object, "Properties");
	struct slice reference = xml_tree_attribute(object, "idref");
	struct stix1_term *term;
	int error;

	if (reference.size > 0)
		return stix1_term_reference(reader, parent, object, reference);
	term = stix1_term_add(reader, parent, STIX1_ANY, object->line);
	if (term == NULL)
		return -ENOMEM;
	error = properties != NULL
	                ? stix1_object_add(reader, term, properties)
	                : stix1_term_unmatched(reader, term, object, "object without properties",
	                                       xml_tree_attribute(object, "id"));
	if (error == 0)
		error = define(reader, xml_tree_attribute(object, "id"), term);
	return error == 0 ? define_related(reader, object) : error;
}

static int add_composition(struct stix1_reader *reader, struct stix1_term *parent,
                           const struct xml_node *composition)
{
	bool has_or = slice_is(xml_tree_attribute(composition, "operator"), "OR");
	struct stix1_term *term = stix1_term_add(reader, parent, has_or ? STIX1_ANY : STIX1_ALL,
	                                         composition->line);
	const struct xml_node *part = xml_tree_child(composition, "Observable");
	int error = term != NULL ? 0 : -ENOMEM;

	for (; part != NULL && error == 0; part = xml_tree_sibling(part))
		error = stix1_observable_add(reader, term, part);
	return error;
}

// Recursion is as deep as the XML, which its reader bounds.
int stix1_observable_add(struct stix1_reader *reader, struct stix1_term *parent,
                         const struct xml_node *observable)
{
	const struct xml_node *composition = xml_tree_child(observable, "Observable_Composition");
	const struct xml_node *object = xml_tree_child(observable, "Object");
	struct slice reference = xml_tree_attribute(observable, "idref");
	struct stix1_term *term;
	int error;

	if (reference.size > 0)
		return stix1_term_reference(reader, parent, observable, reference);
	term = stix1_term_add(reader, parent, STIX1_ANY, observable->line);
	if (term == NULL)
		return -ENOMEM;
	if (slice_is(xml_tree_attribute(observable, "negate"), "true"))
		error = stix1_term_unmatched(reader, term, observable,
		                             "negative observable: " SCREENING_HELD,
		                             xml_tree_attribute(observable, "id"));
	else if (composition != NULL)
		error = add_composition(reader, term, composition);
	else if (object != NULL)
		error = add_object(reader, term, object);
	else if (xml_tree_child(observable, "Event") != NULL)
		error = stix1_term_unmatched(reader, term, observable,
		                             "event: not visible on a network",
		                             xml_tree_attribute(observable, "id"));
	else
		error = stix1_term_unmatched(reader, term, observable, "observable without content",
		                             xml_tree_attribute(observable, "id"));
	return error == 0 ? define(reader, xml_tree_attribute(observable, "id"), term) : error;
}

// Whether one of the package's own is to be looked for by itself is known at the end.
int stix1_observable_read(struct stix1_reader *reader, const struct xml_node *observable)
{
	struct slice id = xml_tree_attribute(observable, "id");
	struct stix1_pending *pending = arena_allocate(&reader->kept, sizeof(*pending));
	struct stix1_entry *entry;

	if (pending == NULL)
		return -ENOMEM;
	*pending = (struct stix1_pending){
		.record = reader_new_indicator(reader->feed),
		.package = reader->package,
		.line = observable->line,
		.is_alone = true,
	};
	pending->record.tlp = TLP_NONE;
	pending->record.id = arena_copy(&reader->kept, id);
	pending->record.name = arena_copy(
		&reader->kept, stix1_context_title(xml_tree_child_text(observable, "Title")));
	pending->term = stix1_term_add(reader, NULL, STIX1_ANY, observable->line);
	if (pending->record.id.data == NULL || pending->record.name.data == NULL ||
	    pending->term == NULL)
		return -ENOMEM;

	int error = stix1_observable_add(reader, pending->term, observable);
	if (error != 0 || id.size == 0)
		return error;
	if (reader->last_pending != NULL)
		reader->last_pending->next = pending;
	else
		reader->first_pending = pending;
	reader->last_pending = pending;
	entry = stix1_index_find(&reader->index, id);
	if (entry != NULL)
		entry->indicator = pending;
	return 0;
}
