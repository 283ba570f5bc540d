#include "dataplane/file.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "dataplane/file_digests.h"
#include "dataplane/pool.h"

enum {
	DECODED_BYTES = 16 * 1024, // of one step of a decoder
	NOT_LOST = FILE_LOSS_COUNT,
};

struct file {
	struct file_digests digests;
	struct file_decoder *decoders[FILE_CODINGS_MAX]; // in the order they take off
	uint64_t written_bytes;                          // by whoever carried them
	uint64_t decoded_bytes;                          // output of all decoders
	uint64_t size_bytes;
	enum observable_where where;
	uint8_t loss; // enum file_loss, or NOT_LOST
	uint8_t decoder_count;
	uint8_t name_bytes;
	uint8_t type_bytes;
	uint8_t name[FILE_NAME_BYTES_MAX];
	uint8_t type[FILE_NAME_BYTES_MAX];
};

enum { FILE_BYTES = (sizeof(struct file) + 7) & ~7u };

struct file_table {
	struct pool files;
	struct file_memory memory;
	struct file_counters counters;
	uint8_t decoded[FILE_CODINGS_MAX][DECODED_BYTES]; // of the file that is written, by decoder
};

int file_table_create(size_t budget_bytes, struct file_table **ret_table)
{
	struct file_table *table = calloc(1, sizeof(*table));
	int error;

	if (table == NULL)
		return -ENOMEM;
	error = pool_open(&table->files, FILE_BYTES, budget_bytes / 4);
	if (error == 0)
		error = file_memory_open(&table->memory, budget_bytes / 4 * 3);
	if (error < 0) {
		file_table_free(table);
		return error;
	}
	*ret_table = table;
	return 0;
}

void file_table_free(struct file_table *table)
{
	if (table == NULL)
		return;
	pool_close(&table->files);
	file_memory_close(&table->memory);
	free(table);
}

bool file_table_is_empty(const struct file_table *table)
{
	return table->files.used == 0 && table->memory.used_bytes == 0;
}

void file_table_counters(const struct file_table *table, struct file_counters *ret_counters)
{
	*ret_counters = table->counters;
}

static struct file *file_at(const struct file_table *table, uint32_t id)
{
	return pool_block(&table->files, id);
}

static void close_decoders(struct file_table *table, struct file *file)
{
	for (unsigned i = 0; i < file->decoder_count; i++)
		file_decoder_close(&table->memory, file->decoders[i]);
	file->decoder_count = 0;
}

static void lose(struct file_table *table, struct file *file, enum file_loss loss)
{
	if (file->loss == NOT_LOST)
		file->loss = (uint8_t)loss;
	close_decoders(table, file);
}

static uint8_t copy_text(uint8_t to[FILE_NAME_BYTES_MAX], struct slice text)
{
	text = slice_first(text, FILE_NAME_BYTES_MAX);
	if (text.size > 0)
		memcpy(to, text.data, text.size);
	return (uint8_t)text.size;
}

static void open_decoders(struct file_table *table, struct file *file,
                          const struct file_start *start)
{
	if (start->coding_count > FILE_CODINGS_MAX) {
		lose(table, file, FILE_LOSS_CODING);
		return;
	}
	for (unsigned i = start->coding_count; i > 0; i--) {
		enum file_coding coding = (enum file_coding)start->codings[i - 1];
		struct file_decoder *decoder = file_decoder_open(&table->memory, coding);

		if (decoder == NULL) {
			lose(table, file,
			     coding == FILE_CODING_UNKNOWN ? FILE_LOSS_CODING : FILE_LOSS_ROOM);
			return;
		}
		file->decoders[file->decoder_count++] = decoder;
	}
}

void file_refuse(struct extract_output *output)
{
	if (!file_is_wanted(output))
		return;
	output->files->counters.files++;
	output->files->counters.lost[FILE_LOSS_ROOM]++;
}

uint32_t file_begin(struct extract_output *output, const struct file_start *start)
{
	struct file_table *table = output->files;
	struct file *file;
	uint32_t id;

	if (!file_is_wanted(output))
		return 0;
	id = pool_take(&table->files);
	if (id == 0) {
		file_refuse(output);
		return 0;
	}
	file = file_at(table, id);
	file->written_bytes = 0;
	file->decoded_bytes = 0;
	file->size_bytes = 0;
	file->where = start->where;
	file->loss = NOT_LOST;
	file->decoder_count = 0;
	file->name_bytes = copy_text(file->name, start->name);
	file->type_bytes = copy_text(file->type, start->media_type);
	file_digests_begin(&file->digests, output->hashes_wanted);
	open_decoders(table, file, start);
	return id;
}

