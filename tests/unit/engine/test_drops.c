// database_each_drop() and database_each_veto() against plain loops over everything that was added.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "engine/address.h"
#include "engine/drops.h"
#include "engine/overlay.h"
#include "tests/unit/engine/build_fixture.h"

enum { PATH_BYTES = 256, INDICATORS = 1500, VALUES = 3000, VETOES = 40, OVERLAY_FIRST = 1000 };

static const int64_t now_ns = 1000;

// Indicators below OVERLAY_FIRST are the base's, the others the overlay's.
struct sample {
	enum action action;
	int64_t from_ns, until_ns;
	bool is_silent;
};

struct value {
	unsigned indicator; // index
	struct prefix prefix;
	struct entry_terms terms;
};

struct model {
	struct sample samples[INDICATORS];
	struct value values[VALUES];
	struct prefix vetoes[VETOES]; // the latter half the overlay's
	uint64_t random;
	char folder[PATH_BYTES];
	char path[PATH_BYTES + 16];
};

static unsigned pick(struct model *model, unsigned count)
{
	model->random = model->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((model->random >> 33) % count);
}

// Few distinct ones, so that they nest, repeat and miss narrowly.
static struct prefix random_prefix(struct model *model)
{
	struct prefix prefix = {.length = 128};
	bool is_ipv4 = pick(model, 2) == 0;

