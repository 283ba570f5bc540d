#include "loader/config_sensor.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buffer.h"
#include "loader/config.h"
#include "tests/unit/unit_test.h"

// Every problem as "line field: text".
static void write_problem(void *context, const struct report *report, const struct problem *problem)
{
	(void)report;
	buffer_format(context, "%u %.*s: %.*s\n", (unsigned)problem->line,
	              SLICE_FORMAT(problem->object), SLICE_FORMAT(problem->detail));
}

static int read_text(const char *text, struct buffer *problems, struct config **ret_config)
{
	struct report report = {.each = write_problem, .each_context = problems};
	int error = config_read_text(slice_text(text), "/etc/x/sekisho.yaml", &report, ret_config);

	buffer_append_byte(problems, 0);
	report_clear(&report);
	return error;
}

static void assert_mistakes(const char *text, const char *expected)
{
	AUTO_BUFFER problems = {0};
	struct config *config = NULL;

	assert_int_equal(read_text(text, &problems, &config), -EINVAL);
	assert_null(config);
	assert_string_equal((const char *)problems.data, expected);
}

static struct config *read_right(const char *text)
{
	AUTO_BUFFER problems = {0};
	struct config *config = NULL;

	assert_int_equal(read_text(text, &problems, &config), 0);
	assert_string_equal((const char *)problems.data, "");
	return config;
}

static void without_a_sensor_there_are_no_links(void **state)
{
	AUTO(config) config = read_right("retention: 10d\n");

	(void)state;
	assert_non_null(config->sensor);
	assert_int_equal(config->sensor->link_count, 0);
}

static void a_tap_needs_a_device_and_nothing_else(void **state)
{
	AUTO(config) config = read_right("sensor:\n  links:\n    - device: eth0\n");
	const struct sensor_config *sensor = config->sensor;
	char host[256] = "";

	(void)state;
	(void)gethostname(host, sizeof(host) - 1);
	assert_string_equal(sensor->name, host);
	assert_int_equal(sensor->mode, SENSOR_TAP);
	assert_string_equal(sensor->backend, "af-packet");
	assert_int_equal(sensor->link_count, 1);
	assert_string_equal(sensor->links[0].device, "eth0");
	assert_null(sensor->links[0].peer);
	assert_int_equal(sensor->worker_count, 1);
	assert_null(sensor->cpus);
	assert_false(sensor->is_fail_closed || sensor->is_dry_run || sensor->is_busy);
	assert_true(sensor->is_promiscuous);
	assert_int_equal(sensor->stale_ms, 2000);
	assert_string_equal(sensor->hits_path, "-");
	assert_null(sensor->sightings_path);
	assert_int_equal(sensor->window_s, 3600);
	assert_string_equal(sensor->control_path, "/run/sekisho/control.sock");
	assert_string_equal(sensor->metrics_address, "127.0.0.1:9477");
	assert_null(sensor->user);
	assert_null(sensor->public_key_path);
}

