#include <inttypes.h>
#include <string.h>

#include "app/config_print_parts.h"

static void print_size(FILE *file, const char *key, uint64_t size)
{
	if (size > 0)
		(void)fprintf(file, "%s: %" PRIu64 "\n", key, size);
}

static void print_links(FILE *file, const struct sensor_config *sensor)
{
	(void)fprintf(file, "  links:\n");
	for (unsigned i = 0; i < sensor->link_count; i++) {
		config_print_text(file, "    - device", sensor->links[i].device);
		config_print_text(file, "      peer", sensor->links[i].peer);
	}
}

static void print_workers(FILE *file, const struct sensor_config *sensor)
{
	(void)fprintf(file, "  workers: %u\n", sensor->worker_count);
	if (sensor->cpus == NULL)
		return;
	(void)fprintf(file, "  cpus: [");
	for (unsigned i = 0; i < sensor->worker_count; i++)
		(void)fprintf(file, "%s%u", i > 0 ? ", " : "", sensor->cpus[i]);
	(void)fprintf(file, "]\n");
}

// What the mode heeds: what it does not is refused when it is read.
static void print_of_mode(FILE *file, const struct sensor_config *sensor)
{
	bool is_afxdp = strcmp(sensor->backend, "afxdp") == 0;

	if (sensor->mode == SENSOR_TAP) {
		(void)fprintf(file, "  backend: %s\n", sensor->backend);
	} else {
		(void)fprintf(file, "  fail: %s\n", sensor->is_fail_closed ? "closed" : "open");
		config_print_flag(file, "  dry-run", sensor->is_dry_run);
	}
	if (sensor->mode == SENSOR_INLINE_AFXDP || sensor->mode == SENSOR_INLINE_DPDK) {
		config_print_flag(file, "  resets", sensor->has_resets);
		config_print_flag(file, "  nxdomain", sensor->has_nxdomain);
	}
	config_print_flag(file, "  checksums", sensor->must_check_sums);
	config_print_flag(file, "  local-dns", sensor->has_local_dns);
	print_size(file, "  rate", sensor->packets_per_s);
	config_print_words(file, "  dpdk-arguments", sensor->dpdk_arguments,
	                   sensor->dpdk_argument_count);
	if (is_afxdp)
		config_print_flag(file, "  xdp-copy", sensor->must_copy);
	if (is_afxdp || sensor->mode == SENSOR_INLINE_XDP)
		config_print_flag(file, "  xdp-generic", sensor->is_xdp_generic);
	print_size(file, "  xdp-flow-slots", sensor->xdp_flow_slots);
	config_print_text(file, "  xdp-pins", sensor->pin_path);
}

static void print_outputs(FILE *file, const struct sensor_config *sensor)
{
	config_print_text(file, "  hits", sensor->hits_path);
	config_print_text(file, "  sightings", sensor->sightings_path);
	if (sensor->sightings_path != NULL)
		(void)fprintf(file, "  window: %" PRIu32 "s\n", sensor->window_s);
	config_print_text(file, "  control", sensor->control_path);
	config_print_text(file, "  metrics",
	                  sensor->metrics_address != NULL ? sensor->metrics_address : "none");
	config_print_text(file, "  user", sensor->user);
	config_print_text(file, "  public-key", sensor->public_key_path);
}

void config_print_sensor(FILE *file, const struct sensor_config *sensor)
{
	if (sensor->link_count == 0)
		return;
	(void)fprintf(file, "sensor:\n");
	config_print_text(file, "  name", sensor->name);
	(void)fprintf(file, "  mode: %s\n", sensor_mode_name(sensor->mode));
	print_links(file, sensor);
	print_workers(file, sensor);
	print_of_mode(file, sensor);
	config_print_flag(file, "  promiscuous", sensor->is_promiscuous);
	config_print_flag(file, "  busy-poll", sensor->is_busy);
	(void)fprintf(file, "  stale: %" PRIu32 "s\n", sensor->stale_ms / 1000);
	print_size(file, "  flow-memory", sensor->flow_budget_bytes);
	print_size(file, "  stream-memory", sensor->stream_budget_bytes);
	print_size(file, "  buffer", sensor->buffer_bytes);
	print_outputs(file, sensor);
}
