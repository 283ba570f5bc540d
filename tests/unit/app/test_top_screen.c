// The screen of `sekisho top`, from figures that never change.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/top_figures.h"
#include "app/top_screen.h"
#include "base/timestamp.h"
#include "tests/helpers/sample_figures.h"
#include "tests/unit/unit_test.h"

struct fixture {
	struct daemon_figures figures[2];
	struct metrics_reading readings[2];
	struct buffer text;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	sample_figures(&fixture->figures[0], 1);
	sample_figures(&fixture->figures[1], 3);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	buffer_close(&fixture->text);
	free(fixture);
	return 0;
}

// Two seconds lie between the two.
static const char *render(struct fixture *fixture)
{
	const struct top_view view = {
		.before = &fixture->readings[0],
		.now = &fixture->readings[1],
		.seconds = 2,
		.wall_ns = INT64_C(1790000400) * NS_PER_S,
	};

	for (unsigned i = 0; i < 2; i++) {
		buffer_clear(&fixture->text);
		metrics_render(&fixture->figures[i], &fixture->text);
		metrics_read(buffer_slice(&fixture->text), &fixture->readings[i]);
	}
	buffer_clear(&fixture->text);
	top_screen_render(&view, &fixture->text);
	buffer_append_byte(&fixture->text, '\0');
	return (const char *)fixture->text.data;
}

static void assert_line(struct fixture *fixture, const char *line)
{
	const char *text = render(fixture);

	if (strstr(text, line) == NULL)
		fail_msg("no line \"%s\" in\n%s", line, text);
}

static void the_whole_screen_is_as_it_should_be(void **state)
{
	assert_string_equal(
		render(*state),
		"sekisho 0.1.0  inline-xdp (xdp-copy)  up 6 min  fail-open  2026-09-21T14:20:00Z\n"
		"database  deadbeef, generation 7, 1,100,000 indicators, 123.5 MB\n"
		"reloads   6, 1 FAILED; in force for 4 min, taken in 0.042 s, 2 databases held\n"
		"links     eth0 up a\"b\\c DOWN\n"
		"output    1,920 hits written (640/s), 31 sightings, 198 LOST: ring full, 2 NOT "
		"WRITTEN\n"
		"\n"
		"per second   packets      bits     hits   dropped    missed    unsent  batch\n"
		"worker 0      1.00 M    5.60 G      321       615       100        17   63.2\n"
		"worker 1      2.00 M   11.20 G      642      1230       200        34   63.2\n"
		"all           3.00 M   16.80 G      963      1845       300        51   63.2\n"
		"\n"
		"dropped            per second             in all\n"
		"address                   300                900\n"
		"dns                       303                909\n"
		"tls                       306                918\n"
		"http                      309                927\n"
		"condemned                 312                936\n"
		"no-database               315                945\n"
		"\n"
		"tables    flows 10,009 of 2,000,000 (0.5 %); streams 409 of 80,000 (0.5 %); "
		"condemned 55; 126 flows EVICTED\n"
		"latency   50% < 4.1 us, 90% < 65.5 us, 99% < 131.1 us, 99.9% < 131.1 us\n"
		"cycles    receive 50 decode 51 flow 52 extract 53 match 54 release 55, in all 315 "
		"a packet\n"
		"\n"
		"XDP on eth0: native, generation 7, 1,000,000 hosts, 100,000 networks, 150.0 MB\n"
		"passed                   10 k             30,000\n"
		"copied                   10 k             30,003\n"
		"handed-over              10 k             30,006\n"
		"forwarded                10 k             30,009\n"
		"drop-address             10 k             30,012\n"
		"drop-condemned           10 k             30,015\n"
		"drop-stale               10 k             30,018\n"
		"would-drop               10 k             30,021\n"
		"vetoed                   10 k             30,024\n"
		"not-ip                   10 k             30,027\n"
		"malformed                10 k             30,030\n"
		"copy-lost                10 k             30,033\n"
		"\n"
		"XDP on eth1: native, generation 7, 1,000,000 hosts, 100,000 networks, 150.0 MB\n"
		"passed                   20 k             60,000\n"
		"copied                   20 k             60,006\n"
		"handed-over              20 k             60,012\n"
		"forwarded                20 k             60,018\n"
		"drop-address             20 k             60,024\n"
		"drop-condemned           20 k             60,030\n"
		"drop-stale               20 k             60,036\n"
		"would-drop               20 k             60,042\n"
		"vetoed                   20 k             60,048\n"
		"not-ip                   20 k             60,054\n"
		"malformed                20 k             60,060\n"
		"copy-lost                20 k             60,066\n");
}

static void a_bare_sensor_shows_what_it_has(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned i = 0; i < 2; i++)
		fixture->figures[i] = (struct daemon_figures){
			.version = "1", .mode = "tap", .backend = "pcap", .worker_count = 1};
	assert_string_equal(
		render(fixture),
		"sekisho 1  tap (pcap)  up 20717 days  2026-09-21T14:20:00Z\n"
		"database  NONE\n"
		"reloads   0\n"
		"output    0 hits written (0/s), 0 sightings\n"
		"\n"
		"per second   packets      bits     hits   dropped    missed    unsent  batch\n"
		"worker 0           0         0        0         0         0         0    0.0\n"
		"\n"
		"tables    flows 0; streams 0; condemned 0\n");
}

static void what_is_wrong_is_in_capitals(void **state)
{
	struct fixture *fixture = *state;

	fixture->figures[1].is_dry_run = true;
	fixture->figures[1].workers[1].beat_ns -= 4 * NS_PER_S;
	fixture->figures[1].workers[0].counters.flows_evicted = 5;
	fixture->figures[1].xdp[0].is_stale = true;
	fixture->figures[1].xdp[1].is_native = false;
	fixture->figures[1].workers[0].generation = 6;
	assert_line(fixture, "DRY RUN");
	assert_line(fixture, "SILENT for 4.0 s");
	assert_line(fixture, "flows EVICTED");
	assert_line(fixture, ", STALE\n");
	assert_line(fixture, "XDP on eth1: GENERIC");
	assert_line(fixture, "  generation 6\n");
	fixture->figures[1].has_database = false;
	assert_line(fixture, "database  NONE\n");
}

static void counters_that_began_anew_give_no_nonsense(void **state)
{
	struct fixture *fixture = *state;

	sample_figures(&fixture->figures[0], 1000);
	assert_line(fixture, "worker 0      1.50 M");
	assert_int_equal(top_grown(10, 4), 4);
	assert_int_equal(top_grown(4, 10), 6);
}

static void percentiles_are_bounds_of_buckets(void **state)
{
	struct sensor_figures figures = {.latency = {[0] = 50, [3] = 49, [23] = 1}};
	struct sensor_figures nothing = {0};

	(void)state;
	assert_int_equal(top_percentile(&figures, 500), 64);
	assert_int_equal(top_percentile(&figures, 501), 512);
	assert_int_equal(top_percentile(&figures, 990), 512);
	assert_true(top_percentile(&figures, 999) == UINT64_MAX);
	assert_int_equal(top_percentile(&nothing, 500), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_whole_screen_is_as_it_should_be),
		TEST(a_bare_sensor_shows_what_it_has),
		TEST(what_is_wrong_is_in_capitals),
		TEST(counters_that_began_anew_give_no_nonsense),
		TEST(percentiles_are_bounds_of_buckets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