static void every_field_of_an_inline_sensor_is_read(void **state)
{
	AUTO(config)
	config = read_right("sensor:\n"
	                    "  name: gate-1\n"
	                    "  mode: inline-afxdp\n"
	                    "  links:\n"
	                    "    - {device: eth0, peer: eth1}\n"
	                    "    - {device: eth2, peer: eth3}\n"
	                    "  workers: 2\n"
	                    "  cpus: [2, 5]\n"
	                    "  fail: closed\n"
	                    "  dry-run: yes\n"
	                    "  resets: yes\n"
	                    "  nxdomain: yes\n"
	                    "  checksums: yes\n"
	                    "  local-dns: yes\n"
	                    "  promiscuous: no\n"
	                    "  busy-poll: yes\n"
	                    "  stale: 5s\n"
	                    "  flow-memory: 64M\n"
	                    "  stream-memory: 32M\n"
	                    "  buffer: 16M\n"
	                    "  xdp-generic: yes\n"
	                    "  xdp-copy: yes\n"
	                    "  xdp-flow-slots: 65536\n"
	                    "  xdp-pins: /sys/fs/bpf/gate\n"
	                    "  hits: hits.json\n"
	                    "  sightings: /var/lib/sekisho/sightings\n"
	                    "  window: 10m\n"
	                    "  control: control.sock\n"
	                    "  metrics: none\n"
	                    "  user: sekisho\n"
	                    "  public-key: key.pem\n");
	const struct sensor_config *sensor = config->sensor;

	(void)state;
	assert_string_equal(sensor->name, "gate-1");
	assert_string_equal(sensor->backend, "afxdp");
	assert_int_equal(sensor->link_count, 2);
	assert_string_equal(sensor->links[1].device, "eth2");
	assert_string_equal(sensor->links[1].peer, "eth3");
	assert_int_equal(sensor->worker_count, 2);
	assert_int_equal(sensor->cpus[0], 2);
	assert_int_equal(sensor->cpus[1], 5);
	assert_true(sensor->is_fail_closed && sensor->is_dry_run && sensor->has_resets);
	assert_true(sensor->has_nxdomain && sensor->is_busy && sensor->is_xdp_generic);
	assert_true(sensor->must_copy && sensor->has_local_dns && sensor->must_check_sums);
	assert_false(sensor->is_promiscuous);
	assert_int_equal(sensor->stale_ms, 5000);
	assert_int_equal(sensor->flow_budget_bytes, 64 << 20);
	assert_int_equal(sensor->stream_budget_bytes, 32 << 20);
	assert_int_equal(sensor->buffer_bytes, 16 << 20);
	assert_int_equal(sensor->xdp_flow_slots, 65536);
	assert_string_equal(sensor->pin_path, "/sys/fs/bpf/gate");
	assert_string_equal(sensor->hits_path, "/etc/x/hits.json");
	assert_string_equal(sensor->sightings_path, "/var/lib/sekisho/sightings");
	assert_int_equal(sensor->window_s, 600);
	assert_string_equal(sensor->control_path, "/etc/x/control.sock");
	assert_null(sensor->metrics_address);
	assert_string_equal(sensor->user, "sekisho");
	assert_string_equal(sensor->public_key_path, "/etc/x/key.pem");
}

static void the_backend_of_an_inline_mode_is_its_own(void **state)
{
	AUTO(config)
	xdp = read_right("sensor: {mode: inline-xdp, links: [{device: eth0}]}\n");
	AUTO(config)
	dpdk = read_right("sensor:\n  mode: inline-dpdk\n"
	                  "  links: [{device: '0000:03:00.0', peer: '0000:03:00.1'}]\n"
	                  "  dpdk-arguments: ['-m', '1024']\n");

	(void)state;
	assert_string_equal(xdp->sensor->backend, "xdp-copy");
	assert_string_equal(dpdk->sensor->backend, "dpdk");
	assert_int_equal(dpdk->sensor->dpdk_argument_count, 2);
	assert_string_equal(dpdk->sensor->dpdk_arguments[1], "1024");
}

static void a_replayed_capture_is_a_path(void **state)
{
	AUTO(config)
	config = read_right("sensor: {backend: replay, links: [{device: a.pcap}], rate: 1000}\n");

	(void)state;
	assert_string_equal(config->sensor->links[0].device, "/etc/x/a.pcap");
	assert_int_equal(config->sensor->packets_per_s, 1000);
}

static void links_that_a_mode_cannot_have_are_told(void **state)
{
	(void)state;
	assert_mistakes("sensor:\n  mode: tap\n",
	                "2 sensor.links: is missing: at least one '- device: NAME'\n");
	assert_mistakes("sensor:\n  links:\n    - device: eth0\n      peer: eth1\n",
	                "4 sensor.links[0].peer: mode tap does not forward to another device\n");
	assert_mistakes("sensor:\n  mode: inline-dpdk\n  links:\n    - device: a\n",
	                "4 sensor.links[0].peer: is missing: what passes 'a' leaves by another "
	                "device\n");
	assert_mistakes("sensor:\n  links:\n    - device: eth0\n    - device: eth0\n",
	                "4 sensor.links[1].device: 'eth0' is there already\n");
	assert_mistakes("sensor:\n  mode: inline-afxdp\n  links:\n"
	                "    - {device: eth0, peer: eth0}\n",
	                "4 sensor.links[0].peer: 'eth0' is there already\n");
	assert_mistakes("sensor:\n  links:\n    - device: ../../dev/x\n",
	                "3 sensor.links[0].device: '../../dev/x' is not the name of a network "
	                "interface\n");
}

