// Reports, groupings and identities: what indicators are seen with.
#include "loader/sink.h"
#include "loader/stix2.h"

#include "engine/build.h"
#include "loader/report_index.h"
#include "loader/stix_id.h"
#include "loader/versions.h"

// The owner's version of an object that is not an indicator. False when it adds nothing.
static bool is_news(struct stix2_reader *reader, const struct stix2_object *object,
                    struct version_key *ret_key, int64_t *ret_modified_ns, uint32_t *ret_holder)
{
	struct feed *feed = reader->feed;
	int64_t modified_ns = TIMESTAMP_MIN;

	(void)stix2_object_time(object, STIX2_MODIFIED, &modified_ns);
	*ret_key = versions_key(feed->versions, object->id, feed->source,
	                        stix2_object_text(object, STIX2_CREATED_BY_REF));
	*ret_modified_ns = modified_ns;

	enum version_news news = versions_judge(feed->versions, *ret_key, modified_ns, ret_holder);
	if (news == VERSION_NEW || news == VERSION_NEWER)
		return true;
	feed->summary->duplicates++;
	return false;
}

static int refer_to_all(struct stix2_reader *reader, const struct stix2_object *object,
                        struct json_value refs, uint32_t name_id)
{
	struct feed *feed = reader->feed;
	struct json_walk walk = json_reader_walk(refs);
	struct json_value item;

	while (json_reader_next_item(&walk, &item)) {
		struct slice ref = json_reader_type(item) == JSON_STRING ? json_reader_string(item)
		                                                         : slice_text("");

		if (!stix_id_is(ref, "indicator"))
			continue;
		int result = report_index_refer(feed->report_index, name_id,
		                                versions_id_hash(feed->versions, ref));
		if (result < 0)
			return result;
		if (result == 0) {
			stix2_object_problem(object, "too many references of reports",
			                     "its indicators do not show its name", slice_text(""));
			break;
		}
	}
	return 0;
}

int stix2_report_read(struct stix2_reader *reader, const struct stix2_object *object)
{
	struct feed *feed = reader->feed;
	struct slice name = stix2_object_text(object, STIX2_NAME);
	struct version_key key;
	struct json_value refs;
	int64_t modified_ns;
	uint32_t name_id;

	if (object->id.size == 0 || name.size == 0 ||
	    !is_news(reader, object, &key, &modified_ns, &name_id))
		return 0;
	if (name_id != 0)
		report_index_withdraw(feed->report_index, name_id);

	int error = report_index_add(feed->report_index, name, &name_id);
	if (error == 0)
		error = versions_set(feed->versions, key, modified_ns, name_id);
	if (error != 0)
		return error;
	if (stix2_object_get(object, STIX2_OBJECT_REFS, JSON_ARRAY, "kept without it", &refs))
		error = refer_to_all(reader, object, refs, name_id);
	if (error != 0 || !feed->sink->takes_reports)
		return error;
	return feed->sink->ops->keep_object(feed->sink, NO_INDICATOR, object->id, object->json);
}

int stix2_report_keep(struct stix2_reader *reader, const struct stix2_object *object)
{
	struct feed *feed = reader->feed;
	struct version_key key;
	int64_t modified_ns;
	uint32_t holder;

	if (!is_news(reader, object, &key, &modified_ns, &holder))
		return 0;

	int error = versions_set(feed->versions, key, modified_ns, 0);
	if (error != 0)
		return error;
	return feed->sink->ops->keep_object(feed->sink, NO_INDICATOR, object->id, object->json);
}

int stix2_identity_read(struct stix2_reader *reader, const struct stix2_object *object)
{
	if (stix_id_is(object->id, "identity"))
		return stix2_report_keep(reader, object);
	stix2_object_problem(object, "id is not a STIX identifier", "skipped", object->id);
	return 0;
}
