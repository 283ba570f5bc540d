// Versions of votes, and what differs between two times.
#include "loader/store_history.h"

#include <assert.h>
#include <errno.h>

#include "engine/normalize.h"
#include "loader/loader.h"
#include "loader/store_identity.h"
#include "loader/store_row.h"
#include "loader/value_code.h"

// ---- which votes ----

struct vote_ids {
	struct buffer ids; // uint64_t
	struct slice text; // that a vote's value must be, as received
};

static int add_id(struct vote_ids *found, uint64_t vote_id)
{
	buffer_append(&found->ids, &vote_id, sizeof(vote_id));
	return found->ids.failed ? -ENOMEM : 0;
}

static int add_rows(struct store_query *query, struct vote_ids *found)
{
	int result;

	while ((result = store_query_step(query)) == 1) {
		result = add_id(found, (uint64_t)store_query_get_number(query, 0));
		if (result < 0)
			return result;
	}
	return result;
}

// Whatever source or creator: their votes are members by the hash of the id.
static int find_object(struct store *store, struct slice id, struct vote_ids *found)
{
	struct store_identity identity = store_identity_of_object(store, id, 0);
	AUTO_QUERY query = {};
	int error = store_query_begin(store, SQL_MEMBER_OF_KEY, &query);

	if (error < 0)
		return error;
	store_query_number(&query, 1, (int64_t)identity.key);
	return add_rows(&query, found);
}

static int find_hash(struct store *store, const struct intake_value *value, struct vote_ids *found)
{
	uint64_t value_hash = value_code_hash(store_value_seed(store), value);
	AUTO_QUERY query = {};
	int error = store_query_begin(store, SQL_PAST_VALUE_OF, &query);

	if (error < 0)
		return error;
	store_query_number(&query, 1, (int64_t)value_hash);
	return add_rows(&query, found);
}

static struct slice url_key(struct slice url)
{
	if (slice_starts_with(url, "http://"))
		return slice_from(url, 7);
	return slice_starts_with(url, "https://") ? slice_from(url, 8) : url;
}

static int find_observable(struct store *store, const struct observable *observable,
                           struct vote_ids *found)
{
	struct intake_value value = {
		.type = observable->type,
		.algorithm = observable->algorithm,
		.prefix = {.address = observable->address, .length = 128},
		.text = observable->text,
	};

	if (value.type == OBSERVABLE_URL)
		value.text = url_key(value.text);
	if (value.type != OBSERVABLE_HASH)
		value.algorithm = 0;
	return find_hash(store, &value, found);
}

static int find_network(struct store *store, struct slice text, struct vote_ids *found)
{
	struct intake_value value = {.type = OBSERVABLE_ADDRESS};
	char refanged[URL_BYTES_MAX];
	bool had_host_bits;

	if (text.size > sizeof(refanged))
		return -EINVAL;
	text = slice_of(refanged, normalize_refang(text, refanged));
	if (slice_find(text, '/') == text.size ||
	    normalize_prefix(text, &value.prefix, &had_host_bits) < 0)
		return -EINVAL;
	return find_hash(store, &value, found);
}

// By the value's hash, in whatever spelling.
static int find_value(struct store *store, struct slice text, struct vote_ids *found)
{
	char normalised[2 * URL_BYTES_MAX];
	struct observable observables[2];
	int result = find_network(store, text, found);

	if (result != -EINVAL)
		return result;
	result = loader_value_observables(text, normalised, observables);
	for (int i = 0, count = result; i < count && result >= 0; i++) {
		bool is_same_url = i > 0 && observables[i].type == OBSERVABLE_URL;

		result = is_same_url ? 0 : find_observable(store, &observables[i], found);
	}
	return result == -EINVAL ? 0 : result;
}

static int keep_if_same(void *context, const struct vote *vote)
{
	struct vote_ids *found = context;

	return slice_equal(vote->record.value, found->text) ? add_id(found, vote->vote_id) : 0;
}

// What has no observable: patterns, wildcards. All votes are looked at.
static int find_received(struct store *store, struct slice text, struct vote_ids *found)
{
	AUTO_QUERY query = {};
	int error = store_query_begin(store, SQL_VOTE_WITH_TEXT, &query);

	if (error < 0)
		return error;
	store_query_bytes(&query, 1, text);
	found->text = text;
	return store_row_each(&query, keep_if_same, found);
}

