// loader/config_reading.h — what the files config*.c share while a configuration is read.
#pragma once

#include <stdarg.h>

#include "base/arena.h"
#include "loader/config.h"
#include "loader/config_document.h"
#include "loader/config_schema.h"

enum { CONFIG_FIELD_BYTES = 128 };

struct config_reading {
	struct arena *arena; // of the configuration that is made
	struct report *report;
	const struct config_document *document;
	const char *path; // of the file
	uint64_t mistakes;
	bool is_out_of_memory;
	char within[CONFIG_FIELD_BYTES]; // "sources[2]", "" at the top
};

// A mistake in the value of `field` of what is being read; `field` "": of all of it.
void config_mistake(struct config_reading *reading, const char *field, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

// Something that works, and that a person should know.
void config_remark(struct config_reading *reading, const char *field, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

// Where `field` stands.
uint32_t config_line(const struct config_reading *reading, const char *field);

// Kept as long as the configuration; NULL for NULL, and when there is no memory.
const char *config_keep(struct config_reading *reading, const char *text);
void *config_allocate(struct config_reading *reading, size_t count, size_t size); // zeroed
// A path: relative ones are below the folder of the configuration.
const char *config_keep_path(struct config_reading *reading, const char *path);
// `count` words.
const char *const *config_keep_words(struct config_reading *reading, const char *const words[],
                                     unsigned count);

// Each reads `text`, unless it is NULL, into *value; a text that is none, or out of bounds, is a
// mistake.
struct config_bounds {
	uint64_t min, max;
};
void config_read_number(struct config_reading *reading, const char *field, const char *text,
                        const struct config_bounds *bounds, uint64_t *value);
void config_read_duration(struct config_reading *reading, const char *field, const char *text,
                          const struct config_bounds *bounds, uint32_t *value_s);
void config_read_bool(struct config_reading *reading, const char *field, const char *text,
                      bool *value);
// `name_of` names 0 … count - 1; the value is one of them. Returns -1 after a mistake.
int config_read_choice(struct config_reading *reading, const char *field, const char *text,
                       unsigned count, const char *(*name_of)(unsigned choice));

// config_source.c, config_policy.c, config_sensor.c
void config_read_sources(struct config_reading *reading, const struct raw_config *raw,
                         struct config *config);
void config_read_policy(struct config_reading *reading, const struct raw_config *raw,
                        struct config *config);
void config_read_sensor(struct config_reading *reading, const struct raw_sensor *raw,
                        struct config *config);
