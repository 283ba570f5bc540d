#include "sightings/stix_bundle.h"

#include <endian.h>
#include <errno.h>

#include "sightings/state.h"

enum { FLUSH_BYTES = 256 * 1024 };

// In front of the object's text; compared as bytes.
struct object_key {
	uint8_t class;
	uint8_t time_be64[8]; // shifted, so that times before 1970 sort first
	char id[STIX_ID_BYTES];
};

static int compare_objects(struct slice a, struct slice b)
{
	return memcmp(a.data, b.data, sizeof(struct object_key));
}

int stix_bundle_open(size_t memory_bytes, struct slice profile, struct stix_bundle *ret_bundle)
{
	*ret_bundle = (struct stix_bundle){0};
	ret_bundle->error = sorter_create(memory_bytes, compare_objects, &ret_bundle->objects);
	if (ret_bundle->error == 0)
		ret_bundle->error = stix_ids_make("bundle", &profile, 1, &ret_bundle->id);
	return ret_bundle->error;
}

void stix_bundle_close(struct stix_bundle *bundle)
{
	sorter_free(bundle->objects);
	buffer_close(&bundle->text);
	*bundle = (struct stix_bundle){0};
}

// The bundle's id is a chain over its sightings, as they are.
static void count_sighting(struct stix_bundle *bundle, struct slice json)
{
	struct slice parts[] = {slice_text(bundle->id.text), json};
	struct stix_id id;

	bundle->error = stix_ids_make("bundle", parts, 2, &id);
	if (bundle->error < 0)
		return;
	bundle->id = id;
	bundle->sighting_count++;
}

void stix_bundle_add(struct stix_bundle *bundle, enum stix_class class, int64_t time_ns,
                     struct slice id, struct slice json)
{
	struct object_key key = {.class = (uint8_t) class};
	uint64_t shifted_be64 = htobe64((uint64_t)time_ns ^ UINT64_C(1) << 63);

	if (bundle->error < 0)
		return;
	memcpy(key.time_be64, &shifted_be64, sizeof(key.time_be64));
	memcpy(key.id, id.data, id.size < sizeof(key.id) ? id.size : sizeof(key.id));
	buffer_clear(&bundle->text);
	buffer_append(&bundle->text, &key, sizeof(key));
	buffer_append_slice(&bundle->text, json);
	bundle->error = bundle->text.failed
	                        ? -ENOMEM
	                        : sorter_add(bundle->objects, buffer_slice(&bundle->text));
	if (bundle->error == 0 && class == STIX_SIGHTING)
		count_sighting(bundle, json);
}

static int write_objects(struct stix_bundle *bundle, struct sorter_cursor *cursor, FILE *file)
{
	struct buffer *text = &bundle->text;
	struct object_key last = {0};
	struct slice record;
	int got;

	while ((got = sorter_next(cursor, &record)) > 0) {
		if (bundle->object_count > 0 && memcmp(record.data, &last, sizeof(last)) == 0)
			continue;
		memcpy(&last, record.data, sizeof(last));
		buffer_append_text(text, bundle->object_count++ == 0 ? ",\"objects\":[\n" : ",\n");
		buffer_append_slice(text, slice_from(record, sizeof(last)));

		int error = text->size >= FLUSH_BYTES ? state_flush(text, file) : 0;
		if (error < 0)
			return error;
	}
	if (got == 0)
		buffer_append_text(text, bundle->object_count > 0 ? "\n]}\n" : "}\n");
	return got;
}

int stix_bundle_write(struct stix_bundle *bundle, FILE *file)
{
	AUTO(sorter_cursor) cursor = NULL;

	if (bundle->error == 0)
		bundle->error = sorter_read(bundle->objects, &cursor);
	if (bundle->error < 0)
		return bundle->error;
	buffer_clear(&bundle->text);
	buffer_format(&bundle->text, "{\"type\":\"bundle\",\"id\":\"%s\"", bundle->id.text);
	bundle->error = write_objects(bundle, cursor, file);
	if (bundle->error == 0)
		bundle->error = state_flush(&bundle->text, file);
	return bundle->error;
}
