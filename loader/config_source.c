#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader/config_reading.h"
#include "loader/config_text.h"
#include "loader/csv_map.h"

#define DAY_S UINT32_C(86400)

enum {
	INTERVAL_DEFAULT_S = 3600,
	INTERVAL_MIN_S = 10,
	TIMEOUT_DEFAULT_S = 60,
	TIMEOUT_MAX_S = 3600,
	PAGES_DEFAULT = 10000,
	RETRIES_DEFAULT = 5,
	RETRIES_MAX = 100,
	RELIABILITY_DEFAULT = 50, // F: cannot be judged
};
#define FULL_RESYNC_DEFAULT_S (7 * DAY_S)
#define DURATION_MAX_S        (366 * DAY_S)
#define BODY_BYTES_DEFAULT    (UINT64_C(2) << 30)
#define BODY_BYTES_LEAST      1024

static const char *const kind_names[] = {
	[SOURCE_FILE] = "file",       [SOURCE_HTTP] = "http",
	[SOURCE_TAXII1] = "taxii11",  [SOURCE_TAXII20] = "taxii20",
	[SOURCE_TAXII21] = "taxii21", [SOURCE_MISP_FEED] = "misp-feed",
	[SOURCE_MAIL] = "mail",
};
static_assert(sizeof(kind_names) / sizeof(kind_names[0]) == SOURCE_KIND_COUNT, "all named");

const char *source_kind_name(enum source_kind kind)
{
	return kind_names[kind];
}

static const char *kind_name(unsigned kind)
{
	return source_kind_name((enum source_kind)kind);
}

static const char *format_name(unsigned format)
{
	return feed_format_name((enum feed_format)format);
}

const char *source_role_name(enum source_role role)
{
	static const char *const names[] = {
		[SOURCE_INDICATORS] = "indicators",
		[SOURCE_KNOWN_BENIGN] = "known-benign",
		[SOURCE_ATTACKED] = "attacked",
	};

	return names[role];
}

static const char *role_name(unsigned role)
{
	return source_role_name((enum source_role)role);
}

static bool is_of_taxii(enum source_kind kind)
{
	return kind == SOURCE_TAXII1 || kind == SOURCE_TAXII20 || kind == SOURCE_TAXII21;
}

static bool is_of_taxii2(enum source_kind kind)
{
	return kind == SOURCE_TAXII20 || kind == SOURCE_TAXII21;
}

static bool is_of_web(const struct source_config *source)
{
	return source->kind != SOURCE_FILE && source->kind != SOURCE_MAIL;
}

static void read_what(struct config_reading *reading, const struct raw_source *raw,
                      struct source_config *source)
{
	int choice;

	if (raw->format != NULL) {
		choice = config_read_choice(reading, "format", raw->format, FEED_FORMAT_COUNT,
		                            format_name);
		source->format = choice >= 0 ? (enum feed_format)choice : FEED_AUTO;
	}
	// Legitimate sites under attack, whoever lists them: nothing may ever block them.
	if (raw->group != NULL && strcasecmp(raw->group, "BKMW_ATTK") == 0)
		source->role = SOURCE_ATTACKED;
	if (raw->role != NULL) {
		choice = config_read_choice(reading, "role", raw->role, SOURCE_ATTACKED + 1,
		                            role_name);
		source->role = choice >= 0 ? (enum source_role)choice : SOURCE_INDICATORS;
	}
	if (raw->tlp != NULL) {
		choice = config_read_choice(reading, "tlp", raw->tlp, TLP_COUNT, config_tlp_name);
		source->tlp = choice >= 0 ? (enum tlp)choice : TLP_NONE;
	}
	if (raw->reliability != NULL &&
	    config_text_reliability(raw->reliability, &source->reliability) < 0)
		config_mistake(reading, "reliability", "'%s' is neither A to F nor 0 to 100",
		               raw->reliability);
	source->collection = config_keep(reading, raw->collection);
	source->csv_columns = config_keep(reading, raw->columns);
	source->group = config_keep(reading, raw->group);
}

