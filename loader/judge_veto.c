#include "loader/judge_veto.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "engine/build.h"
#include "engine/normalize.h"
#include "loader/build_value.h"
#include "loader/intake_value.h"
#include "loader/store_select.h"
#include "loader/value_code.h"

struct judge_veto {
	struct database *own; // NULL: that of somebody else
	const struct database *database;
	struct match_context *context;
	struct judge_ids known_benign;
};

struct filling {
	const struct judge_veto_options *options;
	struct judge_ids *known_benign;
	struct build *build;
	const char *label; // of what is being added
};

static const struct entry_terms veto_terms = {
	.kinds = ENTRY_EXACT | ENTRY_PARENT,
	.action = ACTION_DROP,
};

static struct indicator veto_record(const char *source, const char *label, struct slice value)
{
	return (struct indicator){
		.source = slice_text(source),
		.labels = slice_text(label),
		.value = value,
		.created_ns = TIMESTAMP_MIN,
		.modified_ns = TIMESTAMP_MIN,
		.valid_from_ns = TIMESTAMP_MIN,
		.valid_until_ns = TIMESTAMP_MAX,
		.action = ACTION_DROP,
		.confidence = CONFIDENCE_NONE,
	};
}

static int add_own_networks(struct filling *filling)
{
	const struct config *config = filling->options->config;
	char text[ADDRESS_TEXT_BYTES];
	uint32_t id;
	int error = 0;

	for (unsigned i = 0; i < config->own_network_count && error == 0; i++) {
		const struct prefix *prefix = &config->own_networks[i];
		struct indicator record;

		normalize_format_prefix(prefix, text);
		record = veto_record("configuration", VETO_LABEL_OWN, slice_text(text));
		error = build_add_indicator(filling->build, &record, &id);
		if (error == 0)
			error = build_add_prefix(filling->build, prefix, id, &veto_terms);
	}
	return error;
}

static int add_own_names(struct filling *filling)
{
	const struct config *config = filling->options->config;
	uint32_t id;
	int error = 0;

	for (unsigned i = 0; i < config->own_name_count && error == 0; i++) {
		struct slice name = slice_text(config->own_names[i]);
		struct indicator record = veto_record("configuration", VETO_LABEL_OWN, name);

		error = build_add_indicator(filling->build, &record, &id);
		if (error == 0)
			error = build_add_name(filling->build, name, id, &veto_terms);
	}
	return error;
}

static int add_vote(struct filling *filling, const struct vote *vote)
{
	const struct judge_source *source = judge_sources_get(filling->options->sources,
	                                                      vote->source_id);
	struct indicator record = vote->record;
	struct intake_value value;
	size_t cursor = 0;
	const char *reason;
	int result = 0;
	uint32_t id;

	record.source = source->name;
	record.group = source->group;
	record.labels = slice_text(filling->label);
	record.action = ACTION_DROP;
	record.store_id = vote->vote_id;
	record.is_source_hidden = source->is_hidden;

	int error = build_add_indicator(filling->build, &record, &id);
	while (error == 0 && (result = value_code_next(vote->values, &cursor, &value)) == 1) {
		if (!value.is_pattern)
			error = build_value_add(filling->build, id, &value, &reason);
		if (error > 0)
			error = 0;
	}
	return error < 0 ? error : result;
}

// Whatever its validity: a site under attack, or a benign one, does not turn bad by a date.
static int take_vote(void *context, const struct vote *vote)
{
	return add_vote(context, vote);
}

// What a list says of known-benign values, whatever its source is for.
static int take_known_benign(void *context, const struct vote *vote)
{
	struct filling *filling = context;
	const struct judge_source *source = judge_sources_get(filling->options->sources,
	                                                      vote->source_id);

	if (source->role != SOURCE_INDICATORS) // is in the set by its role
		return 0;
	int error = judge_ids_add(filling->known_benign, vote->vote_id);
	return error < 0 ? error : add_vote(filling, vote);
}

static int add_sources(struct filling *filling)
{
	const struct judge_sources *sources = filling->options->sources;
	int error = 0;

	for (size_t i = 0; i < sources->count && error == 0; i++) {
		const struct judge_source *source = &sources->sources[i];

		if (source->source_id == 0 || source->role == SOURCE_INDICATORS)
			continue;
		filling->label = source->role == SOURCE_ATTACKED ? VETO_LABEL_ATTACKED
		                                                 : VETO_LABEL_KNOWN_BENIGN;
		error = store_select_of_source(filling->options->store, source->source_id,
		                               take_vote, filling);
	}
	return error;
}

// A list that was never read protects nobody: a drop of what it would list is nobody's intention.
static void tell_empty_lists(const struct judge_veto_options *options, struct report *report)
{
	const struct config *config = options->config;

	for (unsigned i = 0; i < config->source_count; i++) {
		const struct source_config *source = &config->sources[i];
		const struct problem problem = {
			.reason = "list of protected values is empty or was never read",
			.consequence = "nothing of it is kept from a drop",
			.object = slice_text(source->name),
		};
		struct store_source stored;

		if (!source->is_enabled || source->role == SOURCE_INDICATORS)
			continue;
		if (store_source_get(options->store, source->name, &stored) < 0 || stored.live == 0)
			report_add(report, &problem);
	}
}

