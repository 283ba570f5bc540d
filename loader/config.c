#include "loader/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "engine/normalize.h"
#include "loader/config_reading.h"
#include "loader/config_text.h"
#include "loader/public_suffix.h"

#define DAY_S UINT32_C(86400)

enum {
	LOSS_PERCENT_DEFAULT = 50,
	GAIN_PERCENT_DEFAULT = 400,
	CHANGE_MIN_DEFAULT = 100,
	RETENTION_DAYS_DEFAULT = 450, // 15 months: as far back as investigations go
	OVERLAY_VOTES_DEFAULT = 50000,
	OWN_MAX = 100000,
};

// What the caller sees, and what it points into.
struct whole_config {
	struct config config;
	struct arena arena;
};

static void read_paths(struct config_reading *reading, const struct raw_config *raw,
                       struct config *config)
{
	config->store_path = config_keep_path(
		reading, raw->store != NULL ? raw->store : "/var/lib/sekisho/store.db");
	config->database_path = config_keep_path(
		reading,
		raw->database != NULL ? raw->database : "/var/lib/sekisho/indicators.skdb");
	config->sign_key_path = config_keep_path(reading, raw->sign_key);
}

// What is compiled takes the place of the database's file, and a sync writes into the store's.
static void check_paths(struct config_reading *reading, const struct config *config)
{
	const char *database = config->database_path;

	if (reading->is_out_of_memory)
		return;
	if (strcmp(config->store_path, database) == 0)
		config_mistake(reading, "database", "is the file of the store, too: %s", database);
	for (unsigned i = 0; i < config->source_count; i++) {
		const char *address = config->sources[i].address;
		char field[CONFIG_FIELD_BYTES];

		(void)snprintf(field, sizeof(field), "sources[%u].address", i);
		if (address != NULL && strcmp(address, database) == 0)
			config_mistake(reading, field, "is the database: %s", database);
		else if (address != NULL && strcmp(address, config->store_path) == 0)
			config_mistake(reading, field, "is the store: %s", config->store_path);
	}
}

static void read_networks(struct config_reading *reading, const struct raw_own *raw,
                          struct config *config)
{
	struct prefix *networks = config_allocate(reading, raw->networks_count, sizeof(*networks));
	char field[CONFIG_FIELD_BYTES];
	bool had_host_bits;

	for (unsigned i = 0; networks != NULL && i < raw->networks_count; i++) {
		const char *text = raw->networks[i];

		(void)snprintf(field, sizeof(field), "own.networks[%u]", i);
		if (normalize_prefix(slice_text(text), &networks[i], &had_host_bits) < 0)
			config_mistake(reading, field, "'%s' is not an address or network", text);
		else if (networks[i].length == 0 || networks[i].length == IPV4_PREFIX_BITS)
			config_mistake(reading, field, "'%s' is the whole Internet", text);
	}
	config->own_networks = networks;
	config->own_network_count = raw->networks_count;
}

// Of a registry's suffix, everything below would be one's own: no feed could name it any more.
static void check_names(struct config_reading *reading, const struct config *config)
{
	AUTO(public_suffixes) suffixes = NULL;
	char field[CONFIG_FIELD_BYTES];

	if (config->own_name_count == 0 || public_suffixes_load(NULL, &suffixes) < 0)
		return;
	for (unsigned i = 0; i < config->own_name_count; i++) {
		const char *name = config->own_names[i];

		(void)snprintf(field, sizeof(field), "own.names[%u]", i);
		if (name != NULL &&
		    public_suffix_kind(suffixes, slice_text(name)) == PUBLIC_SUFFIX_ICANN)
			config_mistake(reading, field,
			               "'%s' is a public suffix, with others' names "
			               "below it",
			               name);
	}
}

static void read_names(struct config_reading *reading, const struct raw_own *raw,
                       struct config *config)
{
	const char **names = config_allocate(reading, raw->names_count, sizeof(*names));
	char field[CONFIG_FIELD_BYTES];
	char name[NAME_BYTES_MAX + 1];

	for (unsigned i = 0; names != NULL && i < raw->names_count; i++) {
		int size = normalize_name(slice_text(raw->names[i]), name);

		(void)snprintf(field, sizeof(field), "own.names[%u]", i);
		if (size < 0) {
			config_mistake(reading, field, "'%s' is not a name", raw->names[i]);
			continue;
		}
		name[size] = '\0';
		names[i] = config_keep(reading, name);
	}
	config->own_names = names;
	config->own_name_count = names != NULL ? raw->names_count : 0;
	check_names(reading, config);
}

static uint64_t read_percent(struct config_reading *reading, const char *field, const char *text,
                             uint64_t otherwise, uint64_t most)
{
	uint64_t percent = otherwise;

	if (text != NULL && (config_text_percent(text, &percent) < 0 || percent > most))
		config_mistake(reading, field, "'%s' is not between 0%% and %u%%", text,
		               (unsigned)most);
	return percent;
}

