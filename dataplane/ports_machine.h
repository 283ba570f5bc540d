// dataplane/ports_machine.h — what of this machine and this process decides which ports work.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <linux/capability.h>

enum ports_answer { ANSWER_NO, ANSWER_YES, ANSWER_UNKNOWN };

struct ports_machine {
	uint64_t capabilities; // effective ones of this process, by bit
	unsigned kernel_major, kernel_minor;
	bool has_btf;                             // the kernel's types
	bool has_bpffs;                           // mounted where maps are pinned
	enum ports_answer has_extension_programs; // libxdp's dispatcher is made of them
	uint64_t huge_page_bytes;                 // of the smallest size there is; 0: none
	uint64_t huge_bytes_free;                 // of all sizes
};

void ports_machine_read(struct ports_machine *ret_machine);

static inline bool ports_machine_may(const struct ports_machine *machine, unsigned capability)
{
	return machine->capabilities >> capability & 1;
}

static inline bool ports_machine_is_since(const struct ports_machine *machine, unsigned major,
                                          unsigned minor)
{
	return machine->kernel_major > major ||
	       (machine->kernel_major == major && machine->kernel_minor >= minor);
}
