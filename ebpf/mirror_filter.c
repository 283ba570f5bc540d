#include "ebpf/mirror_filter.h"

#include "engine/address.h"

enum {
	LINES_MIN = 1 << 7,
	LINES_MAX = 1 << 23,
	SHORT6_WORDS_MIN = 1 << 10,
	SHORT6_WORDS_MAX = 1 << 22,
	GUARD_WORDS_MIN = 1 << 10,
	GUARD_WORDS_CACHED = 1 << 16, // 512 KB: more than that are not in a core's own cache
	GUARD_WORDS_MAX = 1 << 20,
	BLOCKS_PER_WORD = 4,      // of the guard, as long as it is in the cache
	BLOCKS_PER_WORD_MAX = 20, // then it lets through some 15 % of what is not listed
	HOSTS_PER_WORD = 4,       // some 1 % of what is not listed are candidates
	WORDS_PER_MARK = 2,       // of lines: four marks have one
	IPV6_WIDEST_BITS = 12,    // wider ones are asked for always
	IPV4_SHORT_BITS = 16,     // have a table of their own up to these
	IPV6_SHORT_BITS = 48,     // words of their own below these
};

static bool is_ipv4(const struct prefix *prefix)
{
	return prefix->length >= IPV4_PREFIX_BITS && address_is_ipv4(&prefix->address);
}

// How many marks an IPv6 network takes.
static uint64_t ipv6_marks(unsigned length)
{
	if (length < IPV6_WIDEST_BITS)
		return 0;
	if (length < 24)
		return UINT64_C(1) << (24 - length);
	return length > 24 && length < 32 ? UINT64_C(1) << (32 - length) : 1;
}

// How many marks an IPv4 network takes in lines.
static uint64_t ipv4_marks(unsigned length)
{
	if (length <= IPV4_SHORT_BITS)
		return 0;
	return length < 24 ? UINT64_C(1) << (24 - length) : 1;
}

static uint32_t power_of_two(uint64_t count, uint32_t minimum, uint32_t maximum)
{
	uint32_t power = minimum;

	while (power < count && power < maximum)
		power *= 2;
	return power;
}

// For so many blocks at most: hosts may share one.
static uint32_t guard_words(uint64_t blocks)
{
	uint32_t cached = power_of_two(blocks / BLOCKS_PER_WORD, GUARD_WORDS_MIN,
	                               GUARD_WORDS_CACHED);

	return power_of_two(blocks / BLOCKS_PER_WORD_MAX, cached, GUARD_WORDS_MAX);
}

uint64_t mirror_filter_lay_out(struct xdp_set *shared, const struct mirror_rows *rows)
{
	size_t count;
	const struct mirror_row *networks = mirror_rows_get(rows, MIRROR_NETWORK, &count);
	uint64_t marks = 0, short_marks = 0;
	uint32_t lines, short_words, guard;

	for (size_t i = 0; i < count; i++) {
		unsigned length = networks[i].prefix.length;

		if (is_ipv4(&networks[i].prefix))
			marks += ipv4_marks(length - IPV4_PREFIX_BITS);
		else if (length < IPV6_SHORT_BITS)
			short_marks += ipv6_marks(length);
		else
			marks++;
	}
	// Where networks need more lines, these are there for hosts, too.
	if (marks * WORDS_PER_MARK < rows->hosts / HOSTS_PER_WORD)
		lines = power_of_two(rows->hosts / HOSTS_PER_WORD / XDP_LINE_WORDS, LINES_MIN,
		                     LINES_MAX);
	else
		lines = power_of_two(marks * WORDS_PER_MARK / XDP_LINE_WORDS, LINES_MIN, LINES_MAX);
	short_words = power_of_two(short_marks, SHORT6_WORDS_MIN, SHORT6_WORDS_MAX);
	shared->line_mask = lines - 1;
	shared->short6_mask = short_words - 1;
	shared->short6_base = lines * XDP_LINE_WORDS;
	shared->short4_base = shared->short6_base + short_words;
	guard = guard_words(rows->hosts + marks);
	shared->guard_mask = guard - 1;
	shared->guard_base = shared->short4_base + XDP_SHORT4_WORDS;
	return (uint64_t)shared->guard_base + guard;
}

