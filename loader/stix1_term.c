// Terms: what an observable asks for, put together.
#include "loader/stix1.h"

#include <errno.h>

struct stix1_term *stix1_term_add(struct stix1_reader *reader, struct stix1_term *parent,
                                  enum stix1_term_kind kind, uint64_t line)
{
	struct stix1_term *term = arena_allocate(&reader->kept, sizeof(*term));

	if (term == NULL)
		return NULL;
	*term = (struct stix1_term){.kind = kind, .line = line};
	if (parent != NULL && parent->last_child != NULL)
		parent->last_child->next = term;
	else if (parent != NULL)
		parent->children = term;
	if (parent != NULL)
		parent->last_child = term;
	return term;
}

int stix1_term_unmatched(struct stix1_reader *reader, struct stix1_term *parent,
                         const struct xml_node *node, const char *reason, struct slice detail)
{
	struct stix1_term *term = stix1_term_add(reader, parent, STIX1_UNMATCHED, node->line);

	if (term == NULL)
		return -ENOMEM;
	term->reason = reason;
	term->detail = arena_copy(&reader->kept, slice_first(detail, PROBLEM_TEXT_BYTES));
	return term->detail.data != NULL ? 0 : -ENOMEM;
}

int stix1_term_reference(struct stix1_reader *reader, struct stix1_term *parent,
                         const struct xml_node *node, struct slice id)
{
	struct stix1_term *term = stix1_term_add(reader, parent, STIX1_REFERENCE, node->line);

	if (term == NULL)
		return -ENOMEM;
	term->detail = arena_copy(&reader->kept, id);
	return term->detail.data != NULL ? 0 : -ENOMEM;
}
