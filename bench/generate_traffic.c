// Writes a capture of the reference mix, the feed of what is planted in it, and the hits that a
// matcher must find: the ground truth. The same seed gives the same bytes everywhere.
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/options.h"
#include "base/timestamp.h"
#include "bench/traffic_flow.h"
#include "engine/normalize.h"

#define START_NS (INT64_C(1767225600) * NS_PER_S) // 2026-01-01T00:00:00Z
#define SPAN_NS  (60 * NS_PER_S)

enum {
	TRAIN_MAX = 4, // bulk packets of a flow in a row
	WRITE_BUFFER_BYTES = 1 << 20,
};

struct traffic_values {
	const char *capture_path;
	const char *feed_path;
	const char *truth_path;
	uint64_t seed;
	uint64_t packets;
	uint64_t flows; // 0: in the proportion of the reference mix
	uint64_t open;  // likewise
	uint64_t mean_bytes;
	uint64_t hits_per_thousand;
	uint64_t certificates_per_thousand;
	uint64_t gzip_per_thousand;
	uint64_t quic_per_thousand;
};

#define FIELD(name) offsetof(struct traffic_values, name)

static const struct option traffic_options[] = {
	{OPTION_TEXT, 'o', "output", "FILE", .offset = FIELD(capture_path),
         .help = "write the capture (pcap, nanoseconds) to FILE"},
	{OPTION_TEXT, 0, "feed", "FILE", .offset = FIELD(feed_path),
         .help = "write the planted indicators to FILE, a text list"},
	{OPTION_TEXT, 0, "truth", "FILE", .offset = FIELD(truth_path),
         .help = "write the flows that must hit to FILE, JSON lines"},
	{OPTION_NUMBER, 0, "seed", "N", .offset = FIELD(seed), .max = UINT64_MAX,
         .help = "seed (default: 1)"},
	{OPTION_NUMBER, 0, "packets", "N", .offset = FIELD(packets), .min = 100,
         .max = UINT64_C(4000000000), .help = "packets (default: 2100000)"},
	{OPTION_NUMBER, 0, "flows", "N", .offset = FIELD(flows), .min = 1, .max = UINT32_MAX,
         .help = "flows (default: 200000 in 2100000 packets)"},
	{OPTION_NUMBER, 0, "open", "N", .offset = FIELD(open), .min = 1, .max = UINT32_MAX,
         .help = "flows open at once (default: a quarter of the flows)"},
	{OPTION_NUMBER, 0, "mean-bytes", "N", .offset = FIELD(mean_bytes), .min = 60, .max = 1500,
         .help = "mean size of a packet's frame (default: 844)"},
	{OPTION_NUMBER, 0, "hits-per-thousand", "N", .offset = FIELD(hits_per_thousand),
         .max = 1000, .help = "flows that hit (default: 10)"},
	{OPTION_NUMBER, 0, "certificates", "N", .offset = FIELD(certificates_per_thousand),
         .max = 1000, .help = "TLS 1.2 with a certificate, of a thousand servers (default: 0)"},
	{OPTION_NUMBER, 0, "gzip", "N", .offset = FIELD(gzip_per_thousand), .max = 1000,
         .help = "bodies in gzip, of a thousand HTTP answers (default: 0)"},
	{OPTION_NUMBER, 0, "quic", "N", .offset = FIELD(quic_per_thousand), .max = 1000,
         .help = "QUIC, of a thousand flows of other UDP (default: 0)"},
	{OPTION_END},
};

static const struct command_line traffic_line = {
	"generate_traffic",
	"[options] -o FILE",
	"Writes a capture of the reference mix with known hits.",
	traffic_options,
	NULL,
};

// Runs all flows, `open` at once in turns drawn at random; bulk comes in short trains.
static void run_flows(struct traffic_plan *plan, uint32_t open, struct traffic_output *output,
                      struct traffic_flow **slots)
{
	uint32_t started = 0, active = 0;

