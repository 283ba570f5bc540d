#include "loader/config_sensor_checks.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "loader/config_text.h"

static bool is_pair(enum sensor_mode mode)
{
	return mode == SENSOR_INLINE_AFXDP || mode == SENSOR_INLINE_DPDK;
}

static bool is_backend(const struct sensor_config *sensor, const char *name)
{
	return strcmp(sensor->backend, name) == 0;
}

static bool has_xdp(const struct sensor_config *sensor)
{
	return is_backend(sensor, "afxdp") || is_backend(sensor, "xdp-copy");
}

// A network interface of the kernel: libbpf and sockets take its name as it is.
static void check_device(struct config_reading *reading, const struct sensor_config *sensor,
                         const char *field, const char *device)
{
	if (is_backend(sensor, "dpdk") || is_backend(sensor, "replay"))
		return;
	if (strlen(device) >= IFNAMSIZ || strpbrk(device, "/ ") != NULL)
		config_mistake(reading, field, "'%s' is not the name of a network interface",
		               device);
}

// `place`: 2 * link, and 1 more for the peer. NULL: there is none.
static const char *device_at(const struct sensor_config *sensor, unsigned place)
{
	const struct sensor_link_config *link = &sensor->links[place / 2];

	return place % 2 == 0 ? link->device : link->peer;
}

static void check_twice(struct config_reading *reading, const struct sensor_config *sensor,
                        const char *field, unsigned place)
{
	const char *device = device_at(sensor, place);

	for (unsigned i = 0; i < place; i++) {
		const char *other = device_at(sensor, i);

		if (other == NULL || strcmp(other, device) != 0)
			continue;
		config_mistake(reading, field, "'%s' is there already", device);
		return;
	}
}

static void check_link(struct config_reading *reading, const struct sensor_config *sensor,
                       unsigned index)
{
	const struct sensor_link_config *link = &sensor->links[index];
	char field[CONFIG_FIELD_BYTES];

	(void)snprintf(field, sizeof(field), "links[%u].device", index);
	check_device(reading, sensor, field, link->device);
	check_twice(reading, sensor, field, 2 * index);
	(void)snprintf(field, sizeof(field), "links[%u].peer", index);
	if (link->peer == NULL) {
		if (is_pair(sensor->mode))
			config_mistake(reading, field,
			               "is missing: what passes '%s' leaves by another device",
			               link->device);
		return;
	}
	if (!is_pair(sensor->mode))
		config_mistake(reading, field, "mode %s does not forward to another device",
		               sensor_mode_name(sensor->mode));
	check_device(reading, sensor, field, link->peer);
	check_twice(reading, sensor, field, 2 * index + 1);
}

static void check_links(struct config_reading *reading, const struct sensor_config *sensor)
{
	if (sensor->link_count == 0)
		config_mistake(reading, "links", "is missing: at least one '- device: NAME'");
	else if (sensor->link_count > SENSOR_LINKS_MAX)
		config_mistake(reading, "links", "more than %d", SENSOR_LINKS_MAX);
	else if (sensor->link_count > 1 && is_backend(sensor, "replay"))
		config_mistake(reading, "links", "one capture at a time is replayed");
	for (unsigned i = 0; i < sensor->link_count && i < SENSOR_LINKS_MAX; i++)
		check_link(reading, sensor, i);
}

// A field that only some modes heed is a mistake in the others, not silently without effect.
static void refuse(struct config_reading *reading, const char *field, const char *text,
                   const char *why)
{
	if (text != NULL)
		config_mistake(reading, field, "%s", why);
}

static void check_mode(struct config_reading *reading, const struct raw_sensor *raw,
                       const struct sensor_config *sensor)
{
	if (sensor->mode != SENSOR_TAP)
		refuse(reading, "backend", raw->backend, "is for taps; the others have their own");
	if (sensor->mode == SENSOR_TAP) {
		refuse(reading, "fail", raw->fail, "a tap holds nothing up: nothing can fail");
		refuse(reading, "dry-run", raw->dry_run, "a tap never drops anything");
	}
	if (sensor->has_resets && !is_pair(sensor->mode))
		config_mistake(reading, "resets", "mode %s sends nothing",
		               sensor_mode_name(sensor->mode));
	if (sensor->has_nxdomain && !is_pair(sensor->mode))
		config_mistake(reading, "nxdomain", "mode %s sends nothing",
		               sensor_mode_name(sensor->mode));
	if (!is_backend(sensor, "replay"))
		refuse(reading, "rate", raw->rate, "is for the backend replay");
	if (!is_backend(sensor, "dpdk") && raw->dpdk_arguments_count > 0)
		config_mistake(reading, "dpdk-arguments", "is for DPDK");
	if (!is_backend(sensor, "afxdp"))
		refuse(reading, "xdp-copy", raw->xdp_copy, "is for AF_XDP");
	if (!has_xdp(sensor)) {
		const char *why = "is for modes with the XDP program";

		refuse(reading, "xdp-generic", raw->xdp_generic, why);
		refuse(reading, "xdp-flow-slots", raw->xdp_flow_slots, why);
		refuse(reading, "xdp-pins", raw->xdp_pins, why);
	}
}

// "127.0.0.1:9477", "[::1]:9477"
static bool is_metrics_address(const char *text)
{
	const char *colon = strrchr(text, ':');
	uint64_t port;

	if (colon == NULL || colon == text || config_text_number(colon + 1, &port) < 0)
		return false;
	if (memchr(text, ':', (size_t)(colon - text)) != NULL &&
	    (text[0] != '[' || colon[-1] != ']'))
		return false;
	return port >= 1 && port <= UINT16_MAX;
}

static void check_outputs(struct config_reading *reading, const struct raw_sensor *raw,
                          const struct sensor_config *sensor)
{
	if (sensor->metrics_address != NULL && !is_metrics_address(sensor->metrics_address))
		config_mistake(reading, "metrics", "'%s' is not like 127.0.0.1:9477, or none",
		               raw->metrics);
	if (sensor->sightings_path == NULL)
		refuse(reading, "window", raw->window, "is of sightings, and there are none");
	if (sensor->pin_path != NULL && sensor->pin_path[0] != '/')
		config_mistake(reading, "xdp-pins", "'%s' is not a folder below a bpffs",
		               sensor->pin_path);
}

void config_sensor_check(struct config_reading *reading, const struct raw_sensor *raw,
                         const struct sensor_config *sensor)
{
	check_links(reading, sensor);
	check_mode(reading, raw, sensor);
	check_outputs(reading, raw, sensor);
}
