#include "sightings/stix_ids.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/uuid.h"

// b7c8e20d-e460-4201-9694-61d4ab96e770: drawn once, never to be changed.
static const struct uuid own_space = {{0xb7, 0xc8, 0xe2, 0x0d, 0xe4, 0x60, 0x42, 0x01, 0x96, 0x94,
                                       0x61, 0xd4, 0xab, 0x96, 0xe7, 0x70}};

// 00abedb4-aa42-466c-9c01-fed23315a9b7, of STIX 2.1, section 2.9.
static const struct uuid observable_space = {{0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c,
                                              0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7}};

bool stix_ids_is_id(struct slice text, const char *type)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t type_size = strlen(type);

	if (text.size != type_size + 2 + sizeof(shape) - 1 || !slice_starts_with(text, type))
		return false;
	text = slice_from(text, type_size);
	if (!slice_starts_with(text, "--"))
		return false;
	text = slice_from(text, 2);
	for (size_t i = 0; i < text.size; i++)
		if (shape[i] == '-' ? text.data[i] != '-' : !isxdigit(text.data[i]))
			return false;
	return true;
}

static int make(const struct uuid *space, const char *type, struct slice name,
                struct stix_id *ret_id)
{
	struct uuid uuid;
	char text[UUID_TEXT_BYTES];
	int error = uuid_from_name(space, name, &uuid);

	if (error < 0)
		return error;
	uuid_format(&uuid, text);
	(void)snprintf(ret_id->text, sizeof(ret_id->text), "%s--%s", type, text);
	return 0;
}

int stix_ids_make(const char *type, const struct slice parts[], size_t part_count,
                  struct stix_id *ret_id)
{
	struct buffer name = {0};

	buffer_append_byte(&name, '[');
	json_text_append(&name, slice_text(type));
	for (size_t i = 0; i < part_count; i++) {
		buffer_append_byte(&name, ',');
		json_text_append(&name, parts[i]);
	}
	buffer_append_byte(&name, ']');

	int error = name.failed ? -ENOMEM : make(&own_space, type, buffer_slice(&name), ret_id);
	buffer_close(&name);
	return error;
}

int stix_ids_observable(const char *type, struct slice contributing, struct stix_id *ret_id)
{
	return make(&observable_space, type, contributing, ret_id);
}

int stix_ids_of_indicator(const struct indicator *indicator, struct stix_id *ret_id)
{
	struct slice parts[] = {indicator->source, indicator->value};

	if (!stix_ids_is_id(indicator->id, "indicator"))
		return stix_ids_make("indicator", parts, 2, ret_id);
	memcpy(ret_id->text, indicator->id.data, indicator->id.size);
	ret_id->text[indicator->id.size] = '\0';
	return 0;
}