// One writer. The program reads a word once: relaxed, since an entry is in its map before (the
// system call that put it there orders the two), and the word stands for itself.
static void set_bits(struct mirror_set *set, uint64_t word, uint64_t bits)
{
	uint64_t *place = &set->filter[word];

	if (word < set->filter_bytes / sizeof(*place))
		__atomic_store_n(place, *place | bits, __ATOMIC_RELAXED);
}

static struct xdp_words words_of(const struct address *address)
{
	struct xdp_words words;

	memcpy(&words, address->octets, sizeof(words));
	return words;
}

static const uint64_t *seeds_of(const struct mirror_set *set)
{
	return set->maps->config->seeds;
}

// In any order with the line's: as long as either is missing, the entry is not there yet.
static void mark_guard(struct mirror_set *set, uint64_t block)
{
	set_bits(set, set->shared->guard_base + xdp_guard(block, set->shared->guard_mask),
	         xdp_bits(block));
}

static void mark_host(struct mirror_set *set, const struct address *address)
{
	struct xdp_words words = words_of(address);
	uint64_t block = xdp_block_hash(seeds_of(set), words);
	uint64_t hash = xdp_address_hash(block, words);

	set_bits(set, xdp_line(block, set->shared->line_mask) + xdp_host_word(hash),
	         xdp_marks(hash));
	mark_guard(set, block);
}

static uint32_t mark_short4(struct mirror_set *set, const struct prefix *prefix, unsigned length)
{
	uint32_t first = xdp_short4(prefix->address.octets + 12);
	uint32_t count = UINT32_C(1) << (IPV4_SHORT_BITS - length);

	for (uint32_t number = first; number < first + count; number++)
		set_bits(set, set->shared->short4_base + (number >> 6),
		         UINT64_C(1) << (number & 63));
	return XDP_SET_SHORT4;
}

static uint32_t mark_network4(struct mirror_set *set, const struct prefix *prefix)
{
	unsigned length = prefix->length - IPV4_PREFIX_BITS;
	struct address block = prefix->address;

	if (length == 0)
		return XDP_SET_WIDE4;
	if (length <= IPV4_SHORT_BITS)
		return mark_short4(set, prefix, length);
	for (uint64_t i = 0; i < ipv4_marks(length); i++) {
		uint64_t hash;

		// 17 bits and more: only the third octet counts on.
		block.octets[14] = (uint8_t)(prefix->address.octets[14] + i);
		hash = xdp_block_hash(seeds_of(set), words_of(&block));
		set_bits(set, xdp_line(hash, set->shared->line_mask), xdp_marks(hash));
		mark_guard(set, hash);
	}
	return 0;
}

static uint32_t mark_short6(struct mirror_set *set, const struct prefix *prefix)
{
	uint64_t first = __builtin_bswap64(words_of(&prefix->address).high);
	uint64_t count = ipv6_marks(prefix->length);
	bool is_at32 = prefix->length > 24;

	for (uint64_t i = 0; i < count; i++) {
		struct xdp_short6 marks = xdp_short6(
			seeds_of(set), __builtin_bswap64(first + (i << (is_at32 ? 32 : 40))));

		set_bits(set, set->shared->short6_base + (marks.word & set->shared->short6_mask),
		         is_at32 ? marks.bits32 : marks.bits24);
	}
	return count == 0 ? XDP_SET_WIDE6 : XDP_SET_SHORT6;
}

static uint32_t mark_network6(struct mirror_set *set, const struct prefix *prefix)
{
	struct xdp_words words = words_of(&prefix->address);
	uint64_t hash = xdp_block_hash(seeds_of(set), words);

	if (prefix->length < IPV6_SHORT_BITS)
		return mark_short6(set, prefix);
	set_bits(set, xdp_line(hash, set->shared->line_mask),
	         prefix->length < 64 ? xdp_marks(hash) : xdp_marks64(hash, words.high));
	mark_guard(set, hash);
	return 0;
}

uint32_t mirror_filter_mark(struct mirror_set *set, enum mirror_kind kind,
                            const struct mirror_row *row)
{
	// A host with ports has a row before them, for any.
	if (kind == MIRROR_HOST && row->protocol == 0 && row->port == 0)
		mark_host(set, &row->prefix.address);
	if (kind != MIRROR_NETWORK || row->is_hole)
		return 0;
	return is_ipv4(&row->prefix) ? mark_network4(set, &row->prefix)
	                             : mark_network6(set, &row->prefix);
}
