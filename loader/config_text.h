// loader/config_text.h — how the configuration writes figures: "15m", "64M", "50%", ">=80", "A-B".
//
// Each reads all of `text` into *ret_…, and returns 0, or -EINVAL (not such a figure) or -ERANGE
// (too large) and leaves the result alone.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct figure_range {
	uint64_t min, max;
};

int config_text_number(const char *text, uint64_t *ret_number);

// Seconds: "90", "90s", "15m", "1h", "2d", "4w".
int config_text_duration(const char *text, uint64_t *ret_seconds);

// Bytes: "65536", "64K", "64M", "2G" (powers of 1024).
int config_text_size(const char *text, uint64_t *ret_bytes);

// "50%" or "50".
int config_text_percent(const char *text, uint64_t *ret_percent);

// "A" to "F" (Admiralty code; A-F are 100, 80, 60, 40, 20, 50: F cannot be judged), or 0-100.
int config_text_reliability(const char *text, uint8_t *ret_reliability);

// ">=80", "<=30", "60-100", or one figure (min and max alike). `read_figure` reads each side.
int config_text_range(const char *text, int (*read_figure)(const char *text, uint64_t *ret_figure),
                      struct figure_range *ret_range);

// The same of reliabilities; "A-B" is 80-100.
int config_text_reliability_range(const char *text, struct figure_range *ret_range);

// "yes", "no", "true", "false", "on", "off".
int config_text_bool(const char *text, bool *ret_bool);
