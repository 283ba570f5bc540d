// app/capture_list.h — the captures a command line names.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct capture_list {
	char **paths;         // owned
	uint32_t count;       // index = capture_id
	uint64_t total_bytes; // of the files; 0 when one of them has no size (standard input)
	uint64_t passed_over; // files of folders that are no captures
	uint64_t done_before; // taken out by capture_list_keep()
	bool has_sizeless;
	bool is_asked_for;   // capture_list_take() was called, even if folders hold none
	bool has_unreadable; // capture_list_take() could not read a folder
};

// Adds `path`: "-", a file as it is, or a folder's captures, those of its folders too, in the
// order of their names. In a folder a capture is what begins like one (pcap, pcapng; plain, gzip
// or zstd); the rest is counted in passed_over. Links to folders are not followed.
// Returns 0, -ENOMEM, or why `path` or a folder below it could not be read.
int capture_list_add(struct capture_list *list, const char *path);

// Adds an argument of the command line as capture_list_add() does, but logs what could not be
// read and goes on. Returns 0 or -ENOMEM.
int capture_list_take(struct capture_list *list, const char *path);

// Takes out what is not wanted; counts it in done_before.
void capture_list_keep(struct capture_list *list,
                       bool (*is_wanted)(void *context, const char *path), void *context);

// Frees what the list owns; it is empty again.
void capture_list_close(struct capture_list *list);
