#include "app/metrics.h"

#include <assert.h>

enum { NANO = 1000000000 };

// clang-format off
#define DAEMON(type_, field_, member)                                         \
	.type = (type_), .of = METRIC_OF_DAEMON, .field = (field_),           \
	.offset = offsetof(struct daemon_figures, member)
#define RELOAD(type_, field_, member)                                         \
	.type = (type_), .of = METRIC_OF_RELOAD, .field = (field_),           \
	.offset = offsetof(struct daemon_figures, member)
#define DATABASE(field_, member)                                              \
	.type = METRIC_GAUGE, .of = METRIC_OF_DATABASE, .field = (field_),    \
	.offset = offsetof(struct daemon_figures, database.member)
#define WORKER(type_, field_, member)                                         \
	.type = (type_), .of = METRIC_OF_WORKER, .field = (field_),           \
	.offset = offsetof(struct sensor_figures, member)
#define WORKER_COUNTER(member) WORKER(METRIC_COUNTER, METRIC_U64, member)
#define WORKER_GAUGE(member)   WORKER(METRIC_GAUGE, METRIC_U64, member)
#define XDP(type_, field_, member)                                            \
	.type = (type_), .of = METRIC_OF_XDP, .field = (field_),              \
	.offset = offsetof(struct xdp_status, member)
#define ROW(label_, count_, names) .label = (label_), .count = (count_), .label_name = (names)
// clang-format on

static const char *cause_name(unsigned cause)
{
	return drop_cause_name((enum drop_cause)cause);
}

static const char *loss_name(unsigned loss)
{
	return file_loss_name((enum file_loss)loss);
}

static const char *station_name(unsigned stage)
{
	return stage_name((enum stage)stage);
}

static const char *reason_name(unsigned reason)
{
	return xdp_reason_name((enum xdp_reason)reason);
}

static const char *type_name(unsigned type)
{
	static const char *const names[] = {
		[OBSERVABLE_ADDRESS] = "address",
		[OBSERVABLE_NAME] = "name",
		[OBSERVABLE_URL] = "url",
		[OBSERVABLE_HASH] = "hash",
	};
	static_assert(sizeof(names) / sizeof(names[0]) == OBSERVABLE_TYPE_COUNT, "one a type");

	return names[type];
}

static const char *algorithm_name(unsigned algorithm)
{
	static const char *const names[] = {
		[HASH_MD5] = "md5",
		[HASH_SHA1] = "sha1",
		[HASH_SHA256] = "sha256",
		[HASH_SHA512] = "sha512",
	};
	static_assert(sizeof(names) / sizeof(names[0]) == HASH_ALGORITHM_COUNT, "one each");

	return names[algorithm];
}

// Of 0, 1, 2-3, 4-7 … 32-63 and 64 packets.
static uint64_t batch_bound(unsigned index)
{
	return ((UINT64_C(1) << index) - 1) * NANO;
}

// Below 64 ns, 128 ns …
static uint64_t latency_bound(unsigned index)
{
	return (uint64_t)SENSOR_LATENCY_FIRST_NS << index;
}

static void append_daemon_texts(struct buffer *text, const struct daemon_figures *figures)
{
	metrics_append_label(text, "version", figures->version);
	buffer_append_byte(text, ',');
	metrics_append_label(text, "mode", figures->mode);
	buffer_append_byte(text, ',');
	metrics_append_label(text, "backend", figures->backend);
}

static void append_database_texts(struct buffer *text, const struct daemon_figures *figures)
{
	buffer_append_text(text, "build_id=\"");
	for (unsigned i = 0; i < sizeof(figures->database.build_id); i++)
		buffer_format(text, "%02x", figures->database.build_id[i]);
	buffer_append_byte(text, '"');
}

