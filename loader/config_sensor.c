#include "loader/config_sensor.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loader/config_reading.h"
#include "loader/config_sensor_checks.h"
#include "loader/config_text.h"

enum {
	WORKERS_MAX = 64, // dataplane/sensor.h
	CPU_MAX = 4095,
	STALE_DEFAULT_S = 2,
	STALE_MAX_S = 3600,
	WINDOW_DEFAULT_S = 3600,
	WINDOW_MAX_S = 24 * 3600,
	BACKEND_COUNT = 5,
	DPDK_ARGUMENTS_MAX = 64,
};
#define MEMORY_LEAST   (UINT64_C(1) << 20)
#define MEMORY_MOST    (UINT64_C(1) << 40)
#define RATE_MOST      UINT64_C(1000000000)
#define FLOW_SLOTS_MIN (UINT64_C(1) << 10)
#define FLOW_SLOTS_MAX (UINT64_C(1) << 26)

const char *sensor_mode_name(unsigned mode)
{
	static const char *const names[] = {
		[SENSOR_TAP] = "tap",
		[SENSOR_INLINE_XDP] = "inline-xdp",
		[SENSOR_INLINE_AFXDP] = "inline-afxdp",
		[SENSOR_INLINE_DPDK] = "inline-dpdk",
	};

	static_assert(sizeof(names) / sizeof(names[0]) == SENSOR_MODE_COUNT, "all named");
	return names[mode];
}

static const char *backend_name(unsigned backend)
{
	static const char *const names[] = {"af-packet", "pcap", "afxdp", "dpdk", "replay"};

	static_assert(sizeof(names) / sizeof(names[0]) == BACKEND_COUNT, "all counted");
	return names[backend];
}

static const char *fail_name(unsigned fail)
{
	return fail == 0 ? "open" : "closed";
}

static void read_mode(struct config_reading *reading, const struct raw_sensor *raw,
                      struct sensor_config *sensor)
{
	static const char *const backends[] = {
		[SENSOR_TAP] = "af-packet",
		[SENSOR_INLINE_XDP] = "xdp-copy",
		[SENSOR_INLINE_AFXDP] = "afxdp",
		[SENSOR_INLINE_DPDK] = "dpdk",
	};
	int choice;

	if (raw->mode != NULL) {
		choice = config_read_choice(reading, "mode", raw->mode, SENSOR_MODE_COUNT,
		                            sensor_mode_name);
		sensor->mode = choice >= 0 ? (enum sensor_mode)choice : SENSOR_TAP;
	}
	sensor->backend = backends[sensor->mode];
	if (raw->backend != NULL) {
		choice = config_read_choice(reading, "backend", raw->backend, BACKEND_COUNT,
		                            backend_name);
		if (choice >= 0 && sensor->mode == SENSOR_TAP)
			sensor->backend = backend_name((unsigned)choice);
	}
	if (raw->fail != NULL) {
		choice = config_read_choice(reading, "fail", raw->fail, 2, fail_name);
		sensor->is_fail_closed = choice == 1;
	}
}

static void read_links(struct config_reading *reading, const struct raw_sensor *raw,
                       struct sensor_config *sensor)
{
	struct sensor_link_config *links = config_allocate(reading, raw->links_count,
	                                                   sizeof(*links));
	bool is_replay = strcmp(sensor->backend, "replay") == 0;

	for (unsigned i = 0; links != NULL && i < raw->links_count; i++) {
		const struct raw_link *link = &raw->links[i];

		links[i].device = is_replay ? config_keep_path(reading, link->device)
		                            : config_keep(reading, link->device);
		links[i].peer = config_keep(reading, link->peer);
	}
	sensor->links = links;
	sensor->link_count = links != NULL ? raw->links_count : 0;
}

static void read_workers(struct config_reading *reading, const struct raw_sensor *raw,
                         struct sensor_config *sensor)
{
	const struct config_bounds of_workers = {1, WORKERS_MAX};
	const struct config_bounds of_cpus = {0, CPU_MAX};
	uint16_t *cpus = config_allocate(reading, raw->cpus_count, sizeof(*cpus));
	uint64_t workers = raw->cpus_count > 0 ? raw->cpus_count : 1;
	char field[CONFIG_FIELD_BYTES];

	config_read_number(reading, "workers", raw->workers, &of_workers, &workers);
	if (raw->cpus_count > 0 && workers != raw->cpus_count)
		config_mistake(reading, "cpus", "%u of them for %u workers", raw->cpus_count,
		               (unsigned)workers);
	else if (workers > WORKERS_MAX)
		config_mistake(reading, "cpus", "more than %d workers", WORKERS_MAX);
	for (unsigned i = 0; cpus != NULL && i < raw->cpus_count; i++) {
		uint64_t cpu = CPU_MAX + 1;

		(void)snprintf(field, sizeof(field), "cpus[%u]", i);
		config_read_number(reading, field, raw->cpus[i], &of_cpus, &cpu);
		cpus[i] = (uint16_t)cpu;
		for (unsigned j = 0; j < i; j++)
			if (cpu <= CPU_MAX && cpus[j] == cpu)
				config_mistake(reading, field, "CPU %s has a worker already",
				               raw->cpus[i]);
	}
	sensor->worker_count = (unsigned)workers;
	sensor->cpus = raw->cpus_count > 0 ? cpus : NULL;
}

