// app/capture_list.h — the captures a command line names.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct capture_list {
	char **paths;         // owned
	uint32_t count;       // index = capture_id
	uint64_t total_bytes; // of the files; 0 when one of them has no size (standard input)
	uint64_t passed_over; // files of folders that are no captures
	bool has_sizeless;
};

// Adds `path`: "-", a file as it is, or a folder's captures, those of its folders too, in the
// order of their names. In a folder a capture is what begins like one (pcap, pcapng; plain, gzip
// or zstd); the rest is counted in passed_over. Links to folders are not followed.
// Returns 0, -ENOMEM, or why `path` or a folder below it could not be read.
int capture_list_add(struct capture_list *list, const char *path);

// Frees what the list owns; it is empty again.
void capture_list_close(struct capture_list *list);