static void read_guards(struct config_reading *reading, const struct raw_guards *raw,
                        struct config *config)
{
	struct guard_config *guards = &config->guards;
	const struct config_bounds of_clock = {60, 366 * DAY_S};
	const struct config_bounds any = {0, UINT32_MAX};

	*guards = (struct guard_config){
		.change_min = CHANGE_MIN_DEFAULT,
		.clock_ahead_s = DAY_S,
	};
	(void)strcpy(reading->within, "guards");
	guards->loss_percent_max = (uint8_t)read_percent(reading, "loss-max", raw->loss_max,
	                                                 LOSS_PERCENT_DEFAULT, 100);
	guards->gain_percent_max = (uint32_t)read_percent(reading, "gain-max", raw->gain_max,
	                                                  GAIN_PERCENT_DEFAULT, 1000000);
	config_read_number(reading, "change-min", raw->change_min, &any, &guards->change_min);
	config_read_duration(reading, "clock-ahead", raw->clock_ahead, &of_clock,
	                     &guards->clock_ahead_s);
	reading->within[0] = '\0';
}

static void read_limits(struct config_reading *reading, const struct raw_config *raw,
                        struct config *config)
{
	const struct config_bounds of_retention = {0, 36500 * (uint64_t)DAY_S};
	const struct config_bounds of_overlay = {0, 10000000};
	uint32_t retention_s = RETENTION_DAYS_DEFAULT * DAY_S;
	uint64_t overlay_max = OVERLAY_VOTES_DEFAULT;

	config_read_duration(reading, "retention", raw->retention, &of_retention, &retention_s);
	if (retention_s % DAY_S != 0)
		config_mistake(reading, "retention", "'%s' is not a number of days",
		               raw->retention);
	config_read_number(reading, "overlay-max", raw->overlay_max, &of_overlay, &overlay_max);
	config->retention_days = retention_s / DAY_S;
	config->overlay_votes_max = (uint32_t)overlay_max;
}

static int read_all(struct config_reading *reading, const struct raw_config *raw,
                    struct config *config)
{
	config->path = config_keep(reading, reading->path);
	read_paths(reading, raw, config);
	read_networks(reading, &raw->own, config);
	read_names(reading, &raw->own, config);
	config_read_sources(reading, raw, config);
	check_paths(reading, config);
	config_read_sensor(reading, raw->sensor, config);
	config_read_policy(reading, raw, config);
	read_guards(reading, &raw->guards, config);
	read_limits(reading, raw, config);
	if (reading->is_out_of_memory)
		return -ENOMEM;
	bool is_right = reading->mistakes == 0 && !config_document_has_mistakes(reading->document);
	return is_right ? 0 : -EINVAL;
}

int config_read_text(struct slice text, const char *path, struct report *report,
                     struct config **ret_config)
{
	static const struct raw_config nothing;
	AUTO(config_document) document = NULL;
	int error = config_document_read(text, &config_schema, report, &document);

	if (error < 0)
		return error;
	struct whole_config *whole = calloc(1, sizeof(*whole));
	if (whole == NULL)
		return -ENOMEM;
	struct config_reading reading = {
		.arena = &whole->arena, .report = report, .document = document, .path = path};
	const struct raw_config *raw = config_document_data(document);
	error = read_all(&reading, raw != NULL ? raw : &nothing, &whole->config);
	if (error == 0)
		*ret_config = &whole->config;
	else
		config_free(&whole->config);
	return error;
}

static int read_file(int fd, struct buffer *ret_text)
{
	for (;;) {
		if (!buffer_reserve(ret_text, 1 << 16))
			return -ENOMEM;
		ssize_t size = read(fd, ret_text->data + ret_text->size, 1 << 16);
		if (size < 0)
			return -errno;
		if (size == 0)
			return 0;
		ret_text->size += (size_t)size;
		if (ret_text->size > CONFIG_BYTES_MAX)
			return -EFBIG;
	}
}

int config_read(const char *path, struct report *report, struct config **ret_config)
{
	struct buffer text = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error = fd < 0 ? -errno : read_file(fd, &text);

	if (fd >= 0)
		(void)close(fd);
	if (error == 0)
		error = config_read_text(buffer_slice(&text), path, report, ret_config);
	buffer_close(&text);
	return error;
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;

	struct whole_config *whole = (struct whole_config *)(void *)config;
	struct arena arena = whole->arena; // `whole` itself is not in it
	arena_close(&arena);
	free(whole);
}

const struct source_config *config_source(const struct config *config, const char *name)
{
	for (unsigned i = 0; i < config->source_count; i++)
		if (strcmp(config->sources[i].name, name) == 0)
			return &config->sources[i];
	return NULL;
}
