#include "loader/config_reading.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "loader/config_text.h"

static void name_field(const struct config_reading *reading, const char *field,
                       char ret_name[CONFIG_FIELD_BYTES])
{
	const char *dot = reading->within[0] != '\0' && field[0] != '\0' ? "." : "";

	(void)snprintf(ret_name, CONFIG_FIELD_BYTES, "%.60s%s%.60s", reading->within, dot, field);
}

uint32_t config_line(const struct config_reading *reading, const char *field)
{
	char name[CONFIG_FIELD_BYTES];

	name_field(reading, field, name);
	return config_document_line(reading->document, name);
}

static void tell(struct config_reading *reading, const char *field, bool is_mistake,
                 const char *text)
{
	char name[CONFIG_FIELD_BYTES];

	name_field(reading, field, name);
	report_add(reading->report, &(struct problem){
					    .reason = is_mistake ? "mistake in the configuration"
	                                                         : "remark on the configuration",
					    .consequence = is_mistake ? "nothing is done" : "noted",
					    .object = slice_text(name),
					    .detail = slice_text(text),
					    .line = config_document_line(reading->document, name),
				    });
}

void config_mistake(struct config_reading *reading, const char *field, const char *format, ...)
{
	char text[PROBLEM_TEXT_BYTES];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	tell(reading, field, true, text);
	reading->mistakes++;
}

void config_remark(struct config_reading *reading, const char *field, const char *format, ...)
{
	char text[PROBLEM_TEXT_BYTES];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	tell(reading, field, false, text);
}

void *config_allocate(struct config_reading *reading, size_t count, size_t size)
{
	void *memory = arena_allocate(reading->arena, count * size + 1);

	if (memory == NULL)
		reading->is_out_of_memory = true;
	else
		memset(memory, 0, count * size + 1);
	return memory;
}

const char *config_keep(struct config_reading *reading, const char *text)
{
	if (text == NULL)
		return NULL;
	struct slice copy = arena_copy(reading->arena, slice_text(text));
	if (copy.data == NULL)
		reading->is_out_of_memory = true;
	return (const char *)copy.data;
}

const char *config_keep_path(struct config_reading *reading, const char *path)
{
	const char *slash = strrchr(reading->path, '/');

	if (path == NULL || path[0] == '/' || slash == NULL)
		return config_keep(reading, path);

	size_t folder_size = (size_t)(slash - reading->path) + 1;
	char *whole = config_allocate(reading, folder_size + strlen(path) + 1, 1);
	if (whole != NULL) {
		memcpy(whole, reading->path, folder_size);
		memcpy(whole + folder_size, path, strlen(path) + 1);
	}
	return whole;
}

const char *const *config_keep_words(struct config_reading *reading, const char *const words[],
                                     unsigned count)
{
	const char **copy = config_allocate(reading, count, sizeof(*copy));

	for (unsigned i = 0; copy != NULL && i < count; i++)
		copy[i] = config_keep(reading, words[i]);
	return copy;
}

static bool check_bounds(struct config_reading *reading, const char *field, const char *text,
                         const struct config_bounds *bounds, uint64_t value)
{
	if (value >= bounds->min && value <= bounds->max)
		return true;
	config_mistake(reading, field, "'%s' is not between %" PRIu64 " and %" PRIu64, text,
	               bounds->min, bounds->max);
	return false;
}

void config_read_number(struct config_reading *reading, const char *field, const char *text,
                        const struct config_bounds *bounds, uint64_t *value)
{
	uint64_t number;

	if (text == NULL)
		return;
	if (config_text_number(text, &number) < 0)
		config_mistake(reading, field, "'%s' is not a number", text);
	else if (check_bounds(reading, field, text, bounds, number))
		*value = number;
}

void config_read_duration(struct config_reading *reading, const char *field, const char *text,
                          const struct config_bounds *bounds, uint32_t *value_s)
{
	uint64_t seconds;

	if (text == NULL)
		return;
	if (config_text_duration(text, &seconds) < 0)
		config_mistake(reading, field, "'%s' is not a duration (90s, 15m, 1h, 2d)", text);
	else if (seconds < bounds->min || seconds > bounds->max)
		config_mistake(reading, field,
		               "'%s' is not between %" PRIu64 " s and %" PRIu64 " s", text,
		               bounds->min, bounds->max);
	else
		*value_s = (uint32_t)seconds;
}

void config_read_bool(struct config_reading *reading, const char *field, const char *text,
                      bool *value)
{
	if (text != NULL && config_text_bool(text, value) < 0)
		config_mistake(reading, field, "'%s' is neither yes nor no", text);
}

int config_read_choice(struct config_reading *reading, const char *field, const char *text,
                       unsigned count, const char *(*name_of)(unsigned choice))
{
	char names[PROBLEM_TEXT_BYTES] = "";
	size_t size = 0;

	for (unsigned i = 0; i < count; i++) {
		if (strcasecmp(text, name_of(i)) == 0)
			return (int)i;
		int added = snprintf(names + size, sizeof(names) - size, "%s%s", i > 0 ? ", " : "",
		                     name_of(i));
		size += (size_t)added < sizeof(names) - size ? (size_t)added : 0;
	}
	config_mistake(reading, field, "'%s' is none of %s", text, names);
	return -1;
}

const char *config_tlp_name(unsigned tlp)
{
	return tlp_name((enum tlp)tlp);
}
