#include "loader/store_delivery.h"
#include "loader/store_history.h"
#include "loader/sync.h"

static int note_event(struct store *store, const struct sync_withdrawal *withdrawal,
                      uint32_t source_id)
{
	return store_event_add(store, &(struct store_event){
					      .time_ns = withdrawal->time_ns,
					      .who = withdrawal->who,
					      .what = "source withdrawn",
					      .source_id = source_id,
					      .why = withdrawal->why,
				      });
}

// As a complete delivery of nothing, which no guard is asked about: a person wants it.
int sync_withdraw(struct store *store, const struct sync_withdrawal *withdrawal,
                  uint64_t *ret_count)
{
	AUTO(store_delivery) delivery = NULL;
	struct delivery_counts counts = {};
	struct store_source source;
	int error = store_source_get(store, withdrawal->source, &source);

	if (error < 0)
		return error;
	const struct delivery_options options = {
		.source_id = source.source_id,
		.time_ns = withdrawal->time_ns,
		.is_complete = true,
		.is_known_benign = source.role == SOURCE_KNOWN_BENIGN,
	};
	error = store_delivery_begin(store, &options, &delivery);
	if (error == 0)
		error = store_delivery_settle(delivery, &counts);
	if (error == 0)
		error = store_source_forget(store, options.source_id);
	if (error == 0)
		error = note_event(store, withdrawal, options.source_id);
	if (error == 0)
		error = store_delivery_commit(delivery);
	if (error == 0)
		*ret_count = counts.absent;
	return error;
}
