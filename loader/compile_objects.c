#include "loader/compile_objects.h"

#include <errno.h>
#include <stdlib.h>

#include "loader/markings.h"
#include "loader/report_index.h"
#include "loader/sink.h"
#include "loader/stix2.h"
#include "loader/versions.h"

struct compile_objects {
	struct build *build; // borrowed
	const struct judge *judge;
	struct sink *sink;
	struct versions *versions;
	struct markings *markings;
	struct report_index *report_index;
	struct json_reader *json;
	struct feed_options options;
	struct feed_summary summary; // what is wrong with objects was told when they came
	struct feed feed;
	struct stix2_reader reader;
	struct buffer padded; // the object at hand
	bool has_objects;     // else no vote needs to be remembered for them
};

static int create(struct compile_objects *objects)
{
	int error = sink_build_create(objects->build, &objects->sink);

	if (error == 0)
		error = versions_create(&objects->versions);
	if (error == 0)
		error = markings_create(&objects->markings);
	if (error == 0)
		error = report_index_create(&objects->report_index);
	if (error == 0)
		error = json_reader_create(&objects->json);
	objects->feed = (struct feed){
		.options = &objects->options,
		.sink = objects->sink,
		.versions = objects->versions,
		.markings = objects->markings,
		.report_index = objects->report_index,
		.summary = &objects->summary,
	};
	objects->reader = (struct stix2_reader){.feed = &objects->feed, .json = objects->json};
	return error;
}

static int take_object(void *context, uint32_t source_id, struct slice id, struct slice json)
{
	struct compile_objects *objects = context;
	struct buffer *padded = &objects->padded;

	(void)id;
	buffer_clear(padded);
	if (!buffer_reserve(padded, json.size + FEED_PADDING_BYTES))
		return -ENOMEM;
	buffer_append_slice(padded, json);
	memset(padded->data + padded->size, 0, FEED_PADDING_BYTES);
	objects->has_objects = true;
	objects->feed.source = judge_source_name(objects->judge, source_id);
	return parse_stix2_object(&objects->reader, buffer_slice(padded));
}

int compile_objects_read(struct store *store, const struct judge *judge, struct build *build,
                         struct compile_objects **ret_objects)
{
	AUTO(compile_objects) objects = calloc(1, sizeof(*objects));
	int error;

	if (objects == NULL)
		return -ENOMEM;
	objects->build = build;
	objects->judge = judge;
	error = create(objects);
	if (error == 0)
		error = store_object_each(store, take_object, objects);
	if (error == 0)
		*ret_objects = TAKE(objects);
	return error;
}

void compile_objects_free(struct compile_objects *objects)
{
	if (objects == NULL)
		return;
	sink_build_free(objects->sink);
	versions_free(objects->versions);
	markings_free(objects->markings);
	report_index_free(objects->report_index);
	json_reader_free(objects->json);
	arena_close(&objects->reader.arena);
	report_clear(&objects->summary.report);
	buffer_close(&objects->padded);
	free(objects);
}

enum tlp compile_objects_tlp(const struct compile_objects *objects, const struct indicator *record)
{
	struct slice rest = record->markings;
	enum tlp strictest = record->tlp;

	while (rest.size > 0) {
		struct slice id = slice_first(rest, slice_find(rest, '\n'));
		enum tlp tlp = markings_find_tlp(objects->markings, id);

		if (tlp > strictest)
			strictest = tlp;
		rest = slice_from(rest, id.size + 1);
	}
	return strictest;
}

int compile_objects_refer(struct compile_objects *objects, const struct indicator *record,
                          uint32_t indicator_id)
{
	const struct stix2_markings markings = {.refs = record->markings, .has_others = true};
	struct version_key key;
	int error;

	if (record->id.size == 0)
		return 0;
	error = stix2_marking_apply(&objects->reader, &markings, indicator_id);
	if (error != 0 || !objects->has_objects)
		return error;
	key = versions_key(objects->versions, record->id, record->source, record->created_by);
	return versions_set(objects->versions, key, record->modified_ns, indicator_id);
}

int compile_objects_settle(struct compile_objects *objects, struct report *report)
{
	markings_settle(objects->markings, objects->build, report);
	return report_index_settle(objects->report_index, objects->versions, objects->build);
}