	while (active < open && started < plan->flow_count)
		slots[active++] = &plan->flows[started++];
	while (active > 0) {
		const uint32_t slot = traffic_random_below(&output->random, active);
		struct traffic_flow *flow = slots[slot];
		uint32_t train = 1 + traffic_random_below(&output->random, TRAIN_MAX);
		enum packet_class class;

		do {
			output->writer.time_ns = START_NS + (int64_t)(output->writer.packets *
			                                              SPAN_NS / plan->packet_count);
			class = traffic_flow_step(flow, output);
		} while (class == CLASS_BULK && --train > 0 && !traffic_flow_is_done(flow));
		if (!traffic_flow_is_done(flow))
			continue;
		slots[slot] = started < plan->flow_count ? &plan->flows[started++]
		                                         : slots[--active];
	}
}

static void print_summary(const struct traffic_plan *plan, const struct traffic_output *output,
                          uint32_t open)
{
	const uint64_t packets = output->writer.packets;
	uint32_t kinds[FLOW_KIND_COUNT] = {0}, hits = 0, one_sided = 0;

	for (uint32_t i = 0; i < plan->flow_count; i++) {
		kinds[plan->flows[i].kind]++;
		hits += plan->flows[i].plant != NO_PLANT;
		one_sided += plan->flows[i].is_one_sided;
	}
	(void)printf("{\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"mean_bytes\":%.1f,"
	             "\"flows\":%" PRIu32 ",\"open\":%" PRIu32 ",\"flows_hit\":%" PRIu32
	             ",\"flows_one_sided\":%" PRIu32 ",\"indicators\":%" PRIu32 ",",
	             packets, output->writer.bytes, (double)output->writer.bytes / (double)packets,
	             plan->flow_count, open, hits, one_sided, plan->plant_count);
	(void)printf("\"flow_shares\":{\"dns\":%.3f,\"tls\":%.3f,\"http\":%.3f,\"udp\":%.3f},",
	             (double)kinds[FLOW_DNS] / plan->flow_count,
	             (double)kinds[FLOW_TLS] / plan->flow_count,
	             (double)kinds[FLOW_HTTP] / plan->flow_count,
	             (double)kinds[FLOW_UDP] / plan->flow_count);
	(void)printf("\"packet_shares\":{\"dns\":%.3f,\"message\":%.3f,\"handshake\":%.3f,"
	             "\"bulk\":%.3f},\"body_bytes\":%" PRIu64 "}\n",
	             (double)output->classes[CLASS_DNS] / (double)packets,
	             (double)output->classes[CLASS_MESSAGE] / (double)packets,
	             (double)output->classes[CLASS_HANDSHAKE] / (double)packets,
	             (double)output->classes[CLASS_BULK] / (double)packets, output->body_bytes);
}

// Closes `file` and says whether everything was written.
static int finish(FILE *file, const char *path)
{
	const bool has_error = ferror(file) != 0;

	if (fclose(file) == 0 && !has_error)
		return 0;
	perror(path);
	return -EIO;
}

static int write_feed(const struct traffic_plan *plan, const char *path)
{
	char text[TRAFFIC_TEXT_BYTES];
	FILE *file = fopen(path, "we");

	if (file == NULL) {
		perror(path);
		return -errno;
	}
	(void)fprintf(file, "# planted in the generated capture\n");
	for (uint32_t i = 0; i < plan->plant_count; i++) {
		traffic_plan_listed((uint16_t)i, text);
		(void)fprintf(file, "%s\n", text);
	}
	return finish(file, path);
}

