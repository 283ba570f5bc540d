#include "app/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/replacement.h"

enum { NEW_FILE_MODE = 0644 };

struct output_file {
	FILE *stream;
	struct replacement *replacement; // NULL: written directly
};

void output_file_free(struct output_file *output)
{
	if (output == NULL)
		return;
	if (output->stream != NULL && output->stream != stdout)
		(void)fclose(output->stream);
	replacement_free(output->replacement);
	free(output);
}

static int open_directly(struct output_file *output, const char *path)
{
	output->stream = fopen(path, "we");
	return output->stream != NULL ? 0 : -errno;
}

static int open_replacement(struct output_file *output, const char *path)
{
	int error = replacement_open(path, &output->replacement);

	if (error < 0)
		return error;
	int fd = fcntl(replacement_descriptor(output->replacement), F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	output->stream = fdopen(fd, "w+");
	if (output->stream == NULL) {
		(void)close(fd);
		return -ENOMEM;
	}
	return 0;
}

int output_file_open(const char *path, struct output_file **ret_output)
{
	AUTO(output_file) output = calloc(1, sizeof(*output));
	struct stat status;
	int error;

	if (output == NULL)
		return -ENOMEM;
	if (strcmp(path, "-") == 0) {
		output->stream = stdout;
		*ret_output = TAKE(output);
		return 0;
	}
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
		error = S_ISDIR(status.st_mode) ? -EISDIR : open_directly(output, path);
	else
		error = open_replacement(output, path);
	if (error < 0)
		return error;
	*ret_output = TAKE(output);
	return 0;
}

FILE *output_file_stream(struct output_file *output)
{
	return output->stream;
}

void output_file_log_error(const char *what, const char *path, int error)
{
	const char *name = strcmp(path, "-") == 0 ? "standard output" : path;

	if (error != -EPIPE)
		log_error("writing %s to %s: %s", what, name, strerror(-error));
}

int output_file_commit(struct output_file *output)
{
	if (ferror(output->stream) != 0 || fflush(output->stream) != 0)
		return errno != 0 ? -errno : -EIO;
	return output->replacement != NULL ? replacement_commit(output->replacement) : 0;
}
