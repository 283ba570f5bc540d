// app/metrics.h — every figure the daemon tells, in one table.
//
// The table names each field of struct daemon_figures once. From it come the Prometheus text of
// /metrics and `sekisho ctl metrics` (metrics_render), what `sekisho top` reads back from that
// (app/metrics_read.h), and docs/metrics.md (held against it by a test).
#pragma once

#include <stddef.h>

#include "app/daemon.h"
#include "base/buffer.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_TYPE_COUNT };
const char *metric_type_name(enum metric_type type); // as the format spells it

// What has one value each; that gives the first label.
enum metric_of {
	METRIC_OF_DAEMON,
	METRIC_OF_RELOAD,   // the daemon, once one has taken effect
	METRIC_OF_DATABASE, // likewise, while there is one
	METRIC_OF_WORKER,   // {worker="0"}
	METRIC_OF_LINK,     // {device="eth0"}
	METRIC_OF_XDP,      // likewise
	METRIC_OF_COUNT,
};

// How the field is kept. Times are told in seconds.
enum metric_field {
	METRIC_U64,
	METRIC_U32,
	METRIC_UNSIGNED,
	METRIC_BOOL,
	METRIC_NANOSECONDS, // int64_t
	METRIC_BEAT,        // int64_t of CLOCK_MONOTONIC: how long ago it was
	METRIC_TEXTS,       // no number: 1, with texts as labels
};

struct metric {
	const char *name;
	enum metric_type type;
	enum metric_of of;
	enum metric_field field;
	size_t offset; // in struct daemon_figures, sensor_figures or xdp_status; link_is_up
	const char *unit;
	const char *help;
	const char *label; // of a row of `count` values: its name; the values' are label_name()'s
	unsigned count;    // 0: a single value
	const char *(*label_name)(unsigned index);
	// METRIC_HISTOGRAM, uint64_t[count]: the largest value, in thousand-millionths of the
	// unit, that index counts, but for the last, and where the sum of all is (likewise, when
	// is_sum_nano).
	uint64_t (*bound_nano)(unsigned index);
	size_t sum_offset;
	bool is_sum_nano;
	// METRIC_TEXTS: appends what stands between the braces.
	void (*append_texts)(struct buffer *text, const struct daemon_figures *figures);
};

enum { METRICS_MAX = 128 };
extern const struct metric metrics[];
extern const unsigned metrics_count; // <= METRICS_MAX

// Appends all of them, in the text format 0.0.4 of Prometheus
// (prometheus.io/docs/instrumenting/exposition_formats). What there is none of is left out: no
// database, no XDP.
void metrics_render(const struct daemon_figures *figures, struct buffer *text);

// Appends name="value", escaped.
void metrics_append_label(struct buffer *text, const char *name, const char *value);