static void read_when(struct config_reading *reading, const struct raw_source *raw,
                      struct source_config *source)
{
	const struct config_bounds of_interval = {INTERVAL_MIN_S, DURATION_MAX_S};
	const struct config_bounds of_timeout = {1, TIMEOUT_MAX_S};
	const struct config_bounds any = {0, DURATION_MAX_S};
	const struct config_bounds of_retries = {0, RETRIES_MAX};
	const struct config_bounds of_pages = {1, UINT32_MAX};
	uint64_t retries = RETRIES_DEFAULT;
	uint64_t pages = PAGES_DEFAULT;
	uint64_t body_bytes = BODY_BYTES_DEFAULT;

	source->full_resync_s = is_of_taxii(source->kind) ? FULL_RESYNC_DEFAULT_S : 0;
	config_read_duration(reading, "interval", raw->interval, &of_interval, &source->interval_s);
	config_read_duration(reading, "full-resync", raw->full_resync, &any,
	                     &source->full_resync_s);
	config_read_duration(reading, "timeout", raw->timeout, &of_timeout, &source->timeout_s);
	config_read_number(reading, "retries", raw->retries, &of_retries, &retries);
	source->retries = (uint32_t)retries;
	config_read_number(reading, "pages-max", raw->pages_max, &of_pages, &pages);
	source->pages_max = (uint32_t)pages;
	if (raw->body_max != NULL && config_text_size(raw->body_max, &body_bytes) < 0)
		config_mistake(reading, "body-max", "'%s' is not a size (65536, 64K, 64M, 2G)",
		               raw->body_max);
	else if (body_bytes < BODY_BYTES_LEAST)
		config_mistake(reading, "body-max", "'%s' is less than 1K", raw->body_max);
	source->body_bytes_max = body_bytes;
}

static void read_flags(struct config_reading *reading, const struct raw_source *raw,
                       struct source_config *source)
{
	bool may_be_snapshot = source->kind == SOURCE_FILE || source->kind == SOURCE_HTTP ||
	                       source->kind == SOURCE_MISP_FEED;

	// A list is all there is; a STIX bundle tells what goes by revoking it.
	source->is_snapshot = may_be_snapshot && source->format != FEED_STIX;
	source->is_snapshot_by_format = source->is_snapshot && raw->snapshot == NULL &&
	                                source->format == FEED_AUTO;
	config_read_bool(reading, "snapshot", raw->snapshot, &source->is_snapshot);
	config_read_bool(reading, "hide-source", raw->hide_source, &source->is_hidden);
	config_read_bool(reading, "plain-names", raw->plain_names, &source->has_plain_names);
	config_read_bool(reading, "attachments-only", raw->attachments_only,
	                 &source->has_attachments_only);
	config_read_bool(reading, "enabled", raw->enabled, &source->is_enabled);
	if (raw->subdomains == NULL)
		return;
	source->has_same_subdomains = strcasecmp(raw->subdomains, "same") == 0;
	if (!source->has_same_subdomains && strcasecmp(raw->subdomains, "alert") != 0)
		config_mistake(reading, "subdomains", "'%s' is neither same nor alert",
		               raw->subdomains);
}

static void check_file(struct config_reading *reading, const char *field, const char *path)
{
	if (access(path, R_OK) < 0)
		config_remark(reading, field, "%s cannot be read now", path);
}

static void check_secret_file(struct config_reading *reading, const char *field, const char *path)
{
	struct stat status;

	if (path == NULL || reading->is_out_of_memory)
		return;
	if (stat(path, &status) < 0)
		config_remark(reading, field, "%s cannot be read now", path);
	else if (!config_secret_is_private(status.st_mode))
		config_remark(reading, field, "others may read %s: it will be refused (chmod 600)",
		              path);
}

