#include "app/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder_sync.h"
#include "base/log.h"

enum { NEW_FILE_MODE = 0644 };

struct output_file {
	FILE *stream;
	char *path;           // borrowed by nobody; NULL for standard output
	char *temporary_path; // NULL: written directly
};

void output_file_free(struct output_file *output)
{
	if (output == NULL)
		return;
	if (output->stream != NULL && output->stream != stdout)
		(void)fclose(output->stream);
	if (output->temporary_path != NULL)
		(void)unlink(output->temporary_path);
	free(output->temporary_path);
	free(output->path);
	free(output);
}

static int open_directly(struct output_file *output)
{
	output->stream = fopen(output->path, "we");
	return output->stream != NULL ? 0 : -errno;
}

// Follows a symbolic link, so that it stays one.
static int resolve_path(const char *path, char **ret_path)
{
	char *resolved = realpath(path, NULL);

	if (resolved == NULL && errno == ENOENT)
		resolved = strdup(path);
	if (resolved == NULL)
		return -errno;
	*ret_path = resolved;
	return 0;
}

static int open_temporary(struct output_file *output)
{
	if (asprintf(&output->temporary_path, "%s.XXXXXX", output->path) < 0) {
		output->temporary_path = NULL;
		return -ENOMEM;
	}

	int fd = mkostemp(output->temporary_path, O_CLOEXEC);
	if (fd < 0) {
		int error = -errno;
		free(TAKE(output->temporary_path));
		return error;
	}

	mode_t mask = umask(0);
	(void)umask(mask);
	(void)fchmod(fd, NEW_FILE_MODE & ~mask);
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
	error = resolve_path(path, &output->path);
	if (error < 0)
		return error;
	if (stat(output->path, &status) == 0 && !S_ISREG(status.st_mode))
		error = S_ISDIR(status.st_mode) ? -EISDIR : open_directly(output);
	else
		error = open_temporary(output);
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
	if (output->temporary_path == NULL)
		return 0;
	if (fsync(fileno(output->stream)) < 0)
		return -errno;
	if (rename(output->temporary_path, output->path) < 0)
		return -errno;
	free(TAKE(output->temporary_path));
	return folder_sync_of(output->path);
}