static bool is_number(struct slice text, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9' || i == 18)
			return false;
		number = number * 10 + (text.data[i] - '0');
	}
	*ret_number = number;
	return text.size > 0;
}

static int find(struct store *store, struct slice text, struct vote_ids *found)
{
	uint64_t vote_id;

	if (is_number(text, &vote_id))
		return add_id(found, vote_id);
	int error = find_object(store, text, found);
	if (error == 0 && found->ids.size == 0)
		error = find_value(store, text, found);
	if (error == 0 && found->ids.size == 0 && text.size > 0)
		error = find_received(store, text, found);
	return error;
}

// ---- versions ----

static int visit_versions(struct store *store, uint64_t vote_id, store_vote_fn *visit,
                          void *context)
{
	AUTO_QUERY query = {};
	int error = store_query_begin(store, SQL_VERSION_EACH, &query);

	if (error < 0)
		return error;
	store_query_number(&query, 1, (int64_t)vote_id);
	error = store_row_each(&query, visit, context);
	return error == 0 ? store_vote_get(store, vote_id, visit, context) : error;
}

int store_history(struct store *store, struct slice id_or_value, store_vote_fn *visit,
                  void *context)
{
	struct vote_ids found = {};
	int error = find(store, slice_trim(id_or_value), &found);

	for (size_t at = 0; at < found.ids.size && error == 0; at += sizeof(uint64_t)) {
		uint64_t vote_id;

		memcpy(&vote_id, found.ids.data + at, sizeof(vote_id));
		error = visit_versions(store, vote_id, visit, context);
		if (error == -ENOENT) // a number that is none
			error = 0;
	}
	buffer_close(&found.ids);
	return error;
}

// ---- differences ----

struct difference {
	int64_t from_ns;
	int64_t until_ns;
	struct store *store;
	int (*visit)(void *context, enum store_difference difference, const struct vote *vote);
	void *context;
	uint32_t version_from; // that lived then; 0: none
	uint32_t version_until;
	uint32_t version_shown;
	enum store_difference kind;
};

static bool lives_at(const struct vote *vote, int64_t time_ns)
{
	return vote->version_ns <= time_ns && time_ns < vote->withdrawn_ns;
}

static int note_version(void *context, const struct vote *vote)
{
	struct difference *difference = context;

	if (lives_at(vote, difference->from_ns))
		difference->version_from = vote->version;
	if (lives_at(vote, difference->until_ns))
		difference->version_until = vote->version;
	return 0;
}

static int show_version(void *context, const struct vote *vote)
{
	struct difference *difference = context;

	if (vote->version != difference->version_shown)
		return 0;
	return difference->visit(difference->context, difference->kind, vote);
}

static int visit_difference(void *context, const struct vote *vote)
{
	struct difference *difference = context;
	int error = 0;

	difference->version_from = difference->version_until = 0;
	if (vote->version == 1)
		error = note_version(difference, vote);
	else
		error = visit_versions(difference->store, vote->vote_id, note_version, difference);
	if (error < 0 || difference->version_from == difference->version_until)
		return error;

	difference->kind = difference->version_from == 0    ? DIFFERENCE_ADDED
	                   : difference->version_until == 0 ? DIFFERENCE_WITHDRAWN
	                                                    : DIFFERENCE_CHANGED;
	difference->version_shown = difference->kind == DIFFERENCE_WITHDRAWN
	                                    ? difference->version_from
	                                    : difference->version_until;
	if (vote->version == difference->version_shown)
		return show_version(difference, vote);
	return visit_versions(difference->store, vote->vote_id, show_version, difference);
}

int store_diff(struct store *store, int64_t from_ns, int64_t until_ns, uint32_t source_id_or_0,
               int (*visit)(void *context, enum store_difference difference,
                            const struct vote *vote),
               void *context)
{
	struct difference difference = {
		.from_ns = from_ns,
		.until_ns = until_ns,
		.store = store,
		.visit = visit,
		.context = context,
	};
	AUTO_QUERY query = {};
	int error = store_query_begin(store, SQL_VOTE_CHANGED_BETWEEN, &query);

	if (error < 0)
		return error;
	store_query_number(&query, 1, from_ns);
	store_query_number(&query, 2, until_ns);
	store_query_number(&query, 3, source_id_or_0);
	return store_row_each(&query, visit_difference, &difference);
}
