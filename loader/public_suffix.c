#include "loader/public_suffix.h"

#include <errno.h>
#include <libpsl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "engine/indicator.h"
#include "engine/normalize.h"

// libpsl takes 250 ns to say that an ordinary name is no suffix, which is too long for a list of
// a million. So every rule of the list sets a bit of this table, and a name whose bits are not
// set is none: 9,500 rules in 2^18 bits let 4 % of the others through, to be asked properly.
enum { FILTER_BITS = 1 << 18, RULE_BYTES_MAX = 512 };

enum { SEED_NAME = 1, SEED_BELOW = 2 };

struct public_suffixes {
	psl_ctx_t *list;
	bool has_filter;
	uint64_t filter[FILTER_BITS / 64];
};

static uint64_t filter_bit(uint64_t seed, struct slice name)
{
	return hash_bytes(seed, name.data, name.size) % FILTER_BITS;
}

static void set_bit(struct public_suffixes *suffixes, uint64_t seed, struct slice name)
{
	uint64_t bit = filter_bit(seed, name);

	suffixes->filter[bit / 64] |= UINT64_C(1) << bit % 64;
}

static bool has_bit(const struct public_suffixes *suffixes, uint64_t seed, struct slice name)
{
	uint64_t bit = filter_bit(seed, name);

	return (suffixes->filter[bit / 64] >> bit % 64 & 1) != 0;
}

// "*.ck" covers the names below "ck", and libpsl takes "ck" for a suffix, too; exceptions
// ("!www.ck") are libpsl's business.
static void add_rule(struct public_suffixes *suffixes, struct slice line)
{
	bool is_wildcard = slice_starts_with(line, "*.");
	char name[NAME_BYTES_MAX + 1];
	int size;

	if (line.size == 0 || slice_starts_with(line, "//") || slice_starts_with(line, "!"))
		return;
	size = normalize_name(is_wildcard ? slice_from(line, 2) : line, name);
	if (size < 0)
		return;
	set_bit(suffixes, SEED_NAME, slice_of(name, (size_t)size));
	if (is_wildcard)
		set_bit(suffixes, SEED_BELOW, slice_of(name, (size_t)size));
}

static void read_filter(struct public_suffixes *suffixes, FILE *file)
{
	char line[RULE_BYTES_MAX];

	while (fgets(line, sizeof(line), file) != NULL) {
		struct slice rule = slice_text(line);

		rule = slice_first(rule, slice_find(rule, ' '));
		add_rule(suffixes, slice_trim(rule));
	}
	suffixes->has_filter = true;
}

// The distribution's list as text, which can be enumerated. It may not be installed.
static FILE *open_distributed(void)
{
	const char *compiled = psl_dist_filename();
	struct slice stem = slice_text(compiled);
	char path[RULE_BYTES_MAX];

	if (!slice_ends_with(stem, ".dafsa") || stem.size >= sizeof(path))
		return NULL;
	stem.size -= strlen(".dafsa");
	snprintf(path, sizeof(path), "%.*s.dat", SLICE_FORMAT(stem));
	return fopen(path, "re");
}

// A list in libpsl's own form is read as it is: 0.1 ms instead of 6 to 9 for the text.
static psl_ctx_t *load_list(const char *path, FILE *text)
{
	psl_ctx_t *list = path == NULL ? psl_load_file(psl_dist_filename()) : NULL;

	if (list == NULL) {
		list = psl_load_fp(text);
		rewind(text);
	}
	return list;
}

int public_suffixes_load(const char *path, struct public_suffixes **ret_suffixes)
{
	AUTO(public_suffixes) suffixes = calloc(1, sizeof(*suffixes));
	FILE *text;

	if (suffixes == NULL)
		return -ENOMEM;
	text = path != NULL ? fopen(path, "re") : open_distributed();
	if (text != NULL) {
		suffixes->list = load_list(path, text);
		if (suffixes->list != NULL)
			read_filter(suffixes, text);
		fclose(text);
	}
	if (suffixes->list == NULL)
		suffixes->list = psl_latest(NULL);
	if (suffixes->list == NULL)
		return -ENOMEM;
	*ret_suffixes = TAKE(suffixes);
	return 0;
}

void public_suffixes_free(struct public_suffixes *suffixes)
{
	if (suffixes == NULL)
		return;
	psl_free(suffixes->list);
	free(suffixes);
}

enum public_suffix_kind public_suffix_kind(const struct public_suffixes *suffixes,
                                           struct slice name)
{
	char text[NAME_BYTES_MAX + 1];

	if (name.size == 0 || name.size > NAME_BYTES_MAX)
		return PUBLIC_SUFFIX_NONE;
	if (suffixes->has_filter && !has_bit(suffixes, SEED_NAME, name) &&
	    !has_bit(suffixes, SEED_BELOW, slice_from(name, slice_find(name, '.') + 1)))
		return PUBLIC_SUFFIX_NONE;

	memcpy(text, name.data, name.size);
	text[name.size] = '\0';
	if (psl_is_public_suffix2(suffixes->list, text, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE))
		return PUBLIC_SUFFIX_ICANN;
	if (psl_is_public_suffix2(suffixes->list, text, PSL_TYPE_PRIVATE | PSL_TYPE_NO_STAR_RULE))
		return PUBLIC_SUFFIX_PRIVATE;
	return PUBLIC_SUFFIX_NONE;
}