static void read_secret(struct config_reading *reading, const char *const fields[2],
                        const char *const texts[2], struct config_secret *ret_secret)
{
	ret_secret->file = config_keep_path(reading, texts[0]);
	ret_secret->environment = config_keep(reading, texts[1]);
	if (texts[0] != NULL && texts[1] != NULL)
		config_mistake(reading, fields[0], "there is %s as well: one of them", fields[1]);
	check_secret_file(reading, fields[0], ret_secret->file);
	if (texts[1] != NULL && getenv(texts[1]) == NULL)
		config_remark(reading, fields[1], "%s is not set in this environment", texts[1]);
}

// The key may be in the file of the certificate, which is a secret then.
static void read_certificates(struct config_reading *reading, const struct raw_source *raw,
                              struct source_config *source)
{
	source->client_cert = config_keep_path(reading, raw->client_cert);
	source->client_key = config_keep_path(reading, raw->client_key);
	source->ca_file = config_keep_path(reading, raw->ca_file);
	if (raw->client_key != NULL && raw->client_cert == NULL)
		config_mistake(reading, "client-cert", "is missing: there is a client-key");
	if (source->client_key == NULL) {
		check_secret_file(reading, "client-cert", source->client_cert);
	} else if (source->client_cert != NULL) {
		check_secret_file(reading, "client-key", source->client_key);
		check_file(reading, "client-cert", source->client_cert);
	}
	if (source->ca_file != NULL)
		check_file(reading, "ca-file", source->ca_file);
}

static bool has_secrets(const struct raw_source *raw)
{
	return raw->password_file != NULL || raw->password_env != NULL || raw->token_file != NULL ||
	       raw->token_env != NULL;
}

static void read_access(struct config_reading *reading, const struct raw_source *raw,
                        struct source_config *source)
{
	read_secret(reading, (const char *const[2]){"password-file", "password-env"},
	            (const char *const[2]){raw->password_file, raw->password_env},
	            &source->password);
	read_secret(reading, (const char *const[2]){"token-file", "token-env"},
	            (const char *const[2]){raw->token_file, raw->token_env}, &source->token);
	source->username = config_keep(reading, raw->username);
	source->token_header = config_keep(reading, raw->token_header);
	source->proxy = config_keep(reading, raw->proxy);
	read_certificates(reading, raw, source);
	if (source->username == NULL && (raw->password_file != NULL || raw->password_env != NULL))
		config_mistake(reading, "username", "is missing: there is a password");
	if (raw->username != NULL && raw->password_file == NULL && raw->password_env == NULL)
		config_remark(reading, "username", "comes without a password");
	if (raw->token_header != NULL && raw->token_file == NULL && raw->token_env == NULL)
		config_mistake(reading, "token-header", "needs token-file or token-env");
}

static void read_address(struct config_reading *reading, const struct raw_source *raw,
                         struct source_config *source)
{
	const char *address = raw->address;
	bool is_http = strncasecmp(address, "http://", 7) == 0;
	bool is_https = strncasecmp(address, "https://", 8) == 0;

	// A MISP feed is as good in a folder.
	if (source->kind == SOURCE_MISP_FEED && !is_http && !is_https) {
		bool is_url = strncasecmp(address, "file://", 7) == 0;

		source->address = config_keep_path(reading, is_url ? address + 7 : address);
		return;
	}
	if (!is_of_web(source)) {
		if (is_http || is_https)
			config_mistake(reading, "address", "'%s' is a URL, but the kind is %s",
			               address, source_kind_name(source->kind));
		source->address = config_keep_path(reading, address);
		return;
	}
	source->address = config_keep(reading, address);
	if (!is_http && !is_https)
		config_mistake(reading, "address", "'%s' does not begin with https://", address);
	else if (strchr(strstr(address, "//") + 2, '@') != NULL)
		config_mistake(reading, "address",
		               "credentials do not belong here: username and password-file");
	else if (is_of_taxii2(source->kind) && strpbrk(address, "?#") != NULL)
		config_mistake(reading, "address",
		               "TAXII has its own queries, this one would be lost: write a key "
		               "into a file, with token-file and token-header");
	else if (is_http && has_secrets(raw))
		config_remark(reading, "address", "http: the credentials can be read on the way");
	else if (is_http)
		config_remark(reading, "address", "http: what comes can be changed on the way");
}