static void take_content(struct file *file, struct slice bytes)
{
	file->size_bytes += bytes.size;
	if (file->loss == NOT_LOST)
		file_digests_add(&file->digests, bytes);
}

static bool is_bomb(const struct file *file)
{
	return file->decoded_bytes > FILE_DECODED_BYTES_MAX ||
	       file->decoded_bytes >
	               FILE_DECODED_FREE_BYTES + FILE_DECODED_RATIO_MAX * file->written_bytes;
}

// What a decoder's step says of the file. Returns whether there is another step.
static bool settle_step(struct file_table *table, struct file *file,
                        enum file_decoder_result result, bool has_moved)
{
	switch (result) {
	case FILE_DECODER_MORE:
		break;
	case FILE_DECODER_HUNGRY:
		return false;
	case FILE_DECODER_COMPLETE:
		return has_moved;
	case FILE_DECODER_DAMAGED:
		lose(table, file, FILE_LOSS_CODING);
		return false;
	case FILE_DECODER_NO_ROOM:
		lose(table, file, FILE_LOSS_ROOM);
		return false;
	}
	return true;
}

// Takes off the coding of decoder `index`, and those below it.
static void decode(struct file_table *table, struct file *file, unsigned index, struct slice bytes)
{
	bool has_step = true;

	if (index == file->decoder_count) {
		take_content(file, bytes);
		return;
	}
	while (has_step && file->loss == NOT_LOST) {
		size_t before = bytes.size, written;
		enum file_decoder_result result = file_decoder_step(file->decoders[index], &bytes,
		                                                    table->decoded[index],
		                                                    DECODED_BYTES, &written);

		file->decoded_bytes += written;
		if (is_bomb(file)) {
			lose(table, file, FILE_LOSS_BOMB);
			return;
		}
		if (written > 0)
			decode(table, file, index + 1, slice_of(table->decoded[index], written));
		if (file->loss == NOT_LOST)
			has_step = settle_step(table, file, result,
			                       bytes.size < before || written > 0);
	}
}

void file_write(struct extract_output *output, uint32_t id, struct slice bytes)
{
	struct file *file;

	if (id == 0 || bytes.size == 0)
		return;
	file = file_at(output->files, id);
	file->written_bytes += bytes.size;
	// Lost with its coding on: its size is what was seen of it.
	decode(output->files, file, 0, bytes);
}

void file_lose(struct extract_output *output, uint32_t id, enum file_loss loss)
{
	if (id != 0)
		lose(output->files, file_at(output->files, id), loss);
}

bool file_is_open(const struct extract_output *output, uint32_t id)
{
	// Who observes is told its size.
	return id != 0 && (output->tell != NULL || file_at(output->files, id)->loss == NOT_LOST);
}

static bool has_complete_codings(const struct file *file)
{
	for (unsigned i = 0; i < file->decoder_count; i++)
		if (!file_decoder_is_complete(file->decoders[i]))
			return false;
	return true;
}

static void tell(struct extract_output *output, struct file *file)
{
	struct file_seen seen = {
		.where = file->where,
		.name = slice_of(file->name, file->name_bytes),
		.media_type = slice_of(file->type, file->type_bytes),
		.size_bytes = file->size_bytes,
		.is_whole = file->loss == NOT_LOST,
	};

	if (seen.is_whole) {
		seen.algorithms = file->digests.algorithms;
		file_digests_end(&file->digests, seen.digests);
	}
	output->add_file(output, &seen);
}

void file_end(struct extract_output *output, uint32_t id, bool is_whole)
{
	struct file_table *table = output->files;
	struct file *file;

	if (id == 0)
		return;
	file = file_at(table, id);
	if (is_whole && file->written_bytes == 0) {
		close_decoders(table, file);
		pool_give(&table->files, id);
		return;
	}
	if (!is_whole)
		lose(table, file, FILE_LOSS_GAP);
	else if (!has_complete_codings(file))
		lose(table, file, FILE_LOSS_CODING);
	table->counters.files++;
	if (file->loss == NOT_LOST)
		table->counters.hashed++;
	else
		table->counters.lost[file->loss]++;
	tell(output, file);
	close_decoders(table, file);
	pool_give(&table->files, id);
}