static int fill(struct filling *filling)
{
	int error = add_own_networks(filling);

	if (error == 0)
		error = add_own_names(filling);
	if (error == 0)
		error = add_sources(filling);
	if (error < 0)
		return error;
	filling->label = VETO_LABEL_KNOWN_BENIGN;
	return store_select_known_benign(filling->options->store, take_known_benign, filling);
}

// A database that has nothing but the set.
static int open_made(struct judge_veto *veto, struct build *build, struct report *report)
{
	AUTO(build) shell = NULL;
	struct build_figures figures;
	int error = build_create(&shell);

	if (error < 0) {
		build_free(build);
		return error;
	}
	build_set_veto(shell, build);
	int fd = memfd_create("sekisho-veto", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = build_write(shell, fd, NULL, report, &figures);
	if (error == 0)
		error = database_open_fd(fd, "veto set", report, &veto->own);
	(void)close(fd);
	veto->database = veto->own;
	return error;
}

int judge_veto_make(const struct judge_veto_options *options, struct report *report,
                    struct judge_veto **ret_veto)
{
	AUTO(judge_veto) veto = calloc(1, sizeof(*veto));
	AUTO(build) build = NULL;
	struct filling filling = {.options = options};
	int error;

	if (veto == NULL)
		return -ENOMEM;
	error = build_create(&build);
	filling.build = build;
	filling.known_benign = &veto->known_benign;
	if (error == 0)
		error = fill(&filling);
	if (error == 0)
		tell_empty_lists(options, report);
	if (error == 0)
		error = open_made(veto, TAKE(build), report);
	if (error == 0)
		error = match_context_create(veto->database, &veto->context);
	if (error == 0)
		*ret_veto = TAKE(veto);
	return error;
}

int judge_veto_of(const struct database *database, struct judge_veto **ret_veto)
{
	AUTO(judge_veto) veto = calloc(1, sizeof(*veto));
	int error;

	if (veto == NULL)
		return -ENOMEM;
	veto->database = database;
	error = match_context_create(database, &veto->context);
	if (error == 0)
		*ret_veto = TAKE(veto);
	return error;
}

void judge_veto_free(struct judge_veto *veto)
{
	if (veto == NULL)
		return;
	match_context_free(veto->context);
	database_close(veto->own);
	judge_ids_close(&veto->known_benign);
	free(veto);
}

const struct database *judge_veto_database(const struct judge_veto *veto)
{
	return veto->database;
}

const struct judge_ids *judge_veto_known_benign(const struct judge_veto *veto)
{
	return &veto->known_benign;
}

static bool covers_prefix(const struct judge_veto *veto, const struct prefix *prefix,
                          struct indicator *ret_record)
{
	const struct observable host = {.type = OBSERVABLE_ADDRESS, .address = prefix->address};

	if (prefix->length == 128)
		return match_is_vetoed(veto->context, &host, ret_record);
	return match_is_prefix_vetoed(veto->context, prefix, ret_record);
}

static bool covers_range(const struct judge_veto *veto, const struct address_range *range,
                         struct indicator *ret_record)
{
	struct address_range rest = *range;
	struct prefix prefix;

	while (address_range_next(&rest, &prefix))
		if (!covers_prefix(veto, &prefix, ret_record))
			return false;
	return true;
}

static bool covers_url(const struct judge_veto *veto, struct slice key,
                       struct indicator *ret_record)
{
	static const char scheme[] = "http://";
	char url[sizeof(scheme) + URL_BYTES_MAX];
	const struct observable observable = {
		.type = OBSERVABLE_URL,
		.text = slice_of(url, sizeof(scheme) - 1 + key.size),
	};

	if (key.size > URL_BYTES_MAX)
		return false;
	memcpy(url, scheme, sizeof(scheme) - 1);
	memcpy(url + sizeof(scheme) - 1, key.data, key.size);
	return match_is_vetoed(veto->context, &observable, ret_record);
}

bool judge_veto_covers(const struct judge_veto *veto, const struct intake_value *value,
                       struct indicator *ret_record)
{
	const struct observable observable = {
		.type = value->type,
		.algorithm = value->algorithm,
		.text = value->text,
	};

	if (value->is_pattern)
		return false;
	if (value->type == OBSERVABLE_ADDRESS)
		return value->is_range ? covers_range(veto, &value->range, ret_record)
		                       : covers_prefix(veto, &value->prefix, ret_record);
	if (value->type == OBSERVABLE_URL)
		return covers_url(veto, value->text, ret_record);
	return match_is_vetoed(veto->context, &observable, ret_record);
}
