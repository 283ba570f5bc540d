// Runs a fuzz target over files and the files of folders, without libFuzzer: a crash is a failed
// test. An argument that holds no file fails too, so that lost seeds are noticed.
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "tests/fuzz/fuzz.h"

enum { PATH_BYTES = 4096 };

static bool replay_file(const char *path)
{
	struct buffer content = {0};
	uint8_t chunk[65536];
	size_t size;
	FILE *file = fopen(path, "rb");

	if (file == NULL) {
		perror(path);
		return false;
	}
	while ((size = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buffer_append(&content, chunk, size);

	// A copy of exactly this size, so that a sanitizer sees the first byte read beyond it.
	uint8_t *exact = malloc(content.size > 0 ? content.size : 1);
	bool is_read = !ferror(file) && !content.failed && exact != NULL;
	if (is_read) {
		if (content.size > 0)
			memcpy(exact, content.data, content.size);
		(void)LLVMFuzzerTestOneInput(exact, content.size);
	}
	free(exact);
	buffer_close(&content);
	(void)fclose(file);
	return is_read;
}

// Returns how many files were replayed, or -1.
static int replay_folder(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	int count = 0;

	if (folder == NULL) {
		perror(path);
		return -1;
	}
	while (count >= 0 && (entry = readdir(folder)) != NULL) {
		char file[PATH_BYTES];

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		count = replay_file(file) ? count + 1 : -1;
	}
	(void)closedir(folder);
	return count;
}

int main(int argc, char *argv[])
{
	for (int i = 1; i < argc; i++) {
		struct stat status;
		bool is_folder = stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode);
		int count = is_folder ? replay_folder(argv[i]) : replay_file(argv[i]) ? 1 : -1;

		if (count <= 0) {
			(void)fprintf(stderr, "%s: nothing was replayed\n", argv[i]);
			return EXIT_FAILURE;
		}
		(void)printf("%s: %d replayed\n", argv[i], count);
	}
	return EXIT_SUCCESS;
}
