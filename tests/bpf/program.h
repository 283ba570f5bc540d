// tests/bpf/program.h — the XDP program loaded, but not attached, with sets that tests fill.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include <cmocka.h>

#include "ebpf/xdp.h"
#include "engine/normalize.h"
#include "tests/bpf/frames.h"

enum { LISTED_MAX = 64, CPUS_MAX = 1024 };

struct listed {
	struct prefix prefix;
	uint16_t port;
	uint8_t protocol;
	bool is_veto;
	uint32_t indicator_id;
};

struct program {
	struct xdp *xdp;
	struct listed listed[LISTED_MAX];
	unsigned listed_count;
	uint32_t filter_words; // of the next set, 0: as few as can be
};

static inline void say_problem(void *context, const struct report *report,
                               const struct problem *problem)
{
	(void)context, (void)report;
	print_message("%s: %.*s\n", problem->reason, SLICE_FORMAT(problem->detail));
}

static inline void program_open(struct program *program, const struct xdp_open_options *options)
{
	struct report report = {.each = say_problem};
	struct xdp_open_options with_device = *options;

	memset(program, 0, sizeof(*program));
	with_device.device = "none";
	with_device.flow_slots = options->flow_slots ? options->flow_slots : 1 << 12;
	assert_int_equal(xdp_load(&with_device, "", &report, &program->xdp), 0);
	report_clear(&report);
}

static inline void program_close(struct program *program)
{
	xdp_close(program->xdp);
}

// Indicators are numbered from 1, slots likewise.
static inline struct listed *program_list(struct program *program, const char *text)
{
	struct listed *entry = &program->listed[program->listed_count];
	bool had_host_bits;

	assert_int_equal(normalize_prefix(slice_text(text), &entry->prefix, &had_host_bits), 0);
	entry->indicator_id = ++program->listed_count;
	return entry;
}

static inline void program_veto(struct program *program, const char *text)
{
	program_list(program, text)->is_veto = true;
}

static inline bool is_in_ipv4(const struct prefix *prefix)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return prefix->length >= IPV4_PREFIX_BITS &&
	       memcmp(prefix->address.octets, mapped, sizeof(mapped)) == 0;
}

static inline uint64_t mark_short6(const struct program *program, const struct listed *entry,
                                   const struct xdp_set *set, uint32_t *ret_word)
{
	struct xdp_words address;

	memcpy(&address, entry->prefix.address.octets, sizeof(address));
	struct xdp_short6 marks = xdp_short6(program->xdp->maps.config->seeds, address.high);

	*ret_word = set->short6_base + (marks.word & set->short6_mask);
	return entry->prefix.length >= 32 ? marks.bits32 : marks.bits24;
}

static inline void mark_guard(uint64_t *words, const struct xdp_set *set, uint64_t block)
{
	words[set->guard_base + xdp_guard(block, set->guard_mask)] |= xdp_bits(block);
}

// A test's networks need not be taken apart: IPv4 of 16, 23 and more bits, IPv6 of 24 or at least
// 32 bits.
static inline void mark(const struct program *program, uint64_t *words, const struct xdp_set *set,
                        const struct listed *entry)
{
	const uint64_t *seeds = program->xdp->maps.config->seeds;
	unsigned length = entry->prefix.length;
	struct xdp_words address;

	memcpy(&address, entry->prefix.address.octets, sizeof(address));
	uint64_t block = xdp_block_hash(seeds, address), hash = xdp_address_hash(block, address);
	uint32_t word = xdp_line(block, set->line_mask);

	if (length == 128) {
		words[word + xdp_host_word(hash)] |= xdp_marks(hash);
		mark_guard(words, set, block);
	} else if (!is_in_ipv4(&entry->prefix) && length < 48) {
		uint64_t bits = mark_short6(program, entry, set, &word);

		words[word] |= bits;
	} else if (is_in_ipv4(&entry->prefix) && length <= 96 + 16) {
		uint32_t number = xdp_short4(entry->prefix.address.octets + 12);

		words[set->short4_base + (number >> 6)] |= UINT64_C(1) << (number & 63);
	} else {
		words[word] |= length < 64 || is_in_ipv4(&entry->prefix)
		                       ? xdp_marks(block)
		                       : xdp_marks64(block, address.high);
		mark_guard(words, set, block);
		if (length == 96 + 23) { // its other /24
			address.low ^= UINT64_C(1) << 48;
			block = xdp_block_hash(seeds, address);
			words[xdp_line(block, set->line_mask)] |= xdp_marks(block);
			mark_guard(words, set, block);
		}
	}
}

static inline void put_host(int hosts, const struct listed *entry, uint32_t slot)
{
	struct xdp_host_key key = {.port = entry->port, .protocol = entry->protocol};
	struct xdp_target target = {.slot = slot};

	memcpy(key.address, entry->prefix.address.octets, sizeof(key.address));
	assert_int_equal(bpf_map_update_elem(hosts, &key, &target, BPF_ANY), 0);
	if (entry->port == 0 && entry->protocol == 0)
		return;
	key.port = 0;
	key.protocol = 0;
	target = (struct xdp_target){.has_ports = 1};
	bpf_map_update_elem(hosts, &key, &target, BPF_NOEXIST);
}

