#include "app/capture_list.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <zlib.h>
#include <zstd.h>

static const uint8_t pcap_head[24] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4};
static char folder[] = "/tmp/sekisho-test-XXXXXX";

static void write_file(const char *path, const void *bytes, size_t size)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
	uint8_t packed[256];
	gzFile gzip;
	(void)state;

	if (mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("d", 0700) != 0 ||
	    mkdir("d/b", 0700) != 0 || mkdir("empty", 0700) != 0)
		return -1;
	write_file("d/z", pcap_head, sizeof(pcap_head));
	write_file("d/b/1", "\x0a\x0d\x0d\x0a", 4);
	write_file("d/notes.pcap", "no capture", 10);
	write_file("d/short", "\xd4", 1);
	gzip = gzopen("d/a.gz", "w");
	if (gzip == NULL || gzwrite(gzip, pcap_head, sizeof(pcap_head)) <= 0 || gzclose(gzip) != 0)
		return -1;
	gzip = gzopen("d/text.gz", "w");
	if (gzip == NULL || gzwrite(gzip, "plain text", 10) <= 0 || gzclose(gzip) != 0)
		return -1;
	write_file("d/c.zst", packed,
	           ZSTD_compress(packed, sizeof(packed), pcap_head, sizeof(pcap_head), 1));
	return symlink("..", "d/loop");
}

static int tear_down(void **state)
{
	static const char *const paths[] = {"d/z",    "d/b/1",     "d/notes.pcap", "d/short",
	                                    "d/a.gz", "d/text.gz", "d/c.zst",      "d/loop",
	                                    "d/b",    "d",         "empty"};
	(void)state;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (remove(paths[i]) != 0)
			return -1;
	return chdir("/") == 0 ? rmdir(folder) : -1;
}

static void a_folder_gives_its_captures_in_order(void **state)
{
	struct capture_list list = {0};
	(void)state;

	assert_int_equal(capture_list_add(&list, "d"), 0);
	assert_int_equal(list.count, 4);
	assert_string_equal(list.paths[0], "d/a.gz");
	assert_string_equal(list.paths[1], "d/b/1");
	assert_string_equal(list.paths[2], "d/c.zst");
	assert_string_equal(list.paths[3], "d/z");
	assert_int_equal(list.passed_over, 4); // notes.pcap, short, text.gz, loop
	assert_true(list.total_bytes > sizeof(pcap_head) + 4);
	capture_list_close(&list);
	assert_int_equal(list.count, 0);
}

static void a_named_file_is_taken_as_it_is(void **state)
{
	struct capture_list list = {0};
	(void)state;

	assert_int_equal(capture_list_add(&list, "d/notes.pcap"), 0);
	assert_int_equal(capture_list_add(&list, "no/such/file"), 0);
	assert_int_equal(capture_list_add(&list, "-"), 0);
	assert_int_equal(list.count, 3);
	assert_string_equal(list.paths[2], "-");
	assert_int_equal(list.total_bytes, 0); // not known
	capture_list_close(&list);
}

static void an_empty_folder_gives_none(void **state)
{
	struct capture_list list = {0};
	(void)state;

	assert_int_equal(capture_list_add(&list, "empty"), 0);
	assert_int_equal(list.count, 0);
	capture_list_close(&list);
}

static void a_folder_that_cannot_be_read_hides_no_other(void **state)
{
	struct capture_list list = {0};
	uid_t user = geteuid();
	(void)state;

	assert_int_equal(mkdir("p", 0755), 0);
	assert_int_equal(mkdir("p/a", 0), 0);
	write_file("p/z", pcap_head, sizeof(pcap_head));
	assert_int_equal(chmod(folder, 0755), 0);
	if (user == 0) // who may read everything
		assert_int_equal(seteuid(65534), 0);
	assert_int_equal(capture_list_add(&list, "p"), -EACCES);
	assert_int_equal(seteuid(user), 0);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.paths[0], "p/z");
	capture_list_close(&list);
	assert_int_equal(remove("p/z") | remove("p/a") | remove("p"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder_gives_its_captures_in_order),
		cmocka_unit_test(a_named_file_is_taken_as_it_is),
		cmocka_unit_test(an_empty_folder_gives_none),
		cmocka_unit_test(a_folder_that_cannot_be_read_hides_no_other),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