const struct metric metrics[] = {
	{"sekisho_info", METRIC_GAUGE, METRIC_OF_DAEMON, METRIC_TEXTS,
         .append_texts = append_daemon_texts,
         .help = "Always 1; what runs, in its labels version, mode and backend"},
	{"sekisho_start_time_seconds", DAEMON(METRIC_GAUGE, METRIC_NANOSECONDS, started_ns),
         .unit = "seconds", .help = "When the daemon started, since 1970"},
	{"sekisho_dry_run", DAEMON(METRIC_GAUGE, METRIC_BOOL, is_dry_run),
         .help = "1 while nothing is dropped and hits only say what would have been"},
	{"sekisho_fail_closed", DAEMON(METRIC_GAUGE, METRIC_BOOL, is_fail_closed),
         .help = "1 when nothing passes without a database or a sign of life"},
	{"sekisho_generation", DAEMON(METRIC_GAUGE, METRIC_U32, generation),
         .help = "The number of the database that is in force; one more with each"},
	{"sekisho_publications", DAEMON(METRIC_GAUGE, METRIC_UNSIGNED, publications),
         .unit = "databases", .help = "Databases that are still held, the one in force included"},
	{"sekisho_reloads_total", DAEMON(METRIC_COUNTER, METRIC_U64, reloads),
         .help = "Reloads that took effect"},
	{"sekisho_reload_failures_total", DAEMON(METRIC_COUNTER, METRIC_U64, reload_failures),
         .help = "Reloads that left in force what was there"},
	{"sekisho_reload_time_seconds", RELOAD(METRIC_GAUGE, METRIC_NANOSECONDS, reloaded_ns),
         .unit = "seconds", .help = "When the database in force was taken, since 1970"},
	{"sekisho_reload_duration_seconds",
         RELOAD(METRIC_GAUGE, METRIC_NANOSECONDS, reload_duration_ns), .unit = "seconds",
         .help = "How long that took, from opening it until the workers had it"},
	{"sekisho_hits_written_total", DAEMON(METRIC_COUNTER, METRIC_U64, hits_written),
         .unit = "hits", .help = "Hits written to the hits file"},
	{"sekisho_sightings_written_total", DAEMON(METRIC_COUNTER, METRIC_U64, sightings_written),
         .unit = "sightings", .help = "Sightings written as STIX"},
	{"sekisho_outputs_failed_total", DAEMON(METRIC_COUNTER, METRIC_U64, outputs_failed),
         .unit = "hits",
         .help = "Hits that could not be written: a full disk, a full ring of XDP's hits"},

	{"sekisho_database_loaded", DAEMON(METRIC_GAUGE, METRIC_BOOL, has_database),
         .help = "1 while a database is in force"},
	{"sekisho_database_info", METRIC_GAUGE, METRIC_OF_DATABASE, METRIC_TEXTS,
         .append_texts = append_database_texts,
         .help = "Always 1; which database is in force, in its label build_id"},
	{"sekisho_database_indicators", DATABASE(METRIC_U64, indicators), .unit = "indicators",
         .help = "Indicators in force, the overlay's included"},
	{"sekisho_database_overlay_indicators", DATABASE(METRIC_U64, overlay_indicators),
         .unit = "indicators", .help = "Of them, those that the overlay brought"},
	{"sekisho_database_silent_indicators", DATABASE(METRIC_U64, silent_indicators),
         .unit = "indicators", .help = "Withdrawn since the database was made"},
	{"sekisho_database_ipv4_hosts", DATABASE(METRIC_U64, ipv4_hosts), .unit = "addresses",
         .help = "Listed IPv4 addresses"},
	{"sekisho_database_ipv4_networks", DATABASE(METRIC_U64, ipv4_networks), .unit = "networks",
         .help = "Listed IPv4 networks"},
	{"sekisho_database_ipv6_hosts", DATABASE(METRIC_U64, ipv6_hosts), .unit = "addresses",
         .help = "Listed IPv6 addresses"},
	{"sekisho_database_ipv6_networks", DATABASE(METRIC_U64, ipv6_networks), .unit = "networks",
         .help = "Listed IPv6 networks"},
	{"sekisho_database_names", DATABASE(METRIC_U64, names), .unit = "names",
         .help = "Listed domain names"},
	{"sekisho_database_urls", DATABASE(METRIC_U64, urls), .unit = "URLs",
         .help = "Listed URLs and beginnings of URLs"},
	{"sekisho_database_hashes", DATABASE(METRIC_U64, hashes), .unit = "hashes",
         .help = "Listed hashes of files", ROW("algorithm", HASH_ALGORITHM_COUNT, algorithm_name)},
	{"sekisho_database_patterns", DATABASE(METRIC_U64, patterns), .unit = "patterns",
         .help = "LIKE and MATCHES patterns"},
	{"sekisho_database_bytes", DATABASE(METRIC_U64, file_bytes), .unit = "bytes",
         .help = "Size of the database file"},
	{"sekisho_database_hot_bytes", DATABASE(METRIC_U64, hot_bytes), .unit = "bytes",
         .help = "Of it, the tables that every packet may ask"},

	{"sekisho_received_packets_total", WORKER_COUNTER(received), .unit = "packets",
         .help = "Received from the devices"},
	{"sekisho_missed_packets_total", WORKER_COUNTER(missed), .unit = "packets",
         .help = "Lost by the kernel or the NIC, because no room was left for them"},
	{"sekisho_sent_packets_total", WORKER_COUNTER(sent), .unit = "packets",
         .help = "Sent: forwarded, and our own"},
	{"sekisho_unsent_packets_total", WORKER_COUNTER(unsent), .unit = "packets",
         .help = "Meant to be sent, and lost: the queue of the device was full"},
	{"sekisho_refused_packets_total", WORKER_COUNTER(refused), .unit = "packets",
         .help = "Larger than the port takes"},
	{"sekisho_packets_total", WORKER_COUNTER(counters.packets), .unit = "packets",
         .help = "Looked at"},
	{"sekisho_bytes_total", WORKER_COUNTER(counters.bytes), .unit = "bytes",
         .help = "Looked at, as they are on the wire"},
	{"sekisho_dropped_packets_total", WORKER_COUNTER(drops), .unit = "packets",
         .help = "Dropped by a worker", ROW("cause", DROP_CAUSE_COUNT, cause_name)},
	{"sekisho_would_drop_packets_total", WORKER_COUNTER(would_drops), .unit = "packets",
         .help = "Dry run: what would have been dropped",
         ROW("cause", DROP_CAUSE_COUNT, cause_name)},
	{"sekisho_dropped_bytes_total", WORKER_COUNTER(bytes_dropped), .unit = "bytes",
         .help = "Dropped by a worker, whatever the cause"},
	{"sekisho_resets_sent_total", WORKER_COUNTER(resets_sent), .unit = "packets",
         .help = "TCP resets sent to the ends of dropped flows"},
	{"sekisho_nxdomains_sent_total", WORKER_COUNTER(nxdomains_sent), .unit = "packets",
         .help = "NXDOMAIN answers sent in place of dropped queries"},
	{"sekisho_hits_total", WORKER_COUNTER(counters.hits), .unit = "hits", .help = "Hits found"},
	{"sekisho_hits_lost_total", WORKER_COUNTER(hits_lost), .unit = "hits",
         .help = "Hits that found their ring full, and are not written"},
	{"sekisho_observables_total", WORKER_COUNTER(counters.observables), .unit = "observables",
         .help = "Values taken out of the traffic and matched",
         ROW("type", OBSERVABLE_TYPE_COUNT, type_name)},
	{"sekisho_matches_left_out_total", WORKER_COUNTER(counters.matches_left_out),
         .unit = "matches", .help = "Beyond what is told of one value"},
	{"sekisho_patterns_given_up_total", WORKER_COUNTER(counters.patterns_given_up),
         .unit = "patterns", .help = "Matches of a pattern that took too long"},
	{"sekisho_flows_total", WORKER_COUNTER(counters.flows), .unit = "flows",
         .help = "Flows seen"},
	{"sekisho_flows_evicted_total", WORKER_COUNTER(counters.flows_evicted), .unit = "flows",
         .help = "Ended early, because the flow table was full"},
	{"sekisho_flows", WORKER_GAUGE(flows_now), .unit = "flows", .help = "In the flow table"},
	{"sekisho_flows_max", WORKER_GAUGE(flows_max), .unit = "flows",
         .help = "That the flow table has room for"},
	{"sekisho_streams", WORKER_GAUGE(streams_now), .unit = "streams",
         .help = "TCP streams that are being put together"},
	{"sekisho_streams_max", WORKER_GAUGE(streams_max), .unit = "streams",
         .help = "That there is room for"},
	{"sekisho_condemned_flows", WORKER_GAUGE(condemned_now), .unit = "flows",
         .help = "Flows that are dropped to their end"},
	{"sekisho_fragments_total", WORKER_COUNTER(counters.fragments), .unit = "packets",
         .help = "IP fragments but the first"},
	{"sekisho_overlapping_fragments_total", WORKER_COUNTER(counters.fragments_overlapping),
         .unit = "packets", .help = "IP fragments with bytes that others had, too"},
	{"sekisho_reassembled_datagrams_total", WORKER_COUNTER(counters.datagrams_reassembled),
         .unit = "packets", .help = "Put together of IP fragments"},
	{"sekisho_incomplete_datagrams_total", WORKER_COUNTER(counters.datagrams_given_up),
         .unit = "packets", .help = "Given up for a fragment that never came, or for room"},
	{"sekisho_discarded_datagrams_total", WORKER_COUNTER(counters.datagrams_discarded),
         .unit = "packets",
         .help = "Whose fragments overlap in IPv6, or have lengths that cannot be"},
	{"sekisho_wrong_checksum_packets_total", WORKER_COUNTER(counters.checksums_wrong),
         .unit = "packets", .help = "Of which only addresses count; when checksums are verified"},
	{"sekisho_inner_packets_total", WORKER_COUNTER(counters.packets_inner), .unit = "packets",
         .help = "In tunnels: besides those received"},
	{"sekisho_deep_packets_total", WORKER_COUNTER(counters.layers_too_deep), .unit = "packets",
         .help = "With more tunnels in one another than are looked into"},
	{"sekisho_cut_packets_total", WORKER_COUNTER(counters.packets_cut), .unit = "packets",
         .help = "Of which fewer bytes came than were on the wire"},
	{"sekisho_not_ip_packets_total", WORKER_COUNTER(counters.packets_not_ip), .unit = "packets",
         .help = "Neither IPv4 nor IPv6: passed"},
	{"sekisho_unknown_link_packets_total", WORKER_COUNTER(counters.packets_unknown_link),
         .unit = "packets", .help = "Of a link type that is not decoded"},
	{"sekisho_malformed_packets_total", WORKER_COUNTER(counters.packets_malformed),
         .unit = "packets", .help = "With IP or transport headers that cannot be"},
	{"sekisho_malformed_messages_total", WORKER_COUNTER(counters.messages_malformed),
         .unit = "messages", .help = "DNS, TLS or HTTP that began well and ended badly"},
	{"sekisho_stream_gaps_total", WORKER_COUNTER(counters.stream_gaps), .unit = "gaps",
         .help = "Holes in TCP streams: bytes that never came"},
	{"sekisho_stream_lost_bytes_total", WORKER_COUNTER(counters.stream_bytes_dropped),
         .unit = "bytes", .help = "Not put together, because there was no room"},
	{"sekisho_files_total", WORKER_COUNTER(counters.files.files), .unit = "files",
         .help = "Transferred files that ended, while the database held hashes"},
	{"sekisho_hashed_files_total", WORKER_COUNTER(counters.files.hashed), .unit = "files",
         .help = "Of them, those whose hashes were looked up"},
	{"sekisho_lost_files_total", WORKER_COUNTER(counters.files.lost), .unit = "files",
         .help = "Of them, those that have no hash, by cause",
         ROW("cause", FILE_LOSS_COUNT, loss_name)},
	{"sekisho_stage_cycles_total", WORKER_COUNTER(stage_cycles), .unit = "cycles",
         .help = "Of the time-stamp counter, spent in a stage of the pipeline by sampled batches",
         ROW("stage", STAGE_COUNT, station_name)},
	{"sekisho_stage_packets_total", WORKER_COUNTER(stage_packets), .unit = "packets",
         .help = "Packets of the sampled batches"},
	{"sekisho_batch_packets", WORKER(METRIC_HISTOGRAM, METRIC_U64, batches), .unit = "packets",
         .help = "Packets that a batch had; 0 is a poll that found none",
         .count = SENSOR_BATCH_BUCKETS, .bound_nano = batch_bound,
         .sum_offset = offsetof(struct sensor_figures, counters.packets)},
	{"sekisho_latency_seconds", WORKER(METRIC_HISTOGRAM, METRIC_U64, latency),
         .unit = "seconds", .help = "From receiving a packet to letting it go",
         .count = SENSOR_LATENCY_BUCKETS, .bound_nano = latency_bound,
         .sum_offset = offsetof(struct sensor_figures, latency_sum_ns), .is_sum_nano = true},
	{"sekisho_worker_generation", WORKER(METRIC_GAUGE, METRIC_U32, generation),
         .help = "The number of the database that a worker uses"},

	{"sekisho_worker_silent_seconds", WORKER(METRIC_GAUGE, METRIC_BEAT, beat_ns),
         .unit = "seconds", .help = "Since the worker gave its last sign of life"},

	{"sekisho_link_up", METRIC_GAUGE, METRIC_OF_LINK, METRIC_BOOL,
         .offset = offsetof(struct daemon_figures, link_is_up),
         .help = "1 while the link of a device is up"},

	{"sekisho_xdp_packets_total", XDP(METRIC_COUNTER, METRIC_U64, packets), .unit = "packets",
         .help = "What the XDP program did with packets",
         ROW("reason", XDP_REASON_COUNT, reason_name)},
	{"sekisho_xdp_bytes_total", XDP(METRIC_COUNTER, METRIC_U64, bytes), .unit = "bytes",
         .help = "Likewise, in bytes", ROW("reason", XDP_REASON_COUNT, reason_name)},
	{"sekisho_xdp_attached", XDP(METRIC_GAUGE, METRIC_BOOL, is_attached),
         .help = "0 when the program was taken off the device: nothing is judged there"},
	{"sekisho_xdp_native", XDP(METRIC_GAUGE, METRIC_BOOL, is_native),
         .help = "1 when the driver runs the program itself; 0: generic, which is slower"},
	{"sekisho_xdp_dispatched", XDP(METRIC_GAUGE, METRIC_BOOL, is_dispatched),
         .help = "1 when libxdp's dispatcher runs it, with room for other programs"},
	{"sekisho_xdp_stale", XDP(METRIC_GAUGE, METRIC_BOOL, is_stale),
         .help = "1 when the program has had no sign of life for too long"},
	{"sekisho_xdp_generation", XDP(METRIC_GAUGE, METRIC_U32, generation),
         .help = "The number of the database whose drops are in the maps"},
	{"sekisho_xdp_hosts", XDP(METRIC_GAUGE, METRIC_U64, hosts), .unit = "addresses",
         .help = "Addresses in the maps"},
	{"sekisho_xdp_networks", XDP(METRIC_GAUGE, METRIC_U64, networks), .unit = "networks",
         .help = "Networks in the maps"},
	{"sekisho_xdp_map_bytes", XDP(METRIC_GAUGE, METRIC_U64, map_bytes), .unit = "bytes",
         .help = "Memory that the kernel keeps for the maps"},
};
const unsigned metrics_count = sizeof(metrics) / sizeof(metrics[0]);
static_assert(sizeof(metrics) / sizeof(metrics[0]) <= METRICS_MAX, "readers hold so many");

const char *metric_type_name(enum metric_type type)
{
	static const char *const names[] = {
		[METRIC_COUNTER] = "counter",
		[METRIC_GAUGE] = "gauge",
		[METRIC_HISTOGRAM] = "histogram",
	};
	static_assert(sizeof(names) / sizeof(names[0]) == METRIC_TYPE_COUNT, "one a type");

	return names[type];
}
