#include "dataplane/dataplane.h"

#include <assert.h>

const char *file_loss_name(enum file_loss loss)
{
	static const char *const names[] = {
		[FILE_LOSS_GAP] = "gap",   [FILE_LOSS_PART] = "part", [FILE_LOSS_CODING] = "coding",
		[FILE_LOSS_BOMB] = "bomb", [FILE_LOSS_ROOM] = "room",
	};
	static_assert(sizeof(names) / sizeof(names[0]) == FILE_LOSS_COUNT, "one a cause");

	return names[loss];
}

static void add_files(struct file_counters *sum, const struct file_counters *counters)
{
	sum->files += counters->files;
	sum->hashed += counters->hashed;
	for (unsigned i = 0; i < FILE_LOSS_COUNT; i++)
		sum->lost[i] += counters->lost[i];
}

void dataplane_counters_add(struct dataplane_counters *sum,
                            const struct dataplane_counters *counters)
{
	sum->packets += counters->packets;
	sum->bytes += counters->bytes;
	sum->packets_cut += counters->packets_cut;
	sum->packets_not_ip += counters->packets_not_ip;
	sum->packets_unknown_link += counters->packets_unknown_link;
	sum->packets_malformed += counters->packets_malformed;
	sum->fragments += counters->fragments;
	sum->checksums_wrong += counters->checksums_wrong;
	sum->datagrams_reassembled += counters->datagrams_reassembled;
	sum->datagrams_given_up += counters->datagrams_given_up;
	sum->datagrams_discarded += counters->datagrams_discarded;
	sum->fragments_overlapping += counters->fragments_overlapping;
	sum->packets_inner += counters->packets_inner;
	sum->layers_too_deep += counters->layers_too_deep;
	sum->flows += counters->flows;
	sum->flows_evicted += counters->flows_evicted;
	sum->stream_gaps += counters->stream_gaps;
	sum->stream_bytes_dropped += counters->stream_bytes_dropped;
	sum->messages_malformed += counters->messages_malformed;
	add_files(&sum->files, &counters->files);
	for (unsigned i = 0; i < OBSERVABLE_TYPE_COUNT; i++)
		sum->observables[i] += counters->observables[i];
	sum->hits += counters->hits;
	sum->matches_left_out += counters->matches_left_out;
	sum->patterns_given_up += counters->patterns_given_up;
}
