#include "loader/listed_values.h"

#include <errno.h>

enum { SLOTS_MIN = 1024 };

// Entries of one value form a chain, newest first, that begins in the value's slot.
struct listed_value {
	uint64_t value_hash;
	uint32_t indicator_id; // 0: taken out
	uint32_t previous;     // entry number + 1 of the same value, 0: none; once indexed
};

static struct listed_value *entry_at(const struct listed_values *values, uint64_t number)
{
	return (struct listed_value *)values->entries.data + number;
}

static uint64_t slot_count(const struct listed_values *values)
{
	return values->slots.size / sizeof(uint32_t);
}

// Where the value's chain begins: entry number + 1, 0 when there is none.
static uint32_t *find_slot(const struct listed_values *values, uint64_t value_hash)
{
	uint32_t *slots = (uint32_t *)values->slots.data;
	uint64_t mask = slot_count(values) - 1;
	uint64_t i = value_hash & mask;

	while (slots[i] != 0 && entry_at(values, slots[i] - 1)->value_hash != value_hash)
		i = (i + 1) & mask;
	return &slots[i];
}

static void index_entry(struct listed_values *values, uint64_t number)
{
	struct listed_value *entry = entry_at(values, number);
	uint32_t *slot = find_slot(values, entry->value_hash);

	entry->previous = *slot;
	*slot = (uint32_t)number + 1;
}

// Room for twice as many as there are, all of them entered anew.
static int grow(struct listed_values *values)
{
	struct block slots = {0};
	uint64_t count = SLOTS_MIN;

	while (count < 4 * values->entry_count)
		count *= 2;
	if (block_extend(&slots, count * sizeof(uint32_t)) == NULL)
		return -ENOMEM;
	block_close(&values->slots);
	values->slots = slots;
	values->indexed_count = 0;
	return 0;
}

static int bring_up_to_date(struct listed_values *values)
{
	int error = 2 * values->entry_count >= slot_count(values) ? grow(values) : 0;

	while (error == 0 && values->indexed_count < values->entry_count)
		index_entry(values, values->indexed_count++);
	return error;
}

int listed_values_add(struct listed_values *values, uint64_t value_hash, uint32_t indicator_id)
{
	struct listed_value *entry = block_extend(&values->entries, sizeof(*entry));

	if (entry == NULL)
		return -ENOMEM;
	*entry = (struct listed_value){.value_hash = value_hash, .indicator_id = indicator_id};
	values->entry_count++;
	return 0;
}

int listed_values_take(struct listed_values *values, uint64_t value_hash,
                       uint32_t *ret_indicator_id)
{
	int error = bring_up_to_date(values);

	if (error < 0)
		return error;
	for (uint32_t *slot = find_slot(values, value_hash); *slot != 0;) {
		struct listed_value *entry = entry_at(values, *slot - 1);
		uint32_t indicator_id = entry->indicator_id;

		// The last of a chain stays where it is, so that no search ends before its time.
		entry->indicator_id = 0;
		if (entry->previous != 0)
			*slot = entry->previous;
		if (indicator_id != 0) {
			*ret_indicator_id = indicator_id;
			return 1;
		}
		if (entry->previous == 0)
			break;
	}
	return 0;
}

void listed_values_close(struct listed_values *values)
{
	block_close(&values->entries);
	block_close(&values->slots);
	*values = (struct listed_values){.seed = values->seed};
}
