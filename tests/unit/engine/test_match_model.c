// match_find() against plain loops over everything that was added.
#include <stdlib.h>

#include "engine/address.h"
#include "tests/unit/engine/build_fixture.h"

enum { VALUES = 3000, QUERIES = 20000, TEXT_BYTES = 64 };

// A value as it was added: indicator id is its index + 1.
struct value {
	enum observable_type type;
	struct prefix prefix;
	char text[TEXT_BYTES];
	struct entry_terms terms;
};

struct model {
	struct value values[VALUES];
	uint64_t random;
};

static unsigned pick(struct model *model, unsigned count)
{
	model->random = model->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((model->random >> 33) % count);
}

// Few distinct addresses and labels, so that values nest, repeat and miss narrowly.
static struct address random_address(struct model *model)
{
	static const uint8_t octets[] = {0, 1, 2, 127, 128, 254, 255};
	struct address address = {};
	bool is_ipv4 = pick(model, 2) == 0;

	for (unsigned i = 0; i < 16; i++)
		address.octets[i] = octets[pick(model, 12) % 7 * (i == 0 || i > 10 || !is_ipv4)];
	if (is_ipv4)
		return address_from_ipv4(address.octets + 12);
	address.octets[0] = 0x20;
	for (unsigned i = 2; i < 14; i++)
		address.octets[i] = pick(model, 4) == 0 ? 1 : 0;
	return address;
}

static struct prefix random_prefix(struct model *model)
{
	struct prefix prefix = {.address = random_address(model)};
	unsigned shortest = address_is_ipv4(&prefix.address) ? IPV4_PREFIX_BITS : 0;

