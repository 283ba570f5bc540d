#include "loader/compile_rules.h"

#include <errno.h>

#include "base/buffer.h"
#include "base/hash.h"

// Raised when the same rules come to decide otherwise.
enum { RULES_VERSION = 1 };

static const int64_t day_ns = INT64_C(24) * 60 * 60 * NS_PER_S;

static void append_number(struct buffer *buffer, int64_t number)
{
	buffer_append(buffer, &number, sizeof(number));
}

static void append_text(struct buffer *buffer, struct slice text)
{
	append_number(buffer, (int64_t)text.size);
	buffer_append_slice(buffer, text);
}

static void append_words(struct buffer *buffer, const char *const words[], unsigned count)
{
	append_number(buffer, count);
	for (unsigned i = 0; i < count; i++)
		append_text(buffer, slice_text(words[i]));
}

static void append_row(struct buffer *buffer, const struct policy_row *row)
{
	const int64_t numbers[] = {
		row->observable_types, row->tlps,           row->reliability_min,
		row->reliability_max,  row->confidence_min, row->confidence_max,
		row->age_max_days,     row->sources_min,    row->posters_min,
		row->known_benign,     row->promoted,       row->action,
	};

	append_words(buffer, row->groups, row->group_count);
	append_words(buffer, row->sources, row->source_count);
	append_words(buffer, row->threat_types, row->threat_type_count);
	append_words(buffer, row->tags, row->tag_count);
	buffer_append(buffer, numbers, sizeof(numbers));
}

static void append_policy(struct buffer *buffer, const struct policy *policy, int64_t now_ns)
{
	bool changes_daily = policy_looks_at(policy, POLICY_AGE) ||
	                     policy_looks_at(policy, POLICY_SOURCE_COUNT) ||
	                     policy_looks_at(policy, POLICY_POSTER_COUNT);

	append_number(buffer, policy->row_count);
	for (unsigned i = 0; i < policy->row_count; i++)
		append_row(buffer, &policy->rows[i]);
	append_number(buffer, changes_daily ? now_ns / day_ns : 0);
}

static void append_own(struct buffer *buffer, const struct config *config)
{
	append_number(buffer, config->own_network_count);
	for (unsigned i = 0; i < config->own_network_count; i++) {
		buffer_append(buffer, &config->own_networks[i].address, sizeof(struct address));
		append_number(buffer, config->own_networks[i].length);
	}
	append_words(buffer, config->own_names, config->own_name_count);
}

static void append_sources(struct buffer *buffer, const struct judge_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		const struct judge_source *source = &sources->sources[i];

		append_number(buffer, source->source_id);
		append_text(buffer, source->name);
		append_text(buffer, source->group);
		append_number(buffer, source->role);
		append_number(buffer, source->reliability);
		append_number(buffer, source->has_same_subdomains);
		append_number(buffer, source->is_hidden);
	}
}

int compile_rules_digest(const struct config *config, const struct judge_sources *sources,
                         int64_t now_ns, uint64_t *ret_digest)
{
	struct buffer buffer = {};
	int error = 0;

	append_number(&buffer, RULES_VERSION);
	append_policy(&buffer, config->policy, now_ns);
	append_own(&buffer, config);
	append_sources(&buffer, sources);
	if (buffer.failed)
		error = -ENOMEM;
	else
		*ret_digest = hash_bytes(HASH_SECRET_0, buffer.data, buffer.size);
	buffer_close(&buffer);
	return error;
}
