// app/metrics_parse.h — Prometheus' text format (0.0.4), sample by sample.
//
// It comes from a socket: nothing of it is trusted, and nothing is allocated.
#pragma once

#include <stdbool.h>

#include "base/slice.h"

enum { METRIC_LABELS_MAX = 8 };

struct metric_sample {
	struct slice name; // all slices lie in the text
	unsigned label_count;
	struct {
		struct slice name, value; // the value with its escapes
	} labels[METRIC_LABELS_MAX];
	struct slice number;
};

// Takes the next sample off the front of `text`; comments, empty lines and lines that are no sample
// are passed over. False at the end.
bool metrics_parse_next(struct slice *text, struct metric_sample *ret_sample);

// The value of the label, or the empty slice.
struct slice metrics_parse_label(const struct metric_sample *sample, const char *name);

// The sample's number as a whole one, cut at 0 and UINT64_MAX; 0 when it is none.
uint64_t metrics_parse_count(const struct metric_sample *sample);

// In thousand-millionths, as exactly as the text is; likewise.
uint64_t metrics_parse_nano(const struct metric_sample *sample);