	prefix.address.octets[is_ipv4 ? 12 : 0] = is_ipv4 ? 10 : 0x20;
	for (unsigned i = is_ipv4 ? 13 : 5; i < 16; i++)
		prefix.address.octets[i] = (uint8_t)(pick(model, 3) * 0x7f);
	if (is_ipv4)
		prefix.address = address_from_ipv4(prefix.address.octets + 12);
	if (pick(model, 2) == 0)
		prefix.length = (uint8_t)(is_ipv4 ? 104 + pick(model, 24) : 36 + pick(model, 92));
	for (unsigned bit = prefix.length; bit < 128; bit++)
		prefix.address.octets[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return prefix;
}

static bool prefix_holds(const struct prefix *around, const struct prefix *inside)
{
	struct prefix cut = *inside;

	if (around->length > inside->length)
		return false;
	for (unsigned bit = around->length; bit < 128; bit++)
		cut.address.octets[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return address_equal(&cut.address, &around->address);
}

static void make_model(struct model *model)
{
	for (unsigned i = 0; i < INDICATORS; i++) {
		struct sample *sample = &model->samples[i];

		*sample = (struct sample){.action = pick(model, 3) > 0 ? ACTION_DROP : ACTION_ALERT,
		                          .from_ns = TIMESTAMP_MIN,
		                          .until_ns = TIMESTAMP_MAX};
		if (pick(model, 3) == 0)
			sample->from_ns = 900 + pick(model, 200);
		if (pick(model, 3) == 0)
			sample->until_ns = 900 + pick(model, 200);
		sample->is_silent = i < OVERLAY_FIRST && pick(model, 5) == 0;
	}
	for (unsigned i = 0; i < VALUES; i++)
		model->values[i] = (struct value){
			.indicator = pick(model, INDICATORS),
			.prefix = random_prefix(model),
			.terms = {.action = pick(model, 4) > 0 ? ACTION_DROP : ACTION_LOG,
		                  .port = (uint16_t)(pick(model, 3) == 0 ? 443 : 0),
		                  .protocol = (uint8_t)(pick(model, 3) == 0 ? 6 : 0)},
		};
	for (unsigned i = 0; i < VETOES; i++) {
		do // not one that leaves next to nothing
			model->vetoes[i] = random_prefix(model);
		while (model->vetoes[i].length < 96 + 12);
	}
	model->vetoes[VETOES - 1] = model->vetoes[0]; // of both
}

static struct build *build_vetoes(const struct prefix *vetoes)
{
	struct build *veto = NULL;

	assert_int_equal(build_create(&veto), 0);
	for (unsigned i = 0; i < VETOES / 2; i++)
		assert_int_equal(
			build_add_prefix(veto, &vetoes[i], fixture_add(veto, "own"), &any_terms),
			0);
	return veto;
}

// Of the indicators [first, end), with half of the vetoes.
static struct build *build_part(const struct model *model, unsigned first, unsigned end,
                                const struct prefix *vetoes)
{
	struct build *build = NULL;
	uint32_t id;

	assert_int_equal(build_create(&build), 0);
	for (unsigned i = first; i < end; i++) {
		struct indicator indicator = fixture_indicator("value");

		indicator.action = model->samples[i].action;
		indicator.valid_from_ns = model->samples[i].from_ns;
		indicator.valid_until_ns = model->samples[i].until_ns;
		assert_int_equal(build_add_indicator(build, &indicator, &id), 0);
	}
	for (unsigned i = 0; i < VALUES; i++) {
		const struct value *value = &model->values[i];

		if (value->indicator >= first && value->indicator < end)
			assert_int_equal(build_add_prefix(build, &value->prefix,
			                                  value->indicator - first + 1,
			                                  &value->terms),
			                 0);
	}
	build_set_veto(build, build_vetoes(vetoes));
	return build;
}

static struct database *open_at(const char *path)
{
	struct database *database = NULL;

	assert_int_equal(database_open(path, NULL, &database), 0);
	return database;
}

static struct database *write_and_open(struct model *model)
{
	AUTO(build) build = build_part(model, 0, OVERLAY_FIRST, model->vetoes);
	AUTO(build)
	additions = build_part(model, OVERLAY_FIRST, INDICATORS, model->vetoes + VETOES / 2);
	int fd = open(model->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	AUTO(database) base = NULL;
	struct build_figures figures;
	uint32_t silent[OVERLAY_FIRST];
	size_t silent_count = 0;

	assert_true(fd >= 0);
	assert_int_equal(build_write(build, fd, NULL, NULL, &figures), 0);
	close(fd);
	base = open_at(model->path);
	for (unsigned i = 0; i < OVERLAY_FIRST; i++)
		if (model->samples[i].is_silent)
			silent[silent_count++] = i + 1;
	assert_int_equal(
		overlay_write(model->path, base, additions, silent, silent_count, NULL, &figures),
		0);
	return open_at(model->path);
}

static int make_place(void **state)
{
	struct model *model = calloc(1, sizeof(*model));
	const char *temporary = getenv("TMPDIR");

	(void)snprintf(model->folder, sizeof(model->folder), "%s/sekisho-drops-XXXXXX",
	               temporary != NULL ? temporary : "/tmp");
	if (mkdtemp(model->folder) == NULL)
		return -1;
	(void)snprintf(model->path, sizeof(model->path), "%s/x.skdb", model->folder);
	*state = model;
	return 0;
}

static int remove_place(void **state)
{
	static const char *const suffixes[] = {"", ".overlay", ".state"};
	struct model *model = *state;
	char name[PATH_BYTES + 32];
	int error;

	for (unsigned i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof(name), "%s%s", model->path, suffixes[i]);
		(void)unlink(name);
	}
	error = rmdir(model->folder);
	free(model);
	return error;
}

static int compare_addresses(const struct prefix *a, const struct prefix *b)
{
	bool a_is_ipv4 = a->length >= IPV4_PREFIX_BITS && address_is_ipv4(&a->address);
	bool b_is_ipv4 = b->length >= IPV4_PREFIX_BITS && address_is_ipv4(&b->address);
	int order = memcmp(&a->address, &b->address, sizeof(a->address));

	if (a_is_ipv4 != b_is_ipv4)
		return a_is_ipv4 ? -1 : 1;
	return order != 0 ? order : (int)a->length - (int)b->length;
}

static int compare_drops(const void *left, const void *right)
{
	const struct drop *a = left;
	const struct drop *b = right;
	int order = compare_addresses(&a->prefix, &b->prefix);

	if (order == 0)
		order = (int)a->indicator_id - (int)b->indicator_id;
	if (order == 0)
		order = (int)a->protocol - (int)b->protocol;
	return order != 0 ? order : (int)a->port - (int)b->port;
}

static bool is_vetoed(const struct model *model, const struct prefix *prefix)
{
	for (unsigned i = 0; i < VETOES; i++)
		if (prefix_holds(&model->vetoes[i], prefix))
			return true;
	return false;
}

// What should be visited, in order; returns how many.
static unsigned expect_drops(const struct model *model, struct drop ret_drops[VALUES],
                             int64_t *ret_next_ns)
{
	unsigned count = 0;
	unsigned kept = 0;

	*ret_next_ns = TIMESTAMP_MAX;
	for (unsigned i = 0; i < VALUES; i++) {
		const struct value *value = &model->values[i];
		const struct sample *sample = &model->samples[value->indicator];
		const int64_t changes[] = {sample->from_ns, sample->until_ns};

		if (sample->action != ACTION_DROP || value->terms.action != ACTION_DROP ||
		    sample->is_silent || is_vetoed(model, &value->prefix) ||
		    sample->from_ns >= sample->until_ns)
			continue;
		for (unsigned k = 0; k < 2; k++)
			if (changes[k] > now_ns && changes[k] < *ret_next_ns)
				*ret_next_ns = changes[k];
		if (now_ns < sample->from_ns || now_ns >= sample->until_ns)
			continue;
		ret_drops[count++] = (struct drop){value->prefix, value->terms.port,
		                                   value->terms.protocol, value->indicator + 1};
	}
	qsort(ret_drops, count, sizeof(*ret_drops), compare_drops);
	for (unsigned i = 0; i < count; i++)
		if (kept == 0 || compare_drops(&ret_drops[kept - 1], &ret_drops[i]) != 0)
			ret_drops[kept++] = ret_drops[i];
	return kept;
}

struct visited {
	struct drop drops[VALUES];
	unsigned count;
	unsigned stop_at;
};

static int note_drop(void *context, const struct drop *drop)
{
	struct visited *visited = context;

	assert_true(visited->count < VALUES);
	visited->drops[visited->count++] = *drop;
	return visited->count == visited->stop_at ? -ECANCELED : 0;
}

static void exactly_what_may_be_dropped_is_visited_in_order(void **state)
{
	static struct drop expected[VALUES];
	struct model *model = *state;

	for (unsigned round = 0; round < 5; round++) {
		AUTO(database) database = NULL;
		struct visited visited = {};
		int64_t next_ns, expected_next_ns;
		unsigned count;

		model->random = round;
		make_model(model);
		database = write_and_open(model);
		count = expect_drops(model, expected, &expected_next_ns);
		assert_int_equal(
			database_each_drop(database, now_ns, note_drop, &visited, &next_ns), 0);
		assert_int_equal(visited.count, count);
		assert_true(count > VALUES / 20);
		for (unsigned i = 0; i < count; i++)
			assert_int_equal(compare_drops(&visited.drops[i], &expected[i]), 0);
		assert_int_equal(next_ns, expected_next_ns);
	}
}

static int note_veto(void *context, const struct prefix *prefix)
{
	struct drop drop = {.prefix = *prefix};

	return note_drop(context, &drop);
}

static void every_prefix_of_both_veto_sets_is_visited_once(void **state)
{
	struct model *model = *state;
	AUTO(database) database = NULL;
	struct visited visited = {};

	make_model(model);
	database = write_and_open(model);
	assert_int_equal(database_each_veto(database, note_veto, &visited), 0);
	for (unsigned i = 0; i < VETOES; i++) {
		unsigned seen = 0;

		for (unsigned k = 0; k < visited.count; k++)
			seen += compare_addresses(&visited.drops[k].prefix, &model->vetoes[i]) == 0;
		assert_int_equal(seen, 1);
	}
	for (unsigned k = 1; k < visited.count; k++)
		assert_true(compare_addresses(&visited.drops[k - 1].prefix,
		                              &visited.drops[k].prefix) < 0);
}

static void a_visitor_ends_the_walk(void **state)
{
	struct model *model = *state;
	AUTO(database) database = NULL;
	struct visited visited = {.stop_at = 3};
	int64_t next_ns;

	make_model(model);
	database = write_and_open(model);
	assert_int_equal(database_each_drop(database, now_ns, note_drop, &visited, &next_ns),
	                 -ECANCELED);
	assert_int_equal(visited.count, 3);
	visited = (struct visited){.stop_at = 2};
	assert_int_equal(database_each_veto(database, note_veto, &visited), -ECANCELED);
	assert_int_equal(visited.count, 2);
}

static void without_a_veto_set_none_is_visited(void **state)
{
	AUTO(build) build = NULL;
	AUTO(database) database = NULL;
	struct visited visited = {};

	(void)state;
	assert_int_equal(build_create(&build), 0);
	database = fixture_open(build);
	assert_int_equal(database_each_veto(database, note_veto, &visited), 0);
	assert_int_equal(visited.count, 0);
}

#define DROPS_TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DROPS_TEST(exactly_what_may_be_dropped_is_visited_in_order),
		DROPS_TEST(every_prefix_of_both_veto_sets_is_visited_once),
		DROPS_TEST(a_visitor_ends_the_walk),
		DROPS_TEST(without_a_veto_set_none_is_visited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
