#include "app/match_summary.h"

#include <stdio.h>

#include "app/text.h"

// A counter that is worth a line when it is not zero.
struct remark {
	uint64_t count;
	const char *text;
};

static void print_traffic(const struct capture_list *captures,
                          const struct match_run_result *result)
{
	const struct dataplane_counters *counters = &result->counters;
	double seconds = (double)(result->duration_ns + 1) / (double)NS_PER_S;

	(void)fprintf(stderr, "captures: %s", text_count(captures->count).text);
	if (captures->passed_over > 0)
		(void)fprintf(stderr, " (%s other files passed over)",
		              text_count(captures->passed_over).text);
	if (captures->done_before > 0)
		(void)fprintf(stderr, " (%s matched before)",
		              text_count(captures->done_before).text);
	(void)fprintf(stderr, "; packets %s, %s, flows %s\n", text_count(counters->packets).text,
	              text_size(counters->bytes).text, text_count(counters->flows).text);
	(void)fprintf(stderr, "time: %s, %s packets/s, %sbit/s\n",
	              text_duration(result->duration_ns).text,
	              text_rate((double)counters->packets / seconds).text,
	              text_rate((double)counters->bytes * 8 / seconds).text);
}

static void print_remarks(const struct dataplane_counters *counters)
{
	const struct remark remarks[] = {
		{counters->packets_unknown_link, "packets of a link type that is not decoded"},
		{counters->packets_malformed, "malformed packets"},
		{counters->packets_cut, "packets cut short by the snap length"},
		{counters->checksums_wrong,
	         "packets with a wrong checksum: only their addresses count"},
		{counters->datagrams_given_up, "fragmented packets of which a part is missing"},
		{counters->datagrams_discarded,
	         "fragmented packets whose fragments contradict each other"},
		{counters->fragments_overlapping, "overlapping fragments"},
		{counters->layers_too_deep, "packets with more tunnels than are looked into"},
		{counters->flows_evicted, "flows forgotten early: the flow table was full"},
		{counters->stream_gaps, "gaps in TCP streams: bytes missing from the captures"},
		{counters->stream_bytes_dropped,
	         "bytes of TCP streams not seen: the reassembly budget was full"},
		{counters->files.lost[FILE_LOSS_GAP], "files without a hash: cut, or with a gap"},
		{counters->files.lost[FILE_LOSS_PART], "files without a hash: only parts of them"},
		{counters->files.lost[FILE_LOSS_CODING],
	         "files without a hash: their coding is damaged or unknown"},
		{counters->files.lost[FILE_LOSS_BOMB],
	         "files without a hash: compressed beyond the bounds"},
		{counters->files.lost[FILE_LOSS_ROOM],
	         "files without a hash: the budget for files was full"},
		{counters->messages_malformed, "malformed DNS, TLS and HTTP messages"},
		{counters->matches_left_out, "matches left out: too many for one value"},
		{counters->patterns_given_up, "patterns given up: too costly on a value"},
	};

	for (size_t i = 0; i < sizeof(remarks) / sizeof(remarks[0]); i++)
		if (remarks[i].count > 0)
			(void)fprintf(stderr, "note: %s %s\n", text_count(remarks[i].count).text,
			              remarks[i].text);
}

static void print_hits(const struct sightings_summary *sightings)
{
	static const char *const type_words[OBSERVABLE_TYPE_COUNT] = {"addresses", "names", "urls",
	                                                              "hashes"};

	(void)fprintf(stderr, "hits: %s of %s indicators", text_count(sightings->hits).text,
	              text_count(sightings->indicators).text);
	for (unsigned i = 0; i < OBSERVABLE_TYPE_COUNT; i++)
		if (sightings->by_type[i] > 0)
			(void)fprintf(stderr, ", %s %s", type_words[i],
			              text_count(sightings->by_type[i]).text);
	if (sightings->hits_outside_validity > 0)
		(void)fprintf(stderr, "; %s outside their indicator's validity",
		              text_count(sightings->hits_outside_validity).text);
	(void)fputc('\n', stderr);
}

void match_summary_print(const struct capture_list *captures, const struct match_run_result *result,
                         const struct sightings_summary *sightings)
{
	print_traffic(captures, result);
	print_remarks(&result->counters);
	print_hits(sightings);
}
