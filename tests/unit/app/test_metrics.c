// The table of metrics: what is rendered is read back the same, and what is no text of ours does no
// harm.
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/metrics_read.h"
#include "tests/helpers/sample_figures.h"
#include "tests/unit/unit_test.h"

struct fixture {
	struct daemon_figures figures;
	struct metrics_reading reading;
	struct buffer text;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	sample_figures(&fixture->figures, 1);
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

static const char *render(struct fixture *fixture)
{
	buffer_clear(&fixture->text);
	metrics_render(&fixture->figures, &fixture->text);
	buffer_append_byte(&fixture->text, '\0');
	assert_false(fixture->text.failed);
	return (const char *)fixture->text.data;
}

static const struct metrics_reading *read_text(struct fixture *fixture, const char *text)
{
	metrics_read(slice_text(text), &fixture->reading);
	return &fixture->reading;
}

static void names_are_as_prometheus_wants_them(void **state)
{
	(void)state;
	for (unsigned i = 0; i < metrics_count; i++) {
		const struct metric *metric = &metrics[i];
		struct slice name = slice_text(metric->name);

		assert_true(slice_starts_with(name, "sekisho_"));
		for (size_t j = 0; j < name.size; j++)
			assert_true(islower(name.data[j]) || isdigit(name.data[j]) ||
			            name.data[j] == '_');
		assert_int_equal(slice_ends_with(name, "_total"), metric->type == METRIC_COUNTER);
		if (metric->field == METRIC_NANOSECONDS)
			assert_true(slice_ends_with(name, "_seconds"));
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(metric->name, metrics[j].name);
	}
}

static void each_figure_stands_on_its_line(void **state)
{
	static const char *const lines[] = {
		"sekisho_info{version=\"0.1.0\",mode=\"inline-xdp\",backend=\"xdp-copy\"} 1\n",
		"sekisho_start_time_seconds 1790000000.123456789\n",
		"sekisho_reload_time_seconds 1790000100.5\n",
		"sekisho_database_info{build_id=\"deadbeef0000",
		"sekisho_database_hashes{algorithm=\"sha256\"} 3\n",
		"sekisho_dropped_packets_total{worker=\"1\",cause=\"tls\"} 204\n",
		"sekisho_link_up{device=\"a\\\"b\\\\c\"} 0\n",
		"sekisho_xdp_packets_total{device=\"eth1\",reason=\"drop-address\"} 20008\n",
		"sekisho_batch_packets_bucket{worker=\"0\",le=\"0\"} 300\n",
		"sekisho_batch_packets_bucket{worker=\"0\",le=\"3\"} 903\n",
		"sekisho_batch_packets_bucket{worker=\"0\",le=\"+Inf\"} 16121\n",
		"sekisho_batch_packets_sum{worker=\"0\"} 1000000\n",
		"sekisho_batch_packets_count{worker=\"0\"} 16121\n",
		"sekisho_worker_silent_seconds{worker=\"1\"} 0.001\n",
		"sekisho_latency_seconds_sum{worker=\"0\"} 1.234567891\n",
	};
	const char *text = render(*state);

	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (strstr(text, lines[i]) == NULL)
			fail_msg("missing: %s in\n%s", lines[i], text);
}

static void what_there_is_none_of_is_left_out(void **state)
{
	struct fixture *fixture = *state;
	const char *text;

	fixture->figures.has_database = false;
	fixture->figures.xdp_count = 0;
	fixture->figures.reloaded_ns = 0;
	text = render(fixture);
	assert_null(strstr(text, "sekisho_database_info"));
	assert_null(strstr(text, "sekisho_xdp_"));
	assert_null(strstr(text, "sekisho_reload_time_seconds"));
	assert_non_null(strstr(text, "sekisho_database_loaded 0\n"));
	assert_int_equal(read_text(fixture, text)->figures.xdp_count, 0);
}

static void what_was_rendered_is_read_back(void **state)
{
	struct fixture *fixture = *state;
	const char *text = render(fixture);
	const struct metrics_reading *reading = read_text(fixture, text);
	struct buffer again = {0};

	for (unsigned i = 0; i < metrics_count; i++)
		assert_true(reading->has[i]);
	assert_true(reading->figures.started_ns == fixture->figures.started_ns);
	assert_string_equal(reading->figures.link_names[1], "a\"b\\c");
	metrics_render(&reading->figures, &again);
	buffer_append_byte(&again, '\0');
	assert_string_equal((const char *)again.data, text);
	buffer_close(&again);
}

static void the_largest_numbers_survive(void **state)
{
	struct fixture *fixture = *state;

	fixture->figures.workers[0].counters.bytes = UINT64_MAX;
	fixture->figures.started_ns = INT64_MAX;
	fixture->figures.workers[0].latency_sum_ns = UINT64_MAX;
	read_text(fixture, render(fixture));
	assert_true(fixture->reading.figures.workers[0].counters.bytes == UINT64_MAX);
	assert_true(fixture->reading.figures.workers[0].latency_sum_ns == UINT64_MAX);
	assert_true(fixture->reading.figures.started_ns == INT64_MAX);
}

static void numbers_are_read_as_others_write_them(void **state)
{
	static const struct {
		const char *text;
		uint64_t expected;
	} cases[] = {
		{"12", 12},       {"1.5e+03", 1500}, {"1e300", UINT64_MAX},
		{"-4", 0},        {"NaN", 0},        {"+Inf", UINT64_MAX},
		{"12.7", 12},     {"0x10", 16},      {"99999999999999999999999", UINT64_MAX},
		{"5 1700000", 5}, {"twelve", 0},     {".", 0},
		{"1.2.3", 0},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[128];
		const struct metrics_reading *reading;

		(void)snprintf(line, sizeof(line), "sekisho_reloads_total %s\n", cases[i].text);
		reading = read_text(*state, line);
		if (reading->figures.reloads != cases[i].expected)
			fail_msg("%s gave %lu", cases[i].text,
			         (unsigned long)reading->figures.reloads);
	}
}

static void what_is_no_text_of_ours_is_passed_over(void **state)
{
	static const char *const texts[] = {
		"",
		"\n\n# HELP\n#",
		"go_goroutines 12\n",
		"sekisho_packets_total{worker=\"64\"} 1\n",
		"sekisho_packets_total{worker=\"-1\"} 1\n",
		"sekisho_packets_total{worker=\"99999999999\"} 1\n",
		"sekisho_packets_total 1\n",
		"sekisho_packets_total{worker=\"1\" 1\n",
		"sekisho_packets_total{worker=\"1} 1\n",
		"sekisho_packets_total{worker=\"1\\\"} 1\n",
		"sekisho_packets_total{worker=\"1\\",
		"sekisho_packets_total{a=\"\",a=\"\",a=\"\",a=\"\",a=\"\",a=\"\",a=\"\",a=\"\",a="
		"\"\"} 1",
		"sekisho_packets_total{worker=\"1\"}",
		"sekisho_reloads_total "
		"0000000000000000000000000000000000000000000000000000000000000001",
		"<html>sekisho_packets_total 1</html>",
		"sekisho_packets_totally{worker=\"1\"} 1",
		"sekisho_batch_packets{worker=\"1\"} 1",
	};

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (read_text(*state, texts[i])->known_samples != 0)
			fail_msg("taken: %s", texts[i]);
}

static void more_devices_than_there_is_room_for_are_left_out(void **state)
{
	struct fixture *fixture = *state;
	struct buffer text = {0};

	for (unsigned i = 0; i < 3 * DAEMON_LINKS_MAX; i++) {
		buffer_format(&text, "sekisho_link_up{device=\"eth%u\"} 1\n", i);
		buffer_format(&text, "sekisho_xdp_stale{device=\"eth%u\"} 1\n", i);
	}
	metrics_read(buffer_slice(&text), &fixture->reading);
	assert_int_equal(fixture->reading.figures.link_count, 2 * DAEMON_LINKS_MAX);
	assert_int_equal(fixture->reading.figures.xdp_count, 2 * DAEMON_LINKS_MAX);
	buffer_close(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_are_as_prometheus_wants_them),
		TEST(each_figure_stands_on_its_line),
		TEST(what_there_is_none_of_is_left_out),
		TEST(what_was_rendered_is_read_back),
		TEST(the_largest_numbers_survive),
		TEST(numbers_are_read_as_others_write_them),
		TEST(what_is_no_text_of_ours_is_passed_over),
		TEST(more_devices_than_there_is_room_for_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
