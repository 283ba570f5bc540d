#include "engine/drops_mark.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/address.h"
#include "engine/drops_walk.h"

struct drops_mark {
	uint8_t base_build_id[DATABASE_DIGEST_BYTES];
	struct block silent;  // a bit an indicator id of the base
	struct block overlay; // struct prefix: what the overlay had
	bool has_overlay_veto;
};

void drops_mark_free(struct drops_mark *mark)
{
	if (mark == NULL)
		return;
	block_close(&mark->silent);
	block_close(&mark->overlay);
	free(mark);
}

static bool has_overlay_veto(const struct database *database)
{
	return database->overlay != NULL && database->overlay->veto != NULL;
}

// A bit for each id of the base that is silent now. Returns 0 or -ENOMEM.
static int read_silent(const struct database *database, struct block *ret_bits)
{
	const struct state_words *words = &database->words;
	const uint32_t *replaced = (const uint32_t *)(const void *)database->replaced.data;
	size_t id_count = database->sections[SECTION_STATES].size;
	uint8_t *bits = block_extend(ret_bits, id_count / 8 + 1);

	if (bits == NULL)
		return -ENOMEM;
	for (uint32_t id = 0; id < words->count && id < id_count; id++)
		bits[id / 8] |= (uint8_t)(state_words_is_silent(words, id) << id % 8);
	for (size_t i = 0; i < database->replaced.size / sizeof(*replaced); i++)
		if (replaced[i] < id_count)
			bits[replaced[i] / 8] |= (uint8_t)(1 << replaced[i] % 8);
	return 0;
}

static int note_prefix(struct walk *walk, const struct prefix *prefix, uint32_t reference,
                       const struct packed_terms *usual_terms)
{
	struct prefix *noted = block_extend(walk->context, sizeof(*noted));

	(void)reference;
	(void)usual_terms;
	if (noted == NULL)
		return -ENOMEM;
	*noted = *prefix;
	return 0;
}

int drops_mark_create(const struct database *database, struct drops_mark **ret_mark)
{
	AUTO(drops_mark) mark = calloc(1, sizeof(*mark));
	int error = mark != NULL ? read_silent(database, &mark->silent) : -ENOMEM;
	struct walk walk = {.part = database->overlay, .add_entry = note_prefix};

	if (error != 0)
		return error;
	memcpy(mark->base_build_id, database->header.build_id, sizeof(mark->base_build_id));
	mark->has_overlay_veto = has_overlay_veto(database);
	walk.context = &mark->overlay;
	if (walk.part != NULL)
		error = drops_walk_part(&walk);
	if (error == 0)
		*ret_mark = TAKE(mark);
	return error;
}

// Whom to tell of what, and of which indicators.
struct teller {
	int (*visit)(void *context, const struct prefix *prefix);
	void *context;
	const uint8_t *changed; // a bit an id; NULL: all
};

static int tell_entry(struct walk *walk, const struct prefix *prefix, uint32_t reference,
                      const struct packed_terms *usual_terms)
{
	const struct teller *teller = walk->context;
	struct posting single = {.terms = *usual_terms};
	unsigned count;
	const struct posting *postings = postings_get(walk->part->sections[SECTION_POSTINGS],
	                                              reference, &single, &count);

	for (unsigned i = 0; i < count; i++) {
		uint32_t id = postings[i].indicator_id;

		if (teller->changed == NULL || (id < walk->part->sections[SECTION_STATES].size &&
		                                (teller->changed[id / 8] >> id % 8 & 1) != 0))
			return teller->visit(teller->context, prefix);
	}
	return 0;
}

// What of the base became silent since, or is heard again.
static int tell_changed(const struct drops_mark *mark, const struct database *database,
                        struct teller *teller)
{
	struct block silent = {};
	struct walk walk = {.part = database, .add_entry = tell_entry, .context = teller};
	int error = read_silent(database, &silent);
	uint8_t any = 0;

	for (size_t i = 0; i < silent.size && error == 0; i++) {
		silent.data[i] ^= mark->silent.data[i];
		any |= silent.data[i];
	}
	teller->changed = silent.data;
	if (error == 0 && any != 0)
		error = drops_walk_part(&walk);
	block_close(&silent);
	return error;
}

int drops_mark_each(const struct drops_mark *mark, const struct database *database,
                    int (*visit)(void *context, const struct prefix *prefix), void *context)
{
	struct teller teller = {.visit = visit, .context = context};
	struct walk walk = {.part = database->overlay, .add_entry = tell_entry, .context = &teller};
	const struct prefix *before = (const struct prefix *)(void *)mark->overlay.data;
	size_t count = mark->overlay.size / sizeof(*before);
	int error = 0;

	// The same base has as many ids.
	if (memcmp(mark->base_build_id, database->header.build_id, DATABASE_DIGEST_BYTES) != 0 ||
	    mark->has_overlay_veto || has_overlay_veto(database))
		return -ESTALE;
	for (size_t i = 0; i < count && error == 0; i++)
		error = visit(context, &before[i]);
	if (error == 0 && walk.part != NULL)
		error = drops_walk_part(&walk);
	return error == 0 ? tell_changed(mark, database, &teller) : error;
}

static uint32_t host_posting(const struct database *part, const struct address *host,
                             const struct packed_terms **ret_terms)
{
	if (address_is_ipv4(host)) {
		*ret_terms = &part->meta.ipv4_host_terms;
		return address_table_posting_ipv4(&part->ipv4_hosts, host);
	}
	*ret_terms = &part->meta.ipv6_host_terms;
	return address_table_posting_ipv6(&part->ipv6_hosts, host);
}

static int add_hosts(struct walk *walk, const struct address hosts[], size_t count)
{
	int error = 0;

	for (size_t i = 0; i < count && error == 0; i++) {
		const struct prefix host = {hosts[i], 128};
		const struct packed_terms *terms;
		uint32_t reference = host_posting(walk->part, &hosts[i], &terms);

		if (reference != 0)
			error = drops_walk_add(walk, &host, reference, terms);
	}
	return error;
}

int database_each_drop_of(const struct database *database, const struct address hosts[],
                          size_t count, int64_t now_ns,
                          int (*visit)(void *context, const struct drop *drop), void *context,
                          int64_t *ret_next_change_ns)
{
	struct drop_rows rows = {};
	struct walk walk = {
		.part = database,
		.rows = &rows,
		.base = database,
		.now_ns = now_ns,
		.next_change_ns = TIMESTAMP_MAX,
	};
	int error = add_hosts(&walk, hosts, count);

	if (error == 0 && database->overlay != NULL) {
		walk.part = database->overlay;
		walk.id_offset = database->overlay_id_offset;
		error = add_hosts(&walk, hosts, count);
	}
	if (error != 0) {
		drops_walk_close(&rows);
		return error;
	}
	*ret_next_change_ns = walk.next_change_ns;
	return drops_walk_visit(&rows, visit, context);
}