static inline void put_network(int networks, const struct listed *entry, uint32_t slot)
{
	struct xdp_network_key key = {.length = entry->prefix.length};
	struct xdp_target target = {.slot = slot, .port = entry->port, .protocol = entry->protocol};

	memcpy(key.address, entry->prefix.address.octets, sizeof(key.address));
	assert_int_equal(bpf_map_update_elem(networks, &key,
	                                     entry->is_veto ? (void *)&(uint32_t){1} : &target,
	                                     BPF_ANY),
	                 0);
}

// Fills the set that is not in force with what was listed, and puts it in force.
static inline void program_publish(struct program *program, uint32_t generation)
{
	static const enum xdp_map outers[] = {XDP_MAP_FILTERS, XDP_MAP_HOSTS, XDP_MAP_NETWORKS,
	                                      XDP_MAP_VETOES, XDP_MAP_SLOTS};
	struct xdp_config *config = program->xdp->maps.config;
	uint32_t index = (config->live & 1) ^ 1;
	struct xdp_set *set = &config->sets[index];
	enum { LINES = 1 << 7, SHORT6_WORDS = 1 << 10, GUARD_WORDS = 1 << 10 };
	uint32_t guard_base = LINES * XDP_LINE_WORDS + SHORT6_WORDS + XDP_SHORT4_WORDS;
	uint32_t words_count = guard_base + GUARD_WORDS;
	int fds[XDP_MAP_COUNT];

	*set = (struct xdp_set){.line_mask = LINES - 1,
	                        .short6_mask = SHORT6_WORDS - 1,
	                        .short6_base = LINES * XDP_LINE_WORDS,
	                        .short4_base = LINES * XDP_LINE_WORDS + SHORT6_WORDS,
	                        .guard_mask = GUARD_WORDS - 1,
	                        .guard_base = guard_base,
	                        .flags = XDP_SET_SHORT4 | XDP_SET_SHORT6};
	if (program->filter_words > words_count)
		words_count = program->filter_words;
	for (unsigned i = 0; i < sizeof(outers) / sizeof(outers[0]); i++) {
		uint32_t entries = outers[i] == XDP_MAP_FILTERS ? words_count : 1024;

		fds[outers[i]] = xdp_inner_create(outers[i], entries);
		assert_true(fds[outers[i]] >= 0);
	}
	uint64_t *words = xdp_map_memory(fds[XDP_MAP_FILTERS], words_count * sizeof(uint64_t));
	struct xdp_slot *slots = xdp_map_memory(fds[XDP_MAP_SLOTS], 1024 * sizeof(*slots));

	assert_non_null(words);
	assert_non_null(slots);
	for (unsigned i = 0; i < program->listed_count; i++) {
		const struct listed *entry = &program->listed[i];

		slots[i + 1].indicator_id = entry->indicator_id;
		if (entry->is_veto)
			put_network(fds[XDP_MAP_VETOES], entry, 0);
		else if (entry->prefix.length == 128)
			put_host(fds[XDP_MAP_HOSTS], entry, i + 1);
		else
			put_network(fds[XDP_MAP_NETWORKS], entry, i + 1);
		if (!entry->is_veto)
			mark(program, words, set, entry);
	}
	xdp_map_release(words, words_count * sizeof(uint64_t));
	xdp_map_release(slots, 1024 * sizeof(*slots));
	for (unsigned i = 0; i < sizeof(outers) / sizeof(outers[0]); i++) {
		assert_int_equal(
			xdp_inner_insert(&program->xdp->maps, outers[i], index, fds[outers[i]]), 0);
		close(fds[outers[i]]);
	}
	config->live = xdp_live(index, generation);
}

static inline int program_run_bytes(const struct program *program, const uint8_t *frame,
                                    size_t size)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = (uint32_t)size,
	            .repeat = 1);

	assert_int_equal(bpf_prog_test_run_opts(program->xdp->program_fd, &run), 0);
	return (int)run.retval;
}

static inline int program_run(const struct program *program, const struct frame_plan *plan)
{
	uint8_t frame[FRAME_BYTES_MAX];

	return program_run_bytes(program, frame, frame_build(plan, frame));
}

static inline uint64_t program_counted(const struct program *program, enum xdp_reason reason)
{
	static struct xdp_count counts[CPUS_MAX];
	uint32_t key = reason;
	uint64_t packets = 0;

	assert_int_equal(
		bpf_map_lookup_elem(program->xdp->maps.fds[XDP_MAP_COUNTERS], &key, counts), 0);
	for (int i = 0; i < libbpf_num_possible_cpus(); i++)
		packets += counts[i].packets;
	return packets;
}
