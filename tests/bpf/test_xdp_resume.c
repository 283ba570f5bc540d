// Whoever fills the maps dies in the middle of it, again and again; the next one goes on.
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "ebpf/mirror_state.h"
#include "tests/bpf/mirror_model.h"

enum { BIG = 100000, CHANGED = 20000, NEAR = 2000, KILLS = 20, EXCHANGES = 2, PACKETS = 100 };

struct place {
	char folder[XDP_PATH_BYTES];
	struct model one, other, near; // the first CHANGED values differ from the first's, or NEAR
	struct database *database_one, *database_other, *database_near;
};

// Hosts that all differ, of which the first few are near the packets.
static struct database *fill_hosts(struct model *model, unsigned first, unsigned changed)
{
	*model = (struct model){.count = BIG, .random = 1};
	model->values = calloc(BIG, sizeof(struct value));
	for (unsigned i = 0; i < BIG; i++) {
		unsigned number = i < changed ? first + i : i;
		const uint8_t octets[4] = {11, (uint8_t)(number >> 16), (uint8_t)(number >> 8),
		                           (uint8_t)number};

		model->values[i] =
			(struct value){{address_from_ipv4(octets), 128}, 0, 0, ACTION_DROP};
	}
	return model_database(model);
}

static bool make_folder(struct place *place)
{
	struct statfs info;

	if (statfs("/sys/fs/bpf", &info) != 0 || (uint32_t)info.f_type != BPF_FS_MAGIC)
		(void)mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=0700");
	(void)snprintf(place->folder, sizeof(place->folder), "/sys/fs/bpf/sekisho-test-%d",
	               (int)getpid());
	return mkdir(place->folder, 0700) == 0;
}

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!make_folder(place))
		return -1;
	place->database_one = fill_hosts(&place->one, 0, CHANGED);
	place->database_other = fill_hosts(&place->other, BIG, CHANGED);
	place->database_near = fill_hosts(&place->near, BIG, NEAR);
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;
	char path[2 * XDP_PATH_BYTES];
	int error;

	for (unsigned map = 0; map < XDP_MAP_COUNT; map++) {
		const char *name = xdp_map_name((enum xdp_map)map);

		(void)snprintf(path, sizeof(path), "%s/%s", place->folder, name);
		(void)unlink(path);
		for (unsigned set = 0; set < XDP_SETS; set++) {
			(void)snprintf(path, sizeof(path), "%s/%s_%u", place->folder, name, set);
			(void)unlink(path);
		}
	}
	database_close(place->database_one);
	database_close(place->database_other);
	database_close(place->database_near);
	free(place->one.values);
	free(place->other.values);
	free(place->near.values);
	error = rmdir(place->folder);
	free(place);
	return error;
}

// What a process is killed at: `is_there` says that it is.
struct moment {
	bool (*is_there)(const struct moment *moment);
	const struct xdp *xdp;
	uint64_t filled;
};

// A process mirrors `database`, and is killed at `moment`. Returns whether it had ended before.
static bool mirror_and_die(const struct place *place, const struct database *database,
                           const struct moment *moment)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		const struct xdp_open_options options = {.device = "none", .flow_slots = 1 << 12};
		struct xdp_mirror_figures figures;
		struct xdp *xdp;

		// No assertion of cmocka's, which would go on with the parent's tests.
		if (xdp_load(&options, place->folder, NULL, &xdp) != 0)
			_exit(1);
		_exit(xdp_mirror(xdp, database, 1, 0, NULL, &figures) == 0 ? 0 : 1);
	}
	while (waitpid(pid, &status, WNOHANG) == 0)
		if (moment->is_there(moment)) {
			(void)kill(pid, SIGKILL);
			assert_int_equal(waitpid(pid, &status, 0), pid);
			break;
		} else {
			sched_yield();
		}
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return WIFEXITED(status);
}

static const struct xdp_set *filling(const struct xdp *xdp)
{
	const struct xdp_config *config = xdp->maps.config;

	return &config->sets[config->live != 0 ? (config->live + 1) % XDP_SETS : 0];
}

static bool has_gone_on(const struct moment *moment)
{
	return __atomic_load_n(&filling(moment->xdp)->filled, __ATOMIC_RELAXED) > moment->filled;
}

static bool is_changing(const struct moment *moment)
{
	struct xdp_config *config = moment->xdp->maps.config;
	uint64_t *digest = &mirror_set_mark(&config->sets[config->live % XDP_SETS])->digest;

	return __atomic_load_n(digest, __ATOMIC_RELAXED) == 0;
}

static struct packet packet_to(const struct model *model, unsigned value)
{
	return (struct packet){address_from_ipv4((const uint8_t[4]){192, 0, 2, 1}),
	                       model->values[value].prefix.address, 1024, 80, 17};
}

// How many of some values of the model are dropped.
static unsigned count_dropped(const struct xdp *xdp, const struct model *model, unsigned first)
{
	unsigned dropped = 0;

	for (unsigned i = 0; i < PACKETS; i++) {
		struct packet packet = packet_to(model, first + i * (NEAR / PACKETS));

		dropped += program_drops(xdp, &packet);
	}
	return dropped;
}