	prefix.length = 128;
	if (pick(model, 2) == 0)
		prefix.length = (uint8_t)(shortest + pick(model, 129 - shortest));
	for (unsigned bit = prefix.length; bit < 128; bit++)
		prefix.address.octets[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return prefix;
}

static void random_name(struct model *model, char *out)
{
	static const char *const labels[] = {"com",
	                                     "evil",
	                                     "notevil",
	                                     "a",
	                                     "12345678",
	                                     "x1234567y",
	                                     "very-long-label-of-its-own"};
	unsigned count = 1 + pick(model, 4);

	out[0] = '\0';
	for (unsigned i = 0; i < count && strlen(out) < 30; i++)
		strcat(strcat(out, labels[pick(model, 7)]), i + 1 < count ? "." : "");
	if (out[0] != '\0' && out[strlen(out) - 1] == '.')
		out[strlen(out) - 1] = '\0';
}

static void random_url(struct model *model, char *out)
{
	static const char *const parts[] = {"a/", "b?",       "12345678/", "a",
	                                    "bb", "7654321/", "?",         "/"};
	unsigned count = pick(model, 4);

	strcpy(out, pick(model, 2) ? "evil.com/" : "a.evil.com:8080/");
	for (unsigned i = 0; i < count; i++)
		strcat(out, parts[pick(model, 8)]);
}

static void random_value(struct model *model, struct value *value)
{
	*value = (struct value){.type = (enum observable_type)pick(model, 3)};
	value->terms = (struct entry_terms){
		.kinds = (uint8_t)(1 + pick(model, 7)),
		.schemes = (uint8_t)(1 + pick(model, 3)),
		.port = (uint16_t)(pick(model, 4) == 0 ? 443 : 0),
		.protocol = (uint8_t)(pick(model, 4) == 0 ? 6 : 0),
		.action = ACTION_DROP,
	};
	if (value->type == OBSERVABLE_ADDRESS)
		value->prefix = random_prefix(model);
	else if (value->type == OBSERVABLE_NAME)
		random_name(model, value->text);
	else
		random_url(model, value->text);
}

static int expected_address(const struct value *value, const struct observable *observable)
{
	unsigned bits = value->prefix.length;
	struct prefix cut = {.address = observable->address};

	if (address_is_ipv4(&observable->address) && bits < IPV4_PREFIX_BITS)
		return -1;
	for (unsigned bit = bits; bit < 128; bit++)
		cut.address.octets[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	if (!address_equal(&cut.address, &value->prefix.address))
		return -1;
	if (value->terms.port != 0 && value->terms.port != observable->port)
		return -1;
	if (value->terms.protocol != 0 && value->terms.protocol != observable->protocol)
		return -1;
	return bits == 128 ? MATCH_EXACT : MATCH_PREFIX;
}

static int expected_name(const struct value *value, const char *name)
{
	size_t size = strlen(value->text);
	size_t name_size = strlen(name);

	if (strcmp(name, value->text) == 0)
		return value->terms.kinds & ENTRY_EXACT ? MATCH_EXACT : -1;
	if (name_size <= size || strcmp(name + name_size - size, value->text) != 0 ||
	    name[name_size - size - 1] != '.' || strchr(value->text, '.') == NULL)
		return -1;
	return value->terms.kinds & ENTRY_PARENT ? MATCH_PARENT : -1;
}

static int expected_url(const struct value *value, const char *url)
{
	bool is_https = strncmp(url, "https", 5) == 0;
	const char *key = strstr(url, "//") + 2;
	size_t size = strlen(value->text);
	char end = value->text[size - 1];

	if ((value->terms.schemes & (is_https ? URL_SCHEME_HTTPS : URL_SCHEME_HTTP)) == 0)
		return -1;
	if (strcmp(key, value->text) == 0 && value->terms.kinds & ENTRY_EXACT)
		return MATCH_EXACT;
	if (strncmp(key, value->text, size) != 0 || (value->terms.kinds & ENTRY_PREFIX) == 0)
		return -1;
	return key[size] == '\0' || end == '/' || end == '?' ? MATCH_URL_PREFIX : -1;
}

// What kind of match the value should be, or -1.
static int expected_kind(const struct value *value, const struct observable *observable)
{
	if (value->type != observable->type)
		return -1;
	if (value->type == OBSERVABLE_ADDRESS)
		return expected_address(value, observable);
	if (value->type == OBSERVABLE_NAME)
		return expected_name(value, (const char *)observable->text.data);
	return expected_url(value, (const char *)observable->text.data);
}

static struct observable random_observable(struct model *model, char *text)
{
	struct observable observable = {
		.type = (enum observable_type)pick(model, 3),
		.where = WHERE_DNS_QUERY,
		.port = (uint16_t)(pick(model, 2) ? 443 : 80),
		.protocol = (uint8_t)(pick(model, 2) ? 6 : 17),
	};

	if (observable.type == OBSERVABLE_ADDRESS) {
		observable.address = random_address(model);
	} else if (observable.type == OBSERVABLE_NAME) {
		random_name(model, text);
	} else {
		strcpy(text, pick(model, 2) ? "http://" : "https://");
		random_url(model, text + strlen(text));
	}
	observable.text = slice_text(text);
	return observable;
}

static struct database *build_model(struct model *model)
{
	AUTO(build) build = NULL;

	assert_int_equal(build_create(&build), 0);
	for (unsigned i = 0; i < VALUES; i++) {
		struct value *value = &model->values[i];
		// Some texts are the indicator's own, some are not.
		uint32_t id;

		random_value(model, value);
		id = fixture_add(build, i % 2 ? value->text : "other");
		if (value->type == OBSERVABLE_ADDRESS)
			build_add_prefix(build, &value->prefix, id, &value->terms);
		else if (value->type == OBSERVABLE_NAME)
			build_add_name(build, slice_text(value->text), id, &value->terms);
		else
			build_add_url(build, slice_text(value->text), id, &value->terms);
	}
	return fixture_open(build);
}

// Checks the matches of one observable, in order and no more than there may be; returns how many.
static unsigned check_observable(const struct model *model, const struct observable *observable,
                                 const struct match *matches, unsigned index)
{
	unsigned found = 0;

	for (unsigned i = 0; i < VALUES && found < MATCHES_PER_OBSERVABLE; i++) {
		int kind = expected_kind(&model->values[i], observable);

		if (kind < 0)
			continue;
		assert_int_equal(matches[found].observable, index);
		assert_int_equal(matches[found].indicator_id, i + 1);
		assert_int_equal((int)matches[found].kind, kind);
		found++;
	}
	return found;
}

static void tables_find_what_plain_loops_find(void **state)
{
	static struct model model = {.random = 42};
	AUTO(database) database = build_model(&model);
	AUTO(match_context) context = NULL;
	unsigned total = 0;

	(void)state;
	assert_int_equal(match_context_create(database, &context), 0);
	for (unsigned i = 0; i < QUERIES; i += MATCH_BATCH_MAX) {
		char texts[MATCH_BATCH_MAX][2 * TEXT_BYTES] = {};
		struct observable observables[MATCH_BATCH_MAX];
		const struct match *matches;
		unsigned count;
		unsigned checked = 0;

		for (unsigned k = 0; k < MATCH_BATCH_MAX; k++)
			observables[k] = random_observable(&model, texts[k]);
		count = match_find(context, observables, MATCH_BATCH_MAX, &matches);
		for (unsigned k = 0; k < MATCH_BATCH_MAX; k++)
			checked += check_observable(&model, &observables[k], matches + checked, k);
		assert_int_equal(checked, count);
		total += count;
	}
	assert_true(total > QUERIES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_find_what_plain_loops_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
