#include "loader/screening.h"

#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/report.h"
#include "loader/value_set.h"

struct remembered {
	struct value_set had;
	struct screening_refused items[SCREENING_REFUSED_MAX];
	unsigned count;
	uint64_t further;
};

struct screening {
	struct screening_own own;
	struct value_set accepted;
	struct remembered refused, held;
	struct arena arena;
};

int screening_create(const struct screening_own *own, struct screening **ret_screening)
{
	struct screening *screening = calloc(1, sizeof(*screening));

	if (screening == NULL)
		return -ENOMEM;
	screening->own = *own;
	*ret_screening = screening;
	return 0;
}

void screening_free(struct screening *screening)
{
	if (screening == NULL)
		return;
	value_set_close(&screening->accepted);
	value_set_close(&screening->refused.had);
	value_set_close(&screening->held.had);
	arena_close(&screening->arena);
	free(screening);
}

// A value as the review queue has it: printable, and not longer than what is printed.
static struct slice subject_of(struct slice value, char ret_text[PROBLEM_TEXT_BYTES])
{
	report_printable(slice_trim(value), ret_text);
	return slice_text(ret_text);
}

int screening_accept(struct screening *screening, struct slice value)
{
	char text[PROBLEM_TEXT_BYTES];
	int result = value_set_add(&screening->accepted, subject_of(value, text));

	return result < 0 ? result : 0;
}

static bool is_within(const struct prefix *inner, const struct prefix *outer)
{
	unsigned bits = outer->length;
	unsigned rest = bits % 8;

	if (inner->length < bits ||
	    memcmp(inner->address.octets, outer->address.octets, bits / 8) != 0)
		return false;
	return rest == 0 ||
	       (inner->address.octets[bits / 8] ^ outer->address.octets[bits / 8]) >> (8 - rest) ==
	               0;
}

const char *screening_own_prefix(const struct screening *screening, const struct prefix *prefix)
{
	for (unsigned i = 0; i < screening->own.network_count; i++)
		if (is_within(prefix, &screening->own.networks[i]))
			return "in a network of our own";
	return NULL;
}

const char *screening_own_name(const struct screening *screening, struct slice name)
{
	for (unsigned i = 0; i < screening->own.name_count; i++) {
		struct slice own = slice_text(screening->own.names[i]);
		size_t above = name.size - own.size;

		if (name.size < own.size || !slice_equal(slice_from(name, above), own))
			continue;
		if (above == 0 || name.data[above - 1] == '.')
			return "a name of our own";
	}
	return NULL;
}

// Without memory it is counted only: the report tells it anyway.
static void remember(struct screening *screening, struct remembered *list, struct slice subject,
                     const char *reason)
{
	bool has_room = list->count < SCREENING_REFUSED_MAX;
	int is_new = has_room ? value_set_add(&list->had, subject)
	                      : !value_set_has(&list->had, subject);

	if (is_new == 0)
		return;
	struct slice copy = has_room ? arena_copy(&screening->arena, subject) : slice_of(NULL, 0);
	if (copy.data == NULL)
		list->further++;
	else
		list->items[list->count++] = (struct screening_refused){(const char *)copy.data,
		                                                        reason};
}

static unsigned recall(const struct remembered *list, const struct screening_refused **ret_items,
                       uint64_t *ret_further)
{
	*ret_items = list->items;
	*ret_further = list->further;
	return list->count;
}

bool screening_passes(struct screening *screening, struct slice value, const char *reason)
{
	char text[PROBLEM_TEXT_BYTES];

	if (screening == NULL)
		return false;
	struct slice subject = subject_of(value, text);
	if (value_set_has(&screening->accepted, subject))
		return true;
	remember(screening, &screening->refused, subject, reason);
	return false;
}

void screening_hold(struct screening *screening, struct slice id, struct slice pattern,
                    const char *reason)
{
	char text[PROBLEM_TEXT_BYTES];
	struct buffer subject = {0};

	if (screening == NULL)
		return;
	buffer_append_slice(&subject, id);
	buffer_append_byte(&subject, ' ');
	buffer_append_slice(&subject, pattern);
	if (subject.failed)
		screening->held.further++;
	else
		remember(screening, &screening->held, subject_of(buffer_slice(&subject), text),
		         reason);
	buffer_close(&subject);
}

unsigned screening_refused(const struct screening *screening,
                           const struct screening_refused **ret_refused, uint64_t *ret_further)
{
	return recall(&screening->refused, ret_refused, ret_further);
}

unsigned screening_held(const struct screening *screening,
                        const struct screening_refused **ret_held, uint64_t *ret_further)
{
	return recall(&screening->held, ret_held, ret_further);
}
