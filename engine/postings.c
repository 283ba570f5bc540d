#include "engine/postings.h"

#include <errno.h>

const struct packed_terms postings_no_terms = {.action = ACTION_DROP};

struct packed_terms postings_pack_terms(enum observable_type type, const struct entry_terms *terms)
{
	struct packed_terms packed = {.action = (uint8_t)terms->action};

	if (type == OBSERVABLE_ADDRESS) {
		packed.protocol = terms->protocol;
		packed.port = terms->port;
		return packed;
	}
	packed.kinds = terms->kinds;
	if (type == OBSERVABLE_URL)
		packed.schemes = terms->schemes;
	return packed;
}

int postings_compare_terms(const struct packed_terms *a, const struct packed_terms *b)
{
	return memcmp(a, b, sizeof(*a));
}

// Whether `terms` could be said by `into` alone; says it then. Only one field of the two that
// are sets may differ, since the union of both would allow combinations that neither does.
static bool terms_unite(struct packed_terms *into, const struct packed_terms *terms)
{
	if (into->protocol != terms->protocol || into->port != terms->port ||
	    into->action != terms->action)
		return false;
	if (into->kinds != terms->kinds && into->schemes != terms->schemes)
		return false;
	into->kinds |= terms->kinds;
	into->schemes |= terms->schemes;
	return true;
}

int posting_builder_add(struct posting_builder *builder, uint32_t indicator_id,
                        const struct packed_terms *terms)
{
	struct posting *group = (struct posting *)builder->group.data;
	struct posting *posting;

	for (size_t i = builder->group.size / sizeof(*group); i > 0; i--) {
		if (group[i - 1].indicator_id != indicator_id)
			break;
		if (terms_unite(&group[i - 1].terms, terms))
			return 0;
	}
	posting = block_extend(&builder->group, sizeof(*posting));
	if (posting == NULL)
		return -ENOMEM;
	*posting = (struct posting){.indicator_id = indicator_id, .terms = *terms};
	return 0;
}

int posting_builder_end(struct posting_builder *builder, const struct packed_terms *usual_terms,
                        uint32_t *ret_reference)
{
	const struct posting *group = (const struct posting *)builder->group.data;
	size_t bytes = builder->group.size;
	uint32_t count = (uint32_t)(bytes / sizeof(*group));
	size_t offset = builder->lists.size;
	uint8_t *out;

	if (count == 0) {
		*ret_reference = NO_INDICATOR;
		return 0;
	}
	if (count == 1 && postings_compare_terms(&group->terms, usual_terms) == 0) {
		*ret_reference = group->indicator_id;
	} else {
		if (offset / 4 >= POSTING_LIST)
			return -EOVERFLOW;
		out = block_extend(&builder->lists, sizeof(count) + bytes);
		if (out == NULL)
			return -ENOMEM;
		memcpy(out, &count, sizeof(count));
		memcpy(out + sizeof(count), group, bytes);
		*ret_reference = POSTING_LIST | (uint32_t)(offset / 4);
	}
	memset(builder->group.data, 0, bytes);
	builder->group.size = 0;
	return 0;
}

void posting_builder_close(struct posting_builder *builder)
{
	block_close(&builder->lists);
	block_close(&builder->group);
}

void terms_vote_add(struct terms_vote *vote, const struct packed_terms *terms)
{
	if (vote->votes == 0)
		vote->terms = *terms;
	if (postings_compare_terms(&vote->terms, terms) == 0)
		vote->votes++;
	else
		vote->votes--;
}
