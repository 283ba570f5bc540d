// engine/postings.h — which indicators a value names, and under which terms.
//
// A posting reference is an indicator id when the value names one indicator under the table's
// usual terms, else POSTING_LIST | the offset (in words) of a list in SECTION_POSTINGS: a count,
// then that many struct posting, by indicator id.
#pragma once

#include "base/block.h"
#include "engine/database_format.h"

#define POSTING_LIST UINT32_C(0x80000000)

struct posting {
	uint32_t indicator_id;
	struct packed_terms terms;
	uint16_t reserved;
};
static_assert(sizeof(struct posting) == 12, "a posting has no holes");

// Terms that a table without terms of its own (hashes) uses.
extern const struct packed_terms postings_no_terms;

// Keeps what terms say about a value of this type; the rest is made zero.
struct packed_terms postings_pack_terms(enum observable_type type, const struct entry_terms *terms);

// Total order, to sort by.
int postings_compare_terms(const struct packed_terms *a, const struct packed_terms *b);

// Collects the postings of one value after the other. All zero is a valid, empty one.
struct posting_builder {
	struct block lists; // SECTION_POSTINGS
	struct block group; // struct posting, of the value at hand
};

// Adds a posting of the value at hand. They come in order of indicator id, then terms. Postings
// of one indicator that differ in one field only are united. Returns 0 or -ENOMEM.
int posting_builder_add(struct posting_builder *builder, uint32_t indicator_id,
                        const struct packed_terms *terms);

// Ends the value at hand. Gives its reference, NO_INDICATOR when nothing was added.
// Returns 0, -ENOMEM, or -EOVERFLOW (8 GB of lists).
int posting_builder_end(struct posting_builder *builder, const struct packed_terms *usual_terms,
                        uint32_t *ret_reference);

void posting_builder_close(struct posting_builder *builder);

// Finds the terms that most postings have, if there are such: feed it all of them, in an order
// that is always the same (Boyer and Moore's majority vote). All zero to begin with.
struct terms_vote {
	struct packed_terms terms;
	size_t votes;
};
void terms_vote_add(struct terms_vote *vote, const struct packed_terms *terms);

// The postings behind a reference, clamped to the section. `single` is filled and pointed to
// when the reference is an indicator id. HOT.
static inline const struct posting *postings_get(struct slice section, uint32_t reference,
                                                 struct posting *single, unsigned *ret_count)
{
	size_t offset = (size_t)(reference & ~POSTING_LIST) * 4;
	uint32_t count;

	if ((reference & POSTING_LIST) == 0) {
		single->indicator_id = reference;
		*ret_count = 1;
		return single;
	}
	*ret_count = 0;
	if (offset > section.size || section.size - offset < sizeof(count))
		return single;
	memcpy(&count, section.data + offset, sizeof(count));
	offset += sizeof(count);
	if (count > (section.size - offset) / sizeof(struct posting))
		return single;
	*ret_count = count;
	return (const struct posting *)(section.data + offset);
}
