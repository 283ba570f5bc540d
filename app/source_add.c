#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/command.h"
#include "app/config_source.h"
#include "app/options.h"
#include "app/output_file.h"
#include "app/source_verbs.h"
#include "base/log.h"
#include "loader/config_insert.h"

struct add_values {
	const char *config_path;
	const char *name, *kind, *address, *collection, *format, *group, *role, *tlp;
	const char *reliability, *interval, *username, *password_file, *token_file;
};

static int add_operand(void *context, const char *text)
{
	struct add_values *values = context;

	values->name = text;
	return 0;
}

#define FIELD(key, argument_name, member, text)                                                    \
	{                                                                                          \
		OPTION_TEXT, 0, key, argument_name, .offset = offsetof(struct add_values, member), \
						    .help = text                                   \
	}

static const struct option add_options[] = {
	CONFIG_SOURCE_OPTION(add_values, config_path),
	{OPTION_HEADING, .help = "Fields of the source (sekisho.yaml(5))"},
	FIELD("kind", "KIND", kind, "file, http, taxii11, taxii20, taxii21, misp-feed, mail"),
	FIELD("address", "WHERE", address, "path or URL"),
	FIELD("collection", "NAME", collection, "TAXII: id, alias or name"),
	FIELD("format", "NAME", format, "of what comes, when its content does not tell"),
	FIELD("group", "NAME", group, "the feed group, such as C2"),
	FIELD("role", "ROLE", role, "indicators, known-benign, attacked"),
	FIELD("tlp", "LEVEL", tlp, "for what carries none itself"),
	FIELD("reliability", "LEVEL", reliability, "A to F, or 0 to 100"),
	FIELD("interval", "DURATION", interval, "how often it is fetched: 15m, 1h, 1d"),
	FIELD("username", "NAME", username, "for basic authentication"),
	FIELD("password-file", "FILE", password_file, "its first line is the password"),
	FIELD("token-file", "FILE", token_file, "its first line is a bearer token"),
	{OPTION_END},
};

static const struct command_line add_line = {
	"sekisho source add",
	"[options] NAME --kind KIND --address WHERE",
	"Adds a source to the configuration, behind the others; everything else in the file stays "
	"as "
	"it is, comments included. Nothing is written when the result has a mistake.",
	add_options,
	add_operand,
};

static int read_text(const char *path, struct buffer *ret_text, mode_t *ret_mode)
{
	FILE *file = fopen(path, "re");
	char bytes[8192];
	struct stat status;
	size_t size;

	if (file == NULL || fstat(fileno(file), &status) < 0)
		return -errno;
	while ((size = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buffer_append(ret_text, bytes, size);
	int error = ferror(file) != 0 ? -EIO : ret_text->failed ? -ENOMEM : 0;
	(void)fclose(file);
	*ret_mode = status.st_mode & 07777;
	return error;
}

static int write_text(const char *path, const struct buffer *text, mode_t mode)
{
	AUTO(output_file) output = NULL;
	int error = output_file_open(path, &output);

	if (error < 0)
		return error;
	FILE *stream = output_file_stream(output);
	(void)fchmod(fileno(stream), mode);
	if (fwrite(text->data, 1, text->size, stream) != text->size)
		return -EIO;
	return output_file_commit(output);
}

static int insert(const struct add_values *values, struct slice text, struct buffer *ret_text)
{
	const struct config_pair pairs[] = {
		{"name", values->name},
		{"kind", values->kind},
		{"address", values->address},
		{"collection", values->collection},
		{"format", values->format},
		{"group", values->group},
		{"role", values->role},
		{"tlp", values->tlp},
		{"reliability", values->reliability},
		{"interval", values->interval},
		{"username", values->username},
		{"password-file", values->password_file},
		{"token-file", values->token_file},
	};

	return config_insert_source(text, pairs, sizeof(pairs) / sizeof(pairs[0]), ret_text);
}

static int add(const struct add_values *values, const char *path)
{
	struct buffer before = {0};
	struct buffer after = {0};
	AUTO(config) config = NULL;
	mode_t mode;
	int error = read_text(path, &before, &mode);

	if (error == 0)
		error = insert(values, buffer_slice(&before), &after);
	if (error == -ENOTSUP)
		log_error(
			"%s: the sources stand in one line; write them as a list, one item a line",
			path);
	else if (error < 0)
		log_error("%s: %s", path, strerror(-error));
	else if (config_source_check_text(buffer_slice(&after), path, &config) < 0)
		error = -EINVAL; // told
	else if (config_source(config, values->name) == NULL)
		error = -ENOTSUP; // it came to lie behind the document's end
	else
		error = write_text(path, &after, mode);
	if (error < 0 && config != NULL)
		log_error("%s: %s", path, strerror(-error));
	buffer_close(&before);
	buffer_close(&after);
	return error;
}

static int run(int argc, char **argv)
{
	struct add_values values = {0};
	enum options_outcome outcome = options_parse(&add_line, argc, argv, &values);
	AUTO(config) config = NULL;

	if (outcome != OPTIONS_READ)
		return outcome == OPTIONS_HELP ? EXIT_FOUND : EXIT_FAILED;
	if (values.name == NULL || values.kind == NULL || values.address == NULL) {
		options_complain(&add_line, "a source needs a NAME, --kind and --address");
		return EXIT_FAILED;
	}
	if (config_source_read(values.config_path, &config) < 0 || add(&values, config->path) < 0)
		return EXIT_FAILED;
	(void)printf("%s: source %s added; 'sekisho source test %s' reaches for it\n", config->path,
	             values.name, values.name);
	return EXIT_FOUND;
}

const struct command command_source_add = {
	.name = "add",
	.summary = "add one to the configuration",
	.run = run,
};
