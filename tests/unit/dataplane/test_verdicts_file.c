// Files inline: a hash is only known when all of a file has passed, and drops nothing.
#include "dataplane/verdicts.h"

#include <openssl/evp.h>

#include "tests/unit/dataplane/live_scene.h"

enum { CLIENT = 1, SERVER = 200 };

#define REQUEST  "GET /file HTTP/1.1\r\nHost: good.example\r\n\r\n"
#define RESPONSE "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static int setup(void **state)
{
	static struct scene scene;

	scene_open(&scene);
	*state = &scene;
	return 0;
}

static int teardown(void **state)
{
	scene_close(*state);
	return 0;
}

// Its one indicator drops what has the SHA-256 of "hello".
static struct database *database_of_hello(void)
{
	AUTO(build) build = NULL;
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned size;
	uint32_t id;

	assert_int_equal(EVP_Digest("hello", 5, digest, &size, EVP_sha256(), NULL), 1);
	assert_int_equal(build_create(&build), 0);
	id = scene_always(build, ACTION_DROP);
	assert_int_equal(build_add_hash(build, HASH_SHA256, slice_of(digest, size), id), 0);
	return fixture_open(build);
}

// The request passes; returns whether the packet that completes the file does.
static bool transfer(struct scene *scene, uint8_t client)
{
	struct live_packet packet = scene_syn(client, SERVER);

	assert_true(scene_passes(scene, &packet));
	packet = scene_segment(client, SERVER, false, 1, slice_text(REQUEST));
	assert_true(scene_passes(scene, &packet));
	packet = scene_segment(client, SERVER, true, 1, slice_text(RESPONSE));
	return scene_passes(scene, &packet);
}

static void a_listed_file_is_a_hit_and_passes_whatever_its_action(void **state)
{
	struct scene *scene = *state;
	struct live_packet packet = scene_segment(CLIENT, SERVER, true, 1 + sizeof(RESPONSE) - 1,
	                                          slice_text("more"));

	scene_publish(scene, database_of_hello());
	assert_true(transfer(scene, CLIENT));
	assert_true(scene_passes(scene, &packet));
	assert_string_equal(scene_hits(scene), "1 http.response.file passed\n");
	assert_int_equal(scene_figures(scene).condemned_now, 0);
	assert_int_equal(scene_figures(scene).counters.files.hashed, 1);
}

static void files_are_hashed_while_the_database_asks_for_it(void **state)
{
	struct scene *scene = *state;

	assert_true(transfer(scene, CLIENT));
	assert_int_equal(scene_figures(scene).counters.files.files, 0);
	scene_publish(scene, database_of_hello());
	assert_true(transfer(scene, CLIENT + 1));
	assert_int_equal(scene_figures(scene).counters.files.hashed, 1);
	scene_publish(scene, scene_empty_database());
	assert_true(transfer(scene, CLIENT + 2));
	assert_int_equal(scene_figures(scene).counters.files.files, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_listed_file_is_a_hit_and_passes_whatever_its_action),
		TEST(files_are_hashed_while_the_database_asks_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