static void each_value_of_a_sensor_is_checked(void **state)
{
	static const char *const cases[][2] = {
		{"mode: bridge", "sensor.mode: 'bridge' is none of tap, inline-xdp, inline-afxdp, "
	                         "inline-dpdk"},
		{"backend: netmap",
	         "sensor.backend: 'netmap' is none of af-packet, pcap, afxdp, dpdk, replay"},
		{"workers: 65", "sensor.workers: '65' is not between 1 and 64"},
		{"cpus: [1, 1]", "sensor.cpus[1]: CPU 1 has a worker already"},
		{"cpus: [x]", "sensor.cpus[0]: 'x' is not a number"},
		{"fail: open", "sensor.fail: a tap holds nothing up: nothing can fail"},
		{"dry-run: yes", "sensor.dry-run: a tap never drops anything"},
		{"resets: yes", "sensor.resets: mode tap sends nothing"},
		{"rate: 5", "sensor.rate: is for the backend replay"},
		{"stale: 0s", "sensor.stale: '0s' is not between 1 s and 3600 s"},
		{"flow-memory: many", "sensor.flow-memory: 'many' is not a size (65536, 64K, 512M, "
	                              "2G)"},
		{"buffer: 4K", "sensor.buffer: '4K' is not between 1M and 1024G"},
		{"xdp-generic: yes", "sensor.xdp-generic: is for modes with the XDP program"},
		{"dpdk-arguments: -m", "sensor.dpdk-arguments: is for DPDK"},
		{"metrics: everywhere",
	         "sensor.metrics: 'everywhere' is not like 127.0.0.1:9477, or none"},
		{"metrics: '::1:9477'",
	         "sensor.metrics: '::1:9477' is not like 127.0.0.1:9477, or none"},
		{"window: 5m", "sensor.window: is of sightings, and there are none"},
	};
	char text[256], expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(text, sizeof(text), "sensor:\n  links:\n    - device: eth0\n  %s\n",
		               cases[i][0]);
		(void)snprintf(expected, sizeof(expected), "4 %s\n", cases[i][1]);
		assert_mistakes(text, expected);
	}
}

static void workers_and_cpus_are_as_many(void **state)
{
	(void)state;
	assert_mistakes("sensor:\n  links:\n    - device: eth0\n  workers: 3\n  cpus: [0, 1]\n",
	                "5 sensor.cpus: 2 of them for 3 workers\n");
}

static void slots_of_the_flow_array_are_a_power_of_two(void **state)
{
	(void)state;
	assert_mistakes("sensor:\n  mode: inline-xdp\n  links:\n    - device: eth0\n"
	                "  xdp-flow-slots: 3000\n",
	                "5 sensor.xdp-flow-slots: '3000' is not a power of two\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_sensor_there_are_no_links),
		cmocka_unit_test(a_tap_needs_a_device_and_nothing_else),
		cmocka_unit_test(every_field_of_an_inline_sensor_is_read),
		cmocka_unit_test(the_backend_of_an_inline_mode_is_its_own),
		cmocka_unit_test(a_replayed_capture_is_a_path),
		cmocka_unit_test(links_that_a_mode_cannot_have_are_told),
		cmocka_unit_test(each_value_of_a_sensor_is_checked),
		cmocka_unit_test(workers_and_cpus_are_as_many),
		cmocka_unit_test(slots_of_the_flow_array_are_a_power_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
