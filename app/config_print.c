#include "app/config_print.h"

#include <inttypes.h>

#include "app/config_print_parts.h"
#include "base/buffer.h"
#include "engine/normalize.h"
#include "loader/http_url.h"

// Without a name and password in it.
static void print_proxy(FILE *file, const char *proxy)
{
	struct buffer text = {0};

	if (proxy == NULL)
		return;
	http_url_tell(proxy, &text);
	buffer_append_byte(&text, '\0');
	if (!text.failed)
		config_print_text(file, "    proxy", (const char *)text.data);
	buffer_close(&text);
}

static void print_access(FILE *file, const struct source_config *source)
{
	config_print_text(file, "    username", source->username);
	config_print_text(file, "    password-file", source->password.file);
	config_print_text(file, "    password-env", source->password.environment);
	config_print_text(file, "    token-file", source->token.file);
	config_print_text(file, "    token-env", source->token.environment);
	config_print_text(file, "    token-header", source->token_header);
	config_print_text(file, "    client-cert", source->client_cert);
	config_print_text(file, "    client-key", source->client_key);
	config_print_text(file, "    ca-file", source->ca_file);
	print_proxy(file, source->proxy);
}

static void print_types(FILE *file, const struct source_config *source)
{
	if (source->types_count > 0)
		(void)fprintf(file, "    types:\n");
	for (unsigned i = 0; i < source->types_count; i++) {
		config_print_text(file, "      - theirs", source->types[i][0]);
		config_print_text(file, "        ours", source->types[i][1]);
	}
}

static void print_source(FILE *file, const struct source_config *source)
{
	config_print_text(file, "  - name", source->name);
	(void)fprintf(file, "    kind: %s\n", source_kind_name(source->kind));
	config_print_text(file, "    address", source->address);
	config_print_text(file, "    collection", source->collection);
	(void)fprintf(file, "    format: %s\n", feed_format_name(source->format));
	config_print_text(file, "    columns", source->csv_columns);
	config_print_text(file, "    group", source->group);
	(void)fprintf(file, "    role: %s\n    tlp: %s\n    reliability: %u\n",
	              source_role_name(source->role), tlp_name(source->tlp), source->reliability);
	(void)fprintf(file, "    interval: %" PRIu32 "s\n    full-resync: %" PRIu32 "s\n",
	              source->interval_s, source->full_resync_s);
	if (!source->is_snapshot_by_format) // else a value would say more than is known
		config_print_flag(file, "    snapshot", source->is_snapshot);
	(void)fprintf(file, "    subdomains: %s\n", source->has_same_subdomains ? "same" : "alert");
	config_print_flag(file, "    hide-source", source->is_hidden);
	config_print_flag(file, "    plain-names", source->has_plain_names);
	config_print_flag(file, "    attachments-only", source->has_attachments_only);
	config_print_flag(file, "    enabled", source->is_enabled);
	print_access(file, source);
	(void)fprintf(file,
	              "    timeout: %" PRIu32 "s\n    retries: %" PRIu32 "\n    pages-max: %" PRIu32
	              "\n    body-max: %" PRIu64 "\n",
	              source->timeout_s, source->retries, source->pages_max,
	              source->body_bytes_max);
	print_types(file, source);
}

static void print_range(FILE *file, const char *key, unsigned min, unsigned max)
{
	if (min > 0 || max < 100)
		(void)fprintf(file, "    %s: %u-%u\n", key, min, max);
}

static void print_bits(FILE *file, const char *key, uint32_t bits, unsigned count,
                       const char *(*name_of)(unsigned))
{
	const char *between = "";

	if (bits == 0)
		return;
	(void)fprintf(file, "    %s: [", key);
	for (unsigned i = 0; i < count; i++) {
		if ((bits & UINT32_C(1) << i) == 0)
			continue;
		(void)fprintf(file, "%s%s", between, name_of(i));
		between = ", ";
	}
	(void)fprintf(file, "]\n");
}

static void print_row(FILE *file, const struct policy_row *row)
{
	config_print_text(file, "  - name", row->name);
	config_print_words(file, "    group", row->groups, row->group_count);
	config_print_words(file, "    source", row->sources, row->source_count);
	config_print_words(file, "    threat", row->threat_types, row->threat_type_count);
	print_bits(file, "type", row->observable_types, OBSERVABLE_TYPE_COUNT, config_type_name);
	print_bits(file, "tlp", row->tlps, TLP_COUNT, config_tlp_name);
	print_range(file, "reliability", row->reliability_min, row->reliability_max);
	print_range(file, "confidence", row->confidence_min, row->confidence_max);
	if (row->age_max_days > 0)
		(void)fprintf(file, "    age: <=%" PRIu32 "d\n", row->age_max_days);
	if (row->sources_min > 0)
		(void)fprintf(file, "    sources: \">=%" PRIu32 "\"\n", row->sources_min);
	if (row->posters_min > 0)
		(void)fprintf(file, "    posters: \">=%" PRIu32 "\"\n", row->posters_min);
	if (row->known_benign >= 0)
		config_print_flag(file, "    known-benign", row->known_benign == 1);
	if (row->promoted >= 0)
		config_print_flag(file, "    promoted", row->promoted == 1);
	(void)fprintf(file, "    action: %s\n", action_name(row->action));
	config_print_words(file, "    tags", row->tags, row->tag_count);
}

static void print_own(FILE *file, const struct config *config)
{
	char text[ADDRESS_TEXT_BYTES];

	if (config->own_network_count + config->own_name_count == 0)
		return;
	(void)fprintf(file, "own:\n");
	if (config->own_network_count > 0)
		(void)fprintf(file, "  networks:\n");
	for (unsigned i = 0; i < config->own_network_count; i++) {
		normalize_format_prefix(&config->own_networks[i], text);
		(void)fprintf(file, "    - \"%s\"\n", text);
	}
	config_print_words(file, "  names", config->own_names, config->own_name_count);
}

void config_print(FILE *file, const struct config *config)
{
	const struct guard_config *guards = &config->guards;

	config_print_text(file, "store", config->store_path);
	config_print_text(file, "database", config->database_path);
	config_print_text(file, "sign-key", config->sign_key_path);
	print_own(file, config);
	(void)fprintf(file,
	              "guards:\n  loss-max: %u%%\n  gain-max: %" PRIu32 "%%\n  change-min: %" PRIu64
	              "\n  clock-ahead: %" PRIu32 "s\n",
	              guards->loss_percent_max, guards->gain_percent_max, guards->change_min,
	              guards->clock_ahead_s);
	(void)fprintf(file, "retention: %" PRIu32 "d\noverlay-max: %" PRIu32 "\n",
	              config->retention_days, config->overlay_votes_max);
	config_print_sensor(file, config->sensor);
	(void)fprintf(file, "sources:%s\n", config->source_count == 0 ? " []" : "");
	for (unsigned i = 0; i < config->source_count; i++)
		print_source(file, &config->sources[i]);
	(void)fprintf(file, "policy:\n");
	for (unsigned i = 0; i < config->policy->row_count; i++)
		print_row(file, &config->policy->rows[i]);
}