static void read_types(struct config_reading *reading, const struct raw_source *raw,
                       struct source_config *source)
{
	source->types = config_allocate(reading, raw->types_count, sizeof(*source->types));
	if (source->types == NULL)
		return;
	for (unsigned i = 0; i < raw->types_count; i++) {
		source->types[i][0] = config_keep(reading, raw->types[i].theirs);
		source->types[i][1] = config_keep(reading, raw->types[i].ours);
	}
	source->types_count = raw->types_count;
}

static void read_columns(struct config_reading *reading, const struct source_config *source)
{
	struct csv_map map;
	const char *wrong;
	struct slice where;

	if (source->csv_columns != NULL &&
	    !csv_map_parse(slice_text(source->csv_columns), &map, &wrong, &where))
		config_mistake(reading, "columns", "'%.*s': %s", SLICE_FORMAT(where), wrong);
}

static void read_source(struct config_reading *reading, const struct raw_source *raw,
                        struct source_config *source)
{
	*source = (struct source_config){
		.name = config_keep(reading, raw->name),
		.reliability = RELIABILITY_DEFAULT,
		.interval_s = INTERVAL_DEFAULT_S,
		.timeout_s = TIMEOUT_DEFAULT_S,
		.is_enabled = true,
	};
	int kind = config_read_choice(reading, "kind", raw->kind, SOURCE_KIND_COUNT, kind_name);
	if (kind < 0)
		return;
	source->kind = (enum source_kind)kind;
	read_address(reading, raw, source);
	read_what(reading, raw, source);
	read_when(reading, raw, source);
	read_flags(reading, raw, source);
	read_access(reading, raw, source);
	read_types(reading, raw, source);
	if (source->csv_columns != NULL && source->format != FEED_CSV)
		config_mistake(reading, "columns", "are of 'format: csv' only");
	else
		read_columns(reading, source);
	if (source->collection != NULL && !is_of_taxii(source->kind))
		config_mistake(reading, "collection", "is of TAXII only");
}

struct named {
	const char *name;
	unsigned index;
};

static int compare_named(const void *a, const void *b)
{
	const struct named *first = a, *second = b;
	int order = strcmp(first->name, second->name);

	return order != 0 ? order : (int)first->index - (int)second->index;
}

static void check_doubles(struct config_reading *reading, const struct raw_config *raw)
{
	struct named *named = config_allocate(reading, raw->sources_count, sizeof(*named));

	if (named == NULL)
		return;
	for (unsigned i = 0; i < raw->sources_count; i++)
		named[i] = (struct named){raw->sources[i].name, i};
	qsort(named, raw->sources_count, sizeof(*named), compare_named);
	for (unsigned i = 1; i < raw->sources_count; i++) {
		if (strcmp(named[i].name, named[i - 1].name) != 0)
			continue;
		(void)snprintf(reading->within, sizeof(reading->within), "sources[%u]",
		               named[i].index);
		config_mistake(reading, "name", "sources[%u] is named '%s', too",
		               named[i - 1].index, named[i].name);
	}
}

void config_read_sources(struct config_reading *reading, const struct raw_config *raw,
                         struct config *config)
{
	struct source_config *sources = config_allocate(reading, raw->sources_count,
	                                                sizeof(*sources));

	for (unsigned i = 0; sources != NULL && i < raw->sources_count; i++) {
		(void)snprintf(reading->within, sizeof(reading->within), "sources[%u]", i);
		read_source(reading, &raw->sources[i], &sources[i]);
	}
	check_doubles(reading, raw);
	reading->within[0] = '\0';
	config->sources = sources;
	config->source_count = raw->sources_count;
}
