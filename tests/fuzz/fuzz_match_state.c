// A file of `match --state`: read, or refused; what is written of it is read the same.
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/match_state_file.h"

static int read_again(const char *content, size_t size, struct match_state_file *file)
{
	char path[64];
	uint64_t line;
	int fd = memfd_create("state", MFD_CLOEXEC);
	int error;

	if (fd < 0 || write(fd, content, size) != (ssize_t)size)
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	error = match_state_file_read(path, file, &line);
	(void)close(fd);
	return error;
}

static void write_and_read(const struct match_state_file *file)
{
	struct match_state_file again = {0};
	char *content = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&content, &size);

	FUZZ_ASSERT(stream != NULL && match_state_file_write(file, stream) == 0);
	(void)fclose(stream);
	FUZZ_ASSERT(read_again(content, size, &again) == 0);
	FUZZ_ASSERT(again.count == file->count);
	for (size_t i = 0; i < file->count; i++) {
		const struct match_state_entry *entry =
			match_state_file_find(&again, file->entries[i].path);

		FUZZ_ASSERT(entry != NULL && entry->size == file->entries[i].size);
	}
	match_state_file_close(&again);
	free(content);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct match_state_file file = {0};
	int error = read_again((const char *)data, size, &file);

	FUZZ_ASSERT(error == 0 || error == -EBADMSG);
	if (error == 0)
		write_and_read(&file);
	match_state_file_close(&file);
	return 0;
}
