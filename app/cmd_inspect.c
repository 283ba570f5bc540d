#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/database_source.h"
#include "app/indicator_print.h"
#include "app/options.h"
#include "app/problems.h"
#include "app/text.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/uuid.h"
#include "engine/build.h"

struct inspect_values {
	const char *database_path;
	unsigned database_count;
	const char *key_path;
	bool has_verification;
	bool has_sections;
	bool has_indicators;
	bool has_json;
};

static int set_database(void *context, const char *path)
{
	struct inspect_values *values = context;

	values->database_path = path;
	values->database_count++;
	return 0;
}

static const struct option inspect_options[] = {
	{OPTION_FLAG, 0, "verify", .offset = offsetof(struct inspect_values, has_verification),
         .help = "read the whole file: checksums, and the signature with --key"},
	{OPTION_TEXT, 0, "key", "PUB", .offset = offsetof(struct inspect_values, key_path),
         .help = "an Ed25519 public key (a PEM file) that must have signed it; needs --verify"},
	{OPTION_FLAG, 0, "sections", .offset = offsetof(struct inspect_values, has_sections),
         .help = "list the sections of the file"},
	{OPTION_FLAG, 0, "indicators", .offset = offsetof(struct inspect_values, has_indicators),
         .help = "list the indicators, one JSON object a line with --json"},
	{OPTION_FLAG, 0, "json", .offset = offsetof(struct inspect_values, has_json),
         .help = "write JSON"},
	{OPTION_END},
};

static const struct command_line inspect_line = {
	"sekisho inspect",
	"[options] DB",
	"Says what a database holds, and whether it is whole and signed.",
	inspect_options,
	set_database,
};

struct named_figure {
	const char *name;
	uint64_t value;
};

// From FIGURE_SELDOM on they are of databases from a store, and left out of text when zero.
enum { FIGURE_SELDOM = 15, FIGURE_COUNT = 22, BUILD_ID_BYTES = 32, BUILD_ID_TEXT_BYTES = 65 };

static void list_figures(const struct database_info *info,
                         struct named_figure ret_figures[FIGURE_COUNT])
{
	const struct named_figure figures[FIGURE_COUNT] = {
		{"indicators", info->indicators},
		{"ipv4_hosts", info->ipv4_hosts},
		{"ipv4_networks", info->ipv4_networks},
		{"ipv6_hosts", info->ipv6_hosts},
		{"ipv6_networks", info->ipv6_networks},
		{"names", info->names},
		{"urls", info->urls},
		{"hashes_md5", info->hashes[HASH_MD5]},
		{"hashes_sha1", info->hashes[HASH_SHA1]},
		{"hashes_sha256", info->hashes[HASH_SHA256]},
		{"hashes_sha512", info->hashes[HASH_SHA512]},
		{"patterns", info->patterns},
		{"objects", info->objects},
		{"file_bytes", info->file_bytes},
		{"hot_bytes", info->hot_bytes},
		{"overlay_indicators", info->overlay_indicators},
		{"replaced_indicators", info->replaced_indicators},
		{"silent_indicators", info->silent_indicators},
		{"veto_indicators", info->veto_indicators},
		{"veto_names", info->veto_names},
		{"veto_prefixes", info->veto_prefixes},
		{"veto_hashes", info->veto_hashes},
	};

	memcpy(ret_figures, figures, sizeof(figures));
}

static void format_build_id(const uint8_t build_id[BUILD_ID_BYTES],
                            char ret_text[BUILD_ID_TEXT_BYTES])
{
	for (size_t i = 0; i < BUILD_ID_BYTES; i++)
		(void)snprintf(ret_text + 2 * i, 3, "%02x", build_id[i]);
}

// The store that it was made from, and the overlay: lines that only some databases have.
static void print_origin(const struct database *database, const struct database_info *info)
{
	struct build_origin origin;
	struct uuid store;
	char text[BUILD_ID_TEXT_BYTES];

	if (info->has_overlay) {
		format_build_id(info->overlay_build_id, text);
		(void)printf("overlay: %s\n", text);
	}
	if (!database_origin(database, &origin))
		return;
	memcpy(store.octets, origin.store_uuid, sizeof(store.octets));
	uuid_format(&store, text);
	(void)printf("store: %s\nstore_change: %" PRIu64 "\n", text, origin.change);
}

static void append_origin(struct buffer *json, const struct database *database,
                          const struct database_info *info)
{
	struct build_origin origin;
	struct uuid store;
	char text[BUILD_ID_TEXT_BYTES];

	if (info->has_overlay) {
		format_build_id(info->overlay_build_id, text);
		buffer_format(json, ",\"overlay\":\"%s\"", text);
	}
	if (!database_origin(database, &origin))
		return;
	memcpy(store.octets, origin.store_uuid, sizeof(store.octets));
	uuid_format(&store, text);
	buffer_format(json, ",\"store\":\"%s\",\"store_change\":%" PRIu64, text, origin.change);
}

