#include "engine/state_words.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "engine/beside_file.h"

static size_t file_bytes(uint32_t word_count)
{
	return sizeof(struct state_words_header) + (size_t)word_count * sizeof(uint32_t);
}

uint64_t state_words_checksum(const struct state_words_header *header)
{
	struct state_words_header copy = *header;

	copy.checksum = 0;
	return hash_bytes(HASH_SECRET_0, &copy, sizeof(copy));
}

// What is wrong with the file, or NULL.
static const char *header_problem(const struct state_words_header *header, size_t size,
                                  const struct state_words_base *base)
{
	if (memcmp(header->magic, STATE_WORDS_MAGIC, sizeof(header->magic)) != 0)
		return "not a state file";
	if (header->version != STATE_WORDS_VERSION)
		return "of another format version";
	if (header->checksum != state_words_checksum(header))
		return "its header is damaged";
	if (memcmp(header->base_build_id, base->build_id, sizeof(header->base_build_id)) != 0)
		return "of another database";
	if (header->word_count != base->word_count || size != file_bytes(header->word_count))
		return "not of the size that it should have";
	return NULL;
}

static int map_file(int fd, const struct state_words_base *base, bool is_writable,
                    struct state_words *ret_words, const char **ret_problem)
{
	struct state_words_header header;
	struct stat status;
	uint8_t *bytes;

	if (fstat(fd, &status) != 0)
		return -errno;
	*ret_problem = "too short to be a state file";
	if (pread(fd, &header, sizeof(header), 0) != sizeof(header))
		return -EINVAL;
	*ret_problem = header_problem(&header, (size_t)status.st_size, base);
	if (*ret_problem != NULL)
		return -EINVAL;
	bytes = mmap(NULL, file_bytes(header.word_count),
	             is_writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	ret_words->words = (_Atomic uint32_t *)(void *)(bytes + sizeof(header));
	ret_words->count = header.word_count;
	return 0;
}

int state_words_open(const char *path, const struct state_words_base *base, bool is_writable,
                     struct report *report, struct state_words *ret_words)
{
	const char *problem = NULL;
	int fd;
	int error = beside_file_open(path, STATE_WORDS_SUFFIX,
	                             (is_writable ? O_RDWR : O_RDONLY) | O_NONBLOCK, &fd);

	if (error != 0)
		return error;
	error = map_file(fd, base, is_writable, ret_words, &problem);
	(void)close(fd);
	if (error == -EINVAL)
		report_note(report, "state file left aside", slice_text(path), "%s",
		            problem != NULL ? problem : "cannot be mapped");
	return error;
}

int state_words_create(const char *path, const struct state_words_base *base)
{
	struct state_words_header header = {
		.magic = STATE_WORDS_MAGIC,
		.version = STATE_WORDS_VERSION,
		.word_count = base->word_count,
	};
	AUTO(replacement) file = NULL;
	int error = beside_file_create(path, STATE_WORDS_SUFFIX, &file);
	int fd;

	if (error != 0)
		return error;
	memcpy(header.base_build_id, base->build_id, sizeof(header.base_build_id));
	header.checksum = state_words_checksum(&header);
	fd = replacement_descriptor(file);
	// With its blocks: a full disk must not end the one who writes a word later with SIGBUS.
	error = -posix_fallocate(fd, 0, (off_t)file_bytes(base->word_count));
	if (error != 0)
		return error;
	if (pwrite(fd, &header, sizeof(header), 0) != sizeof(header))
		return errno != 0 ? -errno : -EIO;
	return replacement_commit(file);
}

void state_words_close(struct state_words *words)
{
	if (words->words != NULL)
		munmap((uint8_t *)(uintptr_t)words->words - sizeof(struct state_words_header),
		       file_bytes(words->count));
	*words = (struct state_words){};
}

void state_words_silence(struct state_words *words, uint32_t indicator_id)
{
	atomic_fetch_or_explicit(&words->words[indicator_id], INDICATOR_IS_SILENT,
	                         memory_order_relaxed);
}

int state_words_sync(const struct state_words *words)
{
	uint8_t *bytes = (uint8_t *)(uintptr_t)words->words - sizeof(struct state_words_header);

	return msync(bytes, file_bytes(words->count), MS_SYNC) == 0 ? 0 : -errno;
}

bool state_words_are_known(const struct state_words *words)
{
	for (uint32_t id = 0; id < words->count; id++) {
		uint32_t word = atomic_load_explicit(&words->words[id], memory_order_relaxed);

		if ((word & ~(uint32_t)INDICATOR_IS_SILENT) != 0)
			return false;
	}
	return true;
}