static void read_size(struct config_reading *reading, const char *field, const char *text,
                      size_t *value)
{
	uint64_t size;

	if (text == NULL)
		return;
	if (config_text_size(text, &size) < 0)
		config_mistake(reading, field, "'%s' is not a size (65536, 64K, 512M, 2G)", text);
	else if (size < MEMORY_LEAST || size > MEMORY_MOST)
		config_mistake(reading, field, "'%s' is not between 1M and 1024G", text);
	else
		*value = size;
}

static void read_amounts(struct config_reading *reading, const struct raw_sensor *raw,
                         struct sensor_config *sensor)
{
	const struct config_bounds of_stale = {1, STALE_MAX_S};
	const struct config_bounds of_window = {1, WINDOW_MAX_S};
	const struct config_bounds of_rate = {1, RATE_MOST};
	const struct config_bounds of_slots = {FLOW_SLOTS_MIN, FLOW_SLOTS_MAX};
	uint32_t stale_s = STALE_DEFAULT_S;
	uint64_t slots = 0;

	sensor->window_s = WINDOW_DEFAULT_S;
	config_read_duration(reading, "stale", raw->stale, &of_stale, &stale_s);
	config_read_duration(reading, "window", raw->window, &of_window, &sensor->window_s);
	config_read_number(reading, "rate", raw->rate, &of_rate, &sensor->packets_per_s);
	config_read_number(reading, "xdp-flow-slots", raw->xdp_flow_slots, &of_slots, &slots);
	if ((slots & (slots - 1)) != 0)
		config_mistake(reading, "xdp-flow-slots", "'%s' is not a power of two",
		               raw->xdp_flow_slots);
	sensor->stale_ms = stale_s * 1000;
	sensor->xdp_flow_slots = (uint32_t)slots;
	read_size(reading, "flow-memory", raw->flow_memory, &sensor->flow_budget_bytes);
	read_size(reading, "stream-memory", raw->stream_memory, &sensor->stream_budget_bytes);
	read_size(reading, "buffer", raw->buffer, &sensor->buffer_bytes);
}

static void read_flags(struct config_reading *reading, const struct raw_sensor *raw,
                       struct sensor_config *sensor)
{
	sensor->is_promiscuous = true;
	config_read_bool(reading, "dry-run", raw->dry_run, &sensor->is_dry_run);
	config_read_bool(reading, "resets", raw->resets, &sensor->has_resets);
	config_read_bool(reading, "nxdomain", raw->nxdomain, &sensor->has_nxdomain);
	config_read_bool(reading, "checksums", raw->checksums, &sensor->must_check_sums);
	config_read_bool(reading, "local-dns", raw->local_dns, &sensor->has_local_dns);
	config_read_bool(reading, "promiscuous", raw->promiscuous, &sensor->is_promiscuous);
	config_read_bool(reading, "busy-poll", raw->busy_poll, &sensor->is_busy);
	config_read_bool(reading, "xdp-generic", raw->xdp_generic, &sensor->is_xdp_generic);
	config_read_bool(reading, "xdp-copy", raw->xdp_copy, &sensor->must_copy);
}

static const char *keep_name(struct config_reading *reading, const char *name)
{
	char host[HOST_NAME_MAX + 1] = "";

	if (name != NULL)
		return config_keep(reading, name);
	(void)gethostname(host, sizeof(host) - 1);
	return config_keep(reading, host[0] != '\0' ? host : "sekisho");
}

// "none" is a way to say NULL where there is a default.
static const char *unless_none(const char *text, const char *otherwise)
{
	if (text == NULL)
		return otherwise;
	return strcmp(text, "none") == 0 ? NULL : text;
}

static void read_outputs(struct config_reading *reading, const struct raw_sensor *raw,
                         struct sensor_config *sensor)
{
	bool is_stdout = raw->hits == NULL || strcmp(raw->hits, "-") == 0;

	sensor->name = keep_name(reading, raw->name);
	sensor->hits_path = is_stdout ? "-" : config_keep_path(reading, raw->hits);
	sensor->sightings_path = config_keep_path(reading, raw->sightings);
	sensor->control_path = config_keep_path(
		reading, raw->control != NULL ? raw->control : "/run/sekisho/control.sock");
	sensor->metrics_address = config_keep(reading, unless_none(raw->metrics, "127.0.0.1:9477"));
	sensor->user = config_keep(reading, raw->user);
	sensor->public_key_path = config_keep_path(reading, raw->public_key);
	sensor->pin_path = config_keep(reading, raw->xdp_pins);
	if (raw->dpdk_arguments_count > DPDK_ARGUMENTS_MAX)
		config_mistake(reading, "dpdk-arguments", "more than %d", DPDK_ARGUMENTS_MAX);
	sensor->dpdk_arguments = config_keep_words(reading, raw->dpdk_arguments,
	                                           raw->dpdk_arguments_count);
	sensor->dpdk_argument_count = raw->dpdk_arguments_count;
}

void config_read_sensor(struct config_reading *reading, const struct raw_sensor *raw,
                        struct config *config)
{
	static const struct raw_sensor nothing;
	struct sensor_config *sensor = config_allocate(reading, 1, sizeof(*sensor));
	const struct raw_sensor *said = raw != NULL ? raw : &nothing;

	if (sensor == NULL)
		return;
	(void)strcpy(reading->within, "sensor");
	read_mode(reading, said, sensor);
	read_links(reading, said, sensor);
	read_workers(reading, said, sensor);
	read_amounts(reading, said, sensor);
	read_flags(reading, said, sensor);
	read_outputs(reading, said, sensor);
	if (raw != NULL && !reading->is_out_of_memory)
		config_sensor_check(reading, raw, sensor);
	reading->within[0] = '\0';
	config->sensor = sensor;
}
