#include "loader/store_context.h"

#include <errno.h>

#include "loader/markings.h"
#include "loader/stix2.h"
#include "loader/stix_id.h"
#include "loader/store_identity.h"

struct version {
	struct buffer json;
	struct json_reader *reader;
	struct stix2_object object;
	int64_t modified_ns;
	bool is_there; // and STIX
};

static void close_version(struct version *version)
{
	json_reader_free(version->reader);
	buffer_close(&version->json);
}

static int parse(struct version *version)
{
	struct json_value root;
	const char *reason;
	int error;

	if (version->json.size == 0)
		return 0;
	error = json_reader_create(&version->reader);
	if (!buffer_reserve(&version->json, FEED_PADDING_BYTES))
		error = -ENOMEM;
	if (error == 0)
		error = json_reader_parse(version->reader, buffer_slice(&version->json), &root,
		                          &reason);
	if (error < 0)
		return error == -EBADMSG ? 0 : error;
	version->is_there = stix2_object_read(root, &version->object);
	if (version->is_there)
		(void)stix2_object_time(&version->object, STIX2_MODIFIED, &version->modified_ns);
	return 0;
}

static int read_known(const struct store_delivery *delivery, struct slice id,
                      struct version *version)
{
	AUTO_QUERY query = {};
	int result = store_query_begin(delivery->store, SQL_OBJECT_GET, &query);

	if (result < 0)
		return result;
	store_query_number(&query, 1, delivery->options.source_id);
	store_query_text(&query, 2, id);
	result = store_query_step(&query);
	if (result == 1)
		buffer_append_slice(&version->json, store_query_get_bytes(&query, 0));
	return result < 0 ? result : version->json.failed ? -ENOMEM : 0;
}

static bool is_marking(const struct version *version)
{
	return slice_is(version->object.type, "marking-definition");
}

static enum tlp tlp_of(const struct version *version)
{
	return version->is_there && is_marking(version) ? stix2_marking_tlp(&version->object)
	                                                : TLP_NONE;
}

// Markings have no versions (STIX 2.1, section 7.2.1): where they differ, the strictest counts.
static bool takes_place(const struct version *known, const struct version *version)
{
	if (!known->is_there)
		return true;
	if (is_marking(known))
		return tlp_of(version) >= tlp_of(known);
	return version->modified_ns >= known->modified_ns &&
	       slice_equal(stix2_object_text(&version->object, STIX2_CREATED_BY_REF),
	                   stix2_object_text(&known->object, STIX2_CREATED_BY_REF));
}

static int put(const struct store_delivery *delivery, struct slice id,
               const struct version *version)
{
	AUTO_QUERY query = {};
	int error = store_query_begin(delivery->store, SQL_OBJECT_PUT, &query);

	if (error < 0)
		return error;
	store_query_number(&query, 1, delivery->options.source_id);
	store_query_text(&query, 2, id);
	store_query_number(&query, 3, version->modified_ns);
	store_query_text(&query, 4, buffer_slice(&version->json));
	return store_query_run(&query);
}

// Of whatever source and creator: a report may name what another one sends.
static int note_votes(struct store_delivery *delivery, struct store_query *query, struct slice id)
{
	struct store_identity identity = store_identity_of_object(delivery->store, id, 0);
	int result;

	store_query_number(query, 1, (int64_t)identity.key);
	while ((result = store_query_step(query)) == 1) {
		int error = store_flush_note_change(delivery,
		                                    (uint32_t)store_query_get_number(query, 0));

		if (error < 0)
			return error;
	}
	store_query_reset(query);
	return result;
}

static int note_named(struct store_delivery *delivery, const struct version *version)
{
	AUTO_QUERY query = {};
	struct json_value refs;
	struct json_value item;
	int error;

	if (!version->is_there ||
	    !stix2_object_get(&version->object, STIX2_OBJECT_REFS, JSON_ARRAY, "", &refs))
		return 0;
	error = store_query_begin(delivery->store, SQL_MEMBER_OF_KEY, &query);
	struct json_walk walk = json_reader_walk(refs);
	while (error == 0 && json_reader_next_item(&walk, &item)) {
		struct slice ref = json_reader_type(item) == JSON_STRING ? json_reader_string(item)
		                                                         : slice_text("");

		if (stix_id_is(ref, "indicator"))
			error = note_votes(delivery, &query, ref);
	}
	return error;
}

// Who refers to a marking is not indexed: a new level makes a new database.
static int note_change(struct store_delivery *delivery, struct slice id,
                       const struct version *known, const struct version *version)
{
	int error = store_sink_settle(delivery); // the helper notes changes, too

	if (error == 0 && tlp_of(known) != tlp_of(version) && markings_tlp_by_id(id) == TLP_NONE)
		store_flush_note_all(delivery);
	if (error == 0)
		error = note_named(delivery, known);
	return error == 0 ? note_named(delivery, version) : error;
}

static int replace(struct store_delivery *delivery, struct slice id, const struct version *known,
                   const struct version *version)
{
	int error = put(delivery, id, version);

	return error == 0 ? note_change(delivery, id, known, version) : error;
}

int store_context_put(struct store_delivery *delivery, struct slice id, struct slice json)
{
	struct version known = {.modified_ns = TIMESTAMP_MIN};
	struct version version = {.modified_ns = TIMESTAMP_MIN};
	int error = read_known(delivery, id, &known);

	if (error == 0 && !slice_equal(buffer_slice(&known.json), json)) {
		buffer_append_slice(&version.json, json);
		error = parse(&known);
		if (error == 0)
			error = parse(&version);
		if (error == 0 && takes_place(&known, &version))
			error = replace(delivery, id, &known, &version);
	}
	close_version(&known);
	close_version(&version);
	return error;
}
