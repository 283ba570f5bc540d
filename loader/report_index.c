#include "loader/report_index.h"

#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/utf8.h"

struct reference {
	uint64_t indicator_hash;
	uint32_t name_id;
};

struct report_index {
	struct arena arena;
	struct slice *names; // by name id - 1; data is NULL when withdrawn
	size_t name_count;
	size_t name_capacity;
	struct reference *references;
	size_t reference_count;
	size_t reference_capacity;
};

int report_index_create(struct report_index **ret_index)
{
	struct report_index *index = calloc(1, sizeof(*index));

	if (index == NULL)
		return -ENOMEM;
	*ret_index = index;
	return 0;
}

void report_index_free(struct report_index *index)
{
	if (index == NULL)
		return;
	arena_close(&index->arena);
	free(index->names);
	free(index->references);
	free(index);
}

// Makes room for one more element behind `count`.
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

// Cuts between characters.
static struct slice cut_name(struct slice name)
{
	size_t size = 0;

	if (name.size <= REPORT_NAME_BYTES_MAX)
		return name;
	for (;;) {
		size_t next = utf8_sequence_size(slice_from(name, size));

		if (next == 0 || size + next > REPORT_NAME_BYTES_MAX)
			return slice_first(name, size);
		size += next;
	}
}

int report_index_add(struct report_index *index, struct slice name, uint32_t *ret_name_id)
{
	struct slice *grown = grow(index->names, index->name_count, &index->name_capacity,
	                           sizeof(*index->names));

	if (grown == NULL)
		return -ENOMEM;
	index->names = grown;

	struct slice copy = arena_copy(&index->arena, cut_name(name));
	if (copy.data == NULL)
		return -ENOMEM;
	index->names[index->name_count++] = copy;
	*ret_name_id = (uint32_t)index->name_count;
	return 0;
}

void report_index_withdraw(struct report_index *index, uint32_t name_id)
{
	index->names[name_id - 1] = slice_of(NULL, 0);
}

int report_index_refer(struct report_index *index, uint32_t name_id, uint64_t indicator_hash)
{
	if (index->reference_count == REPORT_REFERENCES_MAX)
		return 0;

	struct reference *grown = grow(index->references, index->reference_count,
	                               &index->reference_capacity, sizeof(*index->references));
	if (grown == NULL)
		return -ENOMEM;
	index->references = grown;
	index->references[index->reference_count++] = (struct reference){indicator_hash, name_id};
	return 1;
}

static int compare_references(const void *left, const void *right)
{
	const struct reference *a = left;
	const struct reference *b = right;

	if (a->indicator_hash != b->indicator_hash)
		return a->indicator_hash < b->indicator_hash ? -1 : 1;
	return a->name_id < b->name_id ? -1 : a->name_id > b->name_id;
}

// The first reference to this indicator or a later one.
static size_t find_reference(const struct report_index *index, uint64_t indicator_hash)
{
	size_t low = 0;
	size_t high = index->reference_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->references[middle].indicator_hash < indicator_hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// Names found for indicators, in the order of their ids: the build must not depend on how
// `versions` happens to be ordered.
struct namings {
	struct naming {
		uint32_t indicator_id;
		uint32_t name_id;
	} * elements;
	size_t count;
	size_t capacity;
};

static int find_names(const struct report_index *index, const struct version *version,
                      struct namings *namings)
{
	size_t i = find_reference(index, version->id_hash);

	for (unsigned given = 0; given < REPORT_NAMES_PER_INDICATOR; i++) {
		if (i == index->reference_count ||
		    index->references[i].indicator_hash != version->id_hash)
			break;

		uint32_t name_id = index->references[i].name_id;
		if (index->names[name_id - 1].data == NULL)
			continue;
		struct naming *grown = grow(namings->elements, namings->count, &namings->capacity,
		                            sizeof(*namings->elements));
		if (grown == NULL)
			return -ENOMEM;
		namings->elements = grown;
		grown[namings->count++] = (struct naming){version->holder, name_id};
		given++;
	}
	return 0;
}

static int find_all_names(const struct report_index *index, const struct versions *versions,
                          struct namings *namings)
{
	const struct version *version;
	uint64_t cursor = 0;

	while ((version = versions_next(versions, &cursor)) != NULL) {
		int error = version->holder != 0 ? find_names(index, version, namings) : 0;

		if (error != 0)
			return error;
	}
	return 0;
}

static int compare_namings(const void *left, const void *right)
{
	const struct naming *a = left;
	const struct naming *b = right;

	if (a->indicator_id != b->indicator_id)
		return a->indicator_id < b->indicator_id ? -1 : 1;
	return a->name_id < b->name_id ? -1 : a->name_id > b->name_id;
}

static int give_names(const struct report_index *index, const struct namings *namings,
                      struct build *build)
{
	for (size_t i = 0; i < namings->count; i++) {
		const struct naming *naming = &namings->elements[i];
		int error = build_add_report_name(build, naming->indicator_id,
		                                  index->names[naming->name_id - 1]);

		if (error != 0)
			return error;
	}
	return 0;
}

int report_index_settle(struct report_index *index, const struct versions *versions,
                        struct build *build)
{
	struct namings namings = {0};

	if (index->reference_count == 0)
		return 0;
	qsort(index->references, index->reference_count, sizeof(*index->references),
	      compare_references);

	int error = find_all_names(index, versions, &namings);
	if (error == 0 && namings.count > 0) {
		qsort(namings.elements, namings.count, sizeof(*namings.elements), compare_namings);
		error = give_names(index, &namings, build);
	}
	free(namings.elements);
	return error;
}
