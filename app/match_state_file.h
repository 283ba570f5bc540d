// app/match_state_file.h — the file of app/match_state.h, as text.
//
//	sekisho match state 1
//	database BUILD-ID OVERLAY-BUILD-ID SILENT-INDICATORS SETTINGS
//	SIZE CHANGED-NS DEVICE INODE PATH
//	end COUNT HASH
//
// Paths are in order; of their bytes, %, controls and what is not ASCII is %XX. The hash is of all
// bytes before its line.
#pragma once

#include <stdint.h>
#include <stdio.h>

struct match_state_key {
	uint8_t build_id[32];
	uint8_t overlay_build_id[32];
	uint64_t silent_indicators;
	uint64_t settings; // bits of struct traffic_settings
};

struct match_state_entry {
	char *path; // owned
	uint64_t size;
	int64_t changed_ns;
	uint64_t device;
	uint64_t inode;
};

struct match_state_file {
	struct match_state_key key;
	struct match_state_entry *entries; // `sorted_count` by path, then what was added
	size_t sorted_count;
	size_t count;
};

// Reads the file into *file, which is all zero. Returns 0, -EBADMSG (damaged, or something else, in
// line *ret_line), -ENOMEM, or the file's error; then *file is all zero again.
int match_state_file_read(const char *path, struct match_state_file *file, uint64_t *ret_line);

// Accepts an all-zero one.
void match_state_file_close(struct match_state_file *file);

// Among what was read; NULL: it is not there.
const struct match_state_entry *match_state_file_find(const struct match_state_file *file,
                                                      const char *path);

// Takes entry->path over. What the path was before is forgotten at the next writing. Returns 0 or
// -ENOMEM.
int match_state_file_add(struct match_state_file *file, struct match_state_entry *entry);

// Returns 0, -ENOMEM, or the error of writing.
int match_state_file_write(const struct match_state_file *file, FILE *stream);