static int write_truth(const struct traffic_plan *plan, const char *path)
{
	char listed[TRAFFIC_TEXT_BYTES], src[ADDRESS_TEXT_BYTES], dst[ADDRESS_TEXT_BYTES];
	FILE *file = fopen(path, "we");

	if (file == NULL) {
		perror(path);
		return -errno;
	}
	for (uint32_t i = 0; i < plan->flow_count; i++) {
		const struct traffic_flow *flow = &plan->flows[i];

		if (flow->plant == NO_PLANT)
			continue;
		traffic_plan_listed(flow->plant, listed);
		normalize_format_address(&flow->client.address, src);
		normalize_format_address(&flow->server.address, dst);
		(void)fprintf(file,
		              "{\"indicator\":\"%s\",\"proto\":\"%s\",\"client\":\"%s\","
		              "\"client_port\":%u,\"server\":\"%s\",\"server_port\":%u}\n",
		              listed,
		              flow->kind == FLOW_DNS || flow->kind == FLOW_UDP ? "UDP" : "TCP", src,
		              flow->client.port, dst, flow->server.port);
	}
	return finish(file, path);
}

static int write_capture(struct traffic_plan *plan, const struct traffic_values *values)
{
	struct traffic_gzip gzip;
	struct traffic_output output = {.mean_bytes = values->mean_bytes,
	                                .random = {values->seed ^ UINT64_C(0x5eed)},
	                                .gzip = &gzip};
	FILE *file = fopen(values->capture_path, "we");
	struct traffic_flow **slots = calloc(values->open, sizeof(struct traffic_flow *));

	if (file == NULL || slots == NULL || !traffic_gzip_make(&gzip, values->seed)) {
		perror(values->capture_path);
		free(slots);
		return file != NULL ? fclose(file), -ENOMEM : -ENOENT;
	}
	(void)setvbuf(file, NULL, _IOFBF, WRITE_BUFFER_BYTES);
	if (traffic_writer_start(&output.writer, file, START_NS))
		run_flows(plan, (uint32_t)values->open, &output, slots);
	print_summary(plan, &output, (uint32_t)values->open);
	buffer_close(&output.message);
	buffer_close(&output.hello);
	free(slots);
	if (output.has_failed)
		(void)fprintf(stderr, "generate_traffic: OpenSSL cannot encrypt\n");
	const int error = finish(file, values->capture_path);
	return output.has_failed ? -ENOMEM : error;
}

static int generate(struct traffic_values *values)
{
	struct traffic_plan plan;
	int error;

	if (values->flows == 0)
		values->flows = values->packets * 2 / 21;
	if (values->open == 0)
		values->open = values->flows / 4 + 1;
	const struct traffic_plan_options options = {
		.seed = values->seed,
		.packet_count = values->packets,
		.flow_count = (uint32_t)values->flows,
		.hits_per_thousand = (uint32_t)values->hits_per_thousand,
		.certificates_per_thousand = (uint32_t)values->certificates_per_thousand,
		.gzip_per_thousand = (uint32_t)values->gzip_per_thousand,
		.quic_per_thousand = (uint32_t)values->quic_per_thousand,
	};
	error = traffic_plan_make(&options, &plan);
	if (error < 0) {
		(void)fprintf(stderr, "generate_traffic: %s\n",
		              error == -EINVAL ? "too few packets for so many flows"
		                               : strerror(-error));
		return error;
	}
	if (values->feed_path != NULL)
		error = write_feed(&plan, values->feed_path);
	if (error == 0 && values->truth_path != NULL)
		error = write_truth(&plan, values->truth_path);
	if (error == 0)
		error = write_capture(&plan, values);
	traffic_plan_close(&plan);
	return error;
}

int main(int argc, char **argv)
{
	struct traffic_values values = {
		.seed = 1, .packets = 2100000, .mean_bytes = 844, .hits_per_thousand = 10};

	switch (options_parse(&traffic_line, argc, argv, &values)) {
	case OPTIONS_HELP:
		return 0;
	case OPTIONS_WRONG:
		return 2;
	default:
		break;
	}
	if (values.capture_path == NULL) {
		options_complain(&traffic_line, "which file to write (-o FILE)?");
		return 2;
	}
	return generate(&values) == 0 ? 0 : 2;
}