static void print_text(const struct database *database, const struct inspect_values *values)
{
	struct database_info info;
	struct named_figure figures[FIGURE_COUNT];
	char build_id[BUILD_ID_TEXT_BYTES];

	database_info(database, &info);
	list_figures(&info, figures);
	format_build_id(info.build_id, build_id);
	(void)printf("database: %s\nformat_version: %" PRIu32 "\nbuild_id: %s\nsigned: %s\n",
	             values->database_path, info.format_version, build_id,
	             info.is_signed ? "yes" : "no");
	print_origin(database, &info);
	for (unsigned i = 0; i < FIGURE_COUNT; i++)
		if (i < FIGURE_SELDOM || figures[i].value > 0)
			(void)printf("%s: %s\n", figures[i].name,
			             text_count(figures[i].value).text);
	if (!values->has_sections)
		return;
	(void)printf("sections:\n");
	for (unsigned i = 0; i < info.section_count; i++) {
		const char *name;
		uint64_t offset, bytes;

		database_section(database, i, &name, &offset, &bytes);
		(void)printf("  %-24s offset %-12" PRIu64 " bytes %" PRIu64 "\n", name, offset,
		             bytes);
	}
}

static void append_sections(struct buffer *json, const struct database *database, unsigned count)
{
	buffer_append_text(json, ",\"sections\":[");
	for (unsigned i = 0; i < count; i++) {
		const char *name;
		uint64_t offset, bytes;

		database_section(database, i, &name, &offset, &bytes);
		buffer_append_text(json, i > 0 ? ",{\"name\":" : "{\"name\":");
		json_text_append(json, slice_text(name));
		buffer_format(json, ",\"offset\":%" PRIu64 ",\"bytes\":%" PRIu64 "}", offset,
		              bytes);
	}
	buffer_append_text(json, "]");
}

static void print_json(const struct database *database, const struct inspect_values *values,
                       struct buffer *json)
{
	struct database_info info;
	struct named_figure figures[FIGURE_COUNT];
	char build_id[BUILD_ID_TEXT_BYTES];

	database_info(database, &info);
	list_figures(&info, figures);
	format_build_id(info.build_id, build_id);
	buffer_append_text(json, "{\"database\":");
	json_text_append(json, slice_text(values->database_path));
	buffer_format(json, ",\"format_version\":%" PRIu32 ",\"build_id\":\"%s\",\"signed\":%s",
	              info.format_version, build_id, info.is_signed ? "true" : "false");
	append_origin(json, database, &info);
	for (unsigned i = 0; i < FIGURE_COUNT; i++)
		buffer_format(json, ",\"%s\":%" PRIu64, figures[i].name, figures[i].value);
	if (values->has_sections)
		append_sections(json, database, info.section_count);
	buffer_append_text(json, "}\n");
	(void)fwrite(json->data, 1, json->size, stdout);
}

static bool print_indicator(void *context, uint32_t indicator_id, const struct indicator *indicator)
{
	(void)context;
	(void)printf("- indicator %" PRIu32 "\n", indicator_id);
	indicator_print_text(stdout, indicator);
	return true;
}

static bool print_indicator_json(void *context, uint32_t indicator_id,
                                 const struct indicator *indicator)
{
	struct buffer *json = context;

	buffer_clear(json);
	buffer_format(json, "{\"indicator\":%" PRIu32, indicator_id);
	indicator_append_json(json, indicator);
	buffer_append_text(json, "}\n");
	(void)fwrite(json->data, 1, json->size, stdout);
	return !json->failed;
}

// Returns the exit status: EXIT_NOTHING says that the file is not what it should be.
static int verify(const struct database *database, const struct inspect_values *values)
{
	struct report report = {.input = values->database_path};
	int status = EXIT_FAILED;

	switch (database_verify(database, values->key_path, &report)) {
	case 0:
		log_info("%s: whole%s", values->database_path,
		         values->key_path != NULL ? ", and signed by this key" : "");
		status = EXIT_FOUND;
		break;
	case -EBADMSG:
	case -EKEYREJECTED:
		problems_error(values->database_path, &report);
		status = EXIT_NOTHING;
		break;
	default:
		if (report.reason_count > 0)
			problems_error(values->database_path, &report);
		else
			log_error("%s: could not be verified", values->database_path);
	}
	report_clear(&report);
	return status;
}

static int inspect(const struct inspect_values *values)
{
	AUTO(database) database = NULL;
	struct buffer json = {0};
	int status = EXIT_FOUND;

	if (database_source_open(values->database_path, &database) < 0)
		return EXIT_FAILED;
	if (values->has_json)
		print_json(database, values, &json);
	else
		print_text(database, values);
	if (values->has_indicators)
		database_each_indicator(
			database, values->has_json ? print_indicator_json : print_indicator, &json);
	if (values->has_verification)
		status = verify(database, values);
	if (json.failed)
		status = EXIT_FAILED;
	buffer_close(&json);
	return status;
}

static int run(int argc, char **argv)
{
	struct inspect_values values = {0};
	enum options_outcome outcome = options_parse(&inspect_line, argc, argv, &values);

	if (outcome != OPTIONS_READ)
		return outcome == OPTIONS_HELP ? EXIT_FOUND : EXIT_FAILED;
	if (values.database_count != 1) {
		options_complain(&inspect_line, "one database, not %u", values.database_count);
		return EXIT_FAILED;
	}
	if (values.key_path != NULL && !values.has_verification) {
		options_complain(&inspect_line, "--key needs --verify");
		return EXIT_FAILED;
	}
	return inspect(&values);
}

const struct command command_inspect = {
	.name = "inspect",
	.summary = "say what a database holds",
	.run = run,
};
