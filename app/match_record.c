#include "app/match_record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/config_source.h"
#include "base/hash.h"
#include "base/log.h"
#include "engine/build.h"
#include "loader/store_figures.h"

enum { FIRST_SLOTS = 1024, COUNTS_MAX = 1024 * 1024 };

static const int64_t day_ns = INT64_C(24) * 60 * 60 * NS_PER_S;

// Hits of one day, by vote: open addressing. Given to the store when the day is over.
struct recording {
	struct store *store;
	struct vote_hits *slots; // vote_id 0: free
	size_t slot_count;       // a power of two
	size_t count;
	int64_t day;
};

static struct vote_hits *find_slot(struct recording *recording, uint64_t vote_id)
{
	size_t mask = recording->slot_count - 1;
	size_t i = hash_word(HASH_SECRET_0, vote_id) & mask;

	while (recording->slots[i].vote_id != 0 && recording->slots[i].vote_id != vote_id)
		i = (i + 1) & mask;
	return &recording->slots[i];
}

static int grow(struct recording *recording)
{
	struct recording grown = *recording;

	grown.slot_count = recording->slot_count > 0 ? recording->slot_count * 2 : FIRST_SLOTS;
	grown.slots = calloc(grown.slot_count, sizeof(*grown.slots));
	if (grown.slots == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < recording->slot_count; i++)
		if (recording->slots[i].vote_id != 0)
			*find_slot(&grown, recording->slots[i].vote_id) = recording->slots[i];
	free(recording->slots);
	*recording = grown;
	return 0;
}

static int flush(struct recording *recording)
{
	size_t kept = 0;
	int error = 0;

	for (size_t i = 0; i < recording->slot_count; i++)
		if (recording->slots[i].vote_id != 0)
			recording->slots[kept++] = recording->slots[i];
	if (kept > 0)
		error = store_hits_add(recording->store, recording->slots, kept);
	if (recording->slot_count > 0)
		memset(recording->slots, 0, recording->slot_count * sizeof(*recording->slots));
	recording->count = 0;
	return error;
}

static int take_hit(void *context, const struct indicator *indicator, int64_t time_ns)
{
	struct recording *recording = context;
	int64_t day = time_ns / day_ns - (time_ns % day_ns < 0);
	struct vote_hits *hits;
	int error = 0;

	if (indicator->store_id == 0)
		return 0;
	if (day != recording->day || recording->count == COUNTS_MAX)
		error = flush(recording);
	recording->day = day;
	if (error == 0 && recording->count >= recording->slot_count / 2)
		error = grow(recording);
	if (error < 0)
		return error;
	hits = find_slot(recording, indicator->store_id);
	if (hits->vote_id == 0) {
		recording->count++;
		*hits = (struct vote_hits){.vote_id = indicator->store_id, .first_ns = time_ns};
	}
	hits->count++;
	hits->last_ns = time_ns;
	return 0;
}

static bool is_origin(const struct database *database, const struct store *store)
{
	struct build_origin origin;
	uint8_t uuid[sizeof(origin.store_uuid)];

	store_uuid(store, uuid);
	return database_origin(database, &origin) &&
	       memcmp(origin.store_uuid, uuid, sizeof(uuid)) == 0;
}

int match_record_open(const char *store_path, const char *config_path,
                      const struct database *database, struct store **ret_store)
{
	const struct config as_said = {.store_path = store_path};
	AUTO(config) config = NULL;
	AUTO(store) store = NULL;
	int error;

	if (store_path != NULL)
		error = config_source_store(&as_said, STORE_WRITE, &store);
	else
		error = config_source_open(config_path, STORE_WRITE, &config, &store);
	if (error < 0)
		return error;
	if (!is_origin(database, store)) {
		log_error("the database was not compiled from this store: its hits are nobody's");
		return -EINVAL;
	}
	*ret_store = TAKE(store);
	return 0;
}

int match_record(struct sightings *sightings, struct store *store)
{
	struct recording recording = {.store = store, .day = INT64_MIN};
	int error = sightings_each_hit(sightings, take_hit, &recording);
	if (error == 0)
		error = flush(&recording);
	free(recording.slots);
	if (error < 0)
		log_error("recording the hits: %s", strerror(-error));
	return error;
}
