#include "loader/stix1_evaluate.h"

#include <errno.h>
#include <stdlib.h>

// References may be made into circles and into trees that double at each step. A term is looked at
// once an evaluation, and what is looked at through references is counted over the whole feed.
enum { REFERENCE_DEPTH_MAX = 16 };

static void *grow(void *elements, size_t count, size_t *capacity, size_t element_bytes)
{
	if (count < *capacity)
		return elements;

	size_t wanted = *capacity > 0 ? *capacity * 2 : 64;
	void *grown = reallocarray(elements, wanted, element_bytes);
	if (grown != NULL)
		*capacity = wanted;
	return grown;
}

static int add_value(struct stix1_evaluation *evaluation, const struct candidate *value)
{
	const struct candidate **values;

	if (evaluation->is_dry)
		return 0;
	values = grow(evaluation->values, evaluation->value_count, &evaluation->value_capacity,
	              sizeof(const struct candidate *));
	if (values == NULL)
		return -ENOMEM;
	evaluation->values = values;
	values[evaluation->value_count++] = value;
	return 0;
}

static int add_note(struct stix1_evaluation *evaluation, const struct stix1_term *term,
                    const char *reason)
{
	struct stix1_note *notes;

	if (evaluation->is_dry)
		return 0;
	notes = grow(evaluation->notes, evaluation->note_count, &evaluation->note_capacity,
	             sizeof(*notes));
	if (notes == NULL)
		return -ENOMEM;
	evaluation->notes = notes;
	notes[evaluation->note_count++] = (struct stix1_note){
		.reason = reason,
		.detail = term->detail,
		.line = term->line,
	};
	return 0;
}

static bool is_seen(struct stix1_evaluation *evaluation, struct stix1_term *term)
{
	struct stix1_reader *reader = evaluation->reader;
	uint64_t visit = 2 * reader->visit + (evaluation->is_dry ? 0 : 1);

	if (term->visit >= visit)
		return true;
	term->visit = visit;
	reader->referred_term_count += evaluation->reference_depth > 0;
	return false;
}

static int evaluate(struct stix1_evaluation *evaluation, struct stix1_term *term);

static int evaluate_reference(struct stix1_evaluation *evaluation, const struct stix1_term *term)
{
	struct stix1_reader *reader = evaluation->reader;
	struct stix1_entry *entry = stix1_index_find(&reader->index, term->detail);

	if (entry == NULL || entry->term == NULL)
		return add_note(evaluation, term, "reference to what is not in the package");
	entry->is_referred = true;
	if (evaluation->reference_depth == REFERENCE_DEPTH_MAX)
		return add_note(evaluation, term, "references nested too deep");
	if (reader->referred_term_count > STIX1_REFERRED_TERMS_MAX)
		return add_note(evaluation, term, "too many references");
	evaluation->reference_depth++;
	int error = evaluate(evaluation, entry->term);
	evaluation->reference_depth--;
	return error;
}

static int evaluate_children(struct stix1_evaluation *evaluation, const struct stix1_term *term)
{
	int error = 0;

	for (struct stix1_term *child = term->children; child != NULL && error == 0;
	     child = child->next)
		error = evaluate(evaluation, child);
	return error;
}

static int evaluate_all(struct stix1_evaluation *evaluation, const struct stix1_term *term)
{
	bool was_dry = evaluation->is_dry;

	if (term->children == NULL || term->children->next == NULL)
		return evaluate_children(evaluation, term);
	evaluation->is_dry = true;
	int error = evaluate_children(evaluation, term);
	evaluation->is_dry = was_dry;
	return error == 0 ? add_note(evaluation, term, "AND: not matchable yet") : error;
}

// Recursion is as deep as the XML, times REFERENCE_DEPTH_MAX.
static int evaluate(struct stix1_evaluation *evaluation, struct stix1_term *term)
{
	if (is_seen(evaluation, term))
		return 0;
	switch (term->kind) {
	case STIX1_VALUE:
		return add_value(evaluation, &term->value);
	case STIX1_UNMATCHED:
		return add_note(evaluation, term, term->reason);
	case STIX1_ANY:
		return evaluate_children(evaluation, term);
	case STIX1_ALL:
		return evaluate_all(evaluation, term);
	case STIX1_REFERENCE:
		return evaluate_reference(evaluation, term);
	}
	return 0;
}

int stix1_evaluate(struct stix1_evaluation *evaluation, struct stix1_term *term)
{
	evaluation->value_count = 0;
	evaluation->note_count = 0;
	evaluation->is_dry = false;
	evaluation->reader->visit++;
	return evaluate(evaluation, term);
}

void stix1_evaluation_close(struct stix1_evaluation *evaluation)
{
	free(evaluation->values);
	free(evaluation->notes);
}