// What is listed beyond the first values, all have.
static void check_exactly(const struct xdp *xdp, const struct model *listed,
                          const struct model *unlisted)
{
	struct mirror_rows read = {};
	size_t count;

	assert_int_equal(count_dropped(xdp, listed, 0), PACKETS);
	assert_int_equal(count_dropped(xdp, listed, CHANGED), PACKETS);
	assert_int_equal(count_dropped(xdp, unlisted, 0), 0);
	assert_int_equal(mirror_set_read(&xdp->mirror->live, &read), 0);
	(void)mirror_rows_get(&read, MIRROR_HOST, &count);
	assert_int_equal(count, BIG);
	mirror_rows_close(&read);
}

static void a_fill_that_is_killed_is_gone_on_with(void **state)
{
	struct place *place = *state;
	AUTO(xdp) xdp = load_program(place->folder);
	unsigned killed = 0;

	for (unsigned i = 0; i < KILLS; i++) {
		const struct moment moment = {has_gone_on, xdp, filling(xdp)->filled};

		killed += !mirror_and_die(place, place->database_one, &moment);
		if (xdp->maps.config->live != 0)
			break;
		assert_true(filling(xdp)->filled > moment.filled); // never from the start
		assert_int_equal(count_dropped(xdp, &place->one, 0), 0);
	}
	assert_true(killed > 2);
	(void)mirror_database(xdp, place->database_one, 7);
	check_exactly(xdp, &place->one, &place->other);
}

static void what_was_in_force_stays_until_the_next_set_is_whole(void **state)
{
	struct place *place = *state;

	for (unsigned i = 0; i < EXCHANGES; i++) {
		AUTO(xdp) xdp = load_program(place->folder);
		const struct moment moment = {has_gone_on, xdp, (BIG / EXCHANGES) * i};

		(void)mirror_database(xdp, place->database_one, 2 * i + 1);
		check_exactly(xdp, &place->one, &place->other);
		if (!mirror_and_die(place, place->database_other, &moment)) {
			assert_int_equal(count_dropped(xdp, &place->one, 0), PACKETS);
			assert_int_equal(count_dropped(xdp, &place->one, CHANGED), PACKETS);
			assert_int_equal(count_dropped(xdp, &place->other, 0), 0);
		}
		(void)mirror_database(xdp, place->database_other, 2 * i + 2);
		check_exactly(xdp, &place->other, &place->one);
	}
}

static void a_difference_that_is_killed_is_mended(void **state)
{
	struct place *place = *state;
	unsigned killed = 0;

	for (unsigned i = 0; i < EXCHANGES; i++) {
		AUTO(xdp) xdp = load_program(place->folder);
		const struct moment moment = {is_changing, xdp, 0};

		(void)mirror_database(xdp, place->database_one, 2 * i + 1);
		check_exactly(xdp, &place->one, &place->near);
		killed += !mirror_and_die(place, place->database_near, &moment);
		assert_int_equal(count_dropped(xdp, &place->one, CHANGED), PACKETS);
		xdp_close(TAKE(xdp));
		xdp = load_program(place->folder);
		(void)mirror_database(xdp, place->database_near, 2 * i + 2);
		assert_int_equal(count_dropped(xdp, &place->near, 0), PACKETS);
		assert_int_equal(count_dropped(xdp, &place->near, CHANGED), PACKETS);
		for (unsigned k = 0; k < PACKETS; k++) {
			struct packet packet = packet_to(&place->one, k * (NEAR / PACKETS));

			assert_false(program_drops(xdp, &packet));
		}
	}
	assert_true(killed > 0);
}

static void a_new_process_knows_what_is_in_force(void **state)
{
	struct place *place = *state;
	struct xdp *first = load_program(place->folder);
	struct xdp_mirror_figures figures;
	AUTO(xdp) xdp = NULL;

	(void)mirror_database(first, place->database_one, 1);
	xdp_close(first);
	xdp = load_program(place->folder);
	assert_int_equal(count_dropped(xdp, &place->one, 0), PACKETS);
	figures = mirror_database(xdp, place->database_one, 1);
	assert_true(figures.is_difference);
	assert_int_equal(figures.added + figures.removed, 0);
	figures = mirror_database(xdp, place->database_near, 2);
	assert_true(figures.is_difference);
	assert_int_equal(figures.added, NEAR);
	assert_int_equal(figures.removed, NEAR);
	assert_int_equal(count_dropped(xdp, &place->one, CHANGED), PACKETS);
}

#define RESUME_TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RESUME_TEST(a_fill_that_is_killed_is_gone_on_with),
		RESUME_TEST(what_was_in_force_stays_until_the_next_set_is_whole),
		RESUME_TEST(a_difference_that_is_killed_is_mended),
		RESUME_TEST(a_new_process_knows_what_is_in_force),
	};

	if (geteuid() != 0) {
		(void)puts("skipped: loading an XDP program needs root");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
