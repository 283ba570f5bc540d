// Keys of Initial packets: the values that RFC 9001, appendix A.1, and RFC 9369, appendix A.1,
// give.
#include "dataplane/quic_keys.h"

#include "tests/unit/unit_test.h"

static const uint8_t connection_id[] = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};

static void expect_keys(uint32_t number, const struct quic_keys *wanted)
{
	struct quic_keys keys;

	quic_derive(quic_version_of(number), slice_of(connection_id, sizeof(connection_id)), &keys);
	assert_memory_equal(&keys, wanted, sizeof(keys));
}

static void version_1_gives_the_keys_of_its_appendix(void **state)
{
	(void)state;
	expect_keys(1, &(struct quic_keys){
			       .key = {0x1f, 0x36, 0x96, 0x13, 0xdd, 0x76, 0xd5, 0x46, 0x77, 0x30,
	                               0xef, 0xcb, 0xe3, 0xb1, 0xa2, 0x2d},
			       .iv = {0xfa, 0x04, 0x4b, 0x2f, 0x42, 0xa3, 0xfd, 0x3b, 0x46, 0xfb,
	                              0x25, 0x5c},
			       .header_key = {0x9f, 0x50, 0x44, 0x9e, 0x04, 0xa0, 0xe8, 0x10, 0x28,
	                                      0x3a, 0x1e, 0x99, 0x33, 0xad, 0xed, 0xd2},
		       });
}

static void version_2_gives_the_keys_of_its_appendix(void **state)
{
	(void)state;
	expect_keys(0x6b3343cf,
	            &(struct quic_keys){
			    .key = {0x8b, 0x1a, 0x0b, 0xc1, 0x21, 0x28, 0x42, 0x90, 0xa2, 0x9e,
	                            0x09, 0x71, 0xb5, 0xcd, 0x04, 0x5d},
			    .iv = {0x91, 0xf7, 0x3e, 0x23, 0x51, 0xd8, 0xfa, 0x91, 0x66, 0x0e, 0x90,
	                           0x9f},
			    .header_key = {0x45, 0xb9, 0x5e, 0x15, 0x23, 0x5d, 0x6f, 0x45, 0xa6,
	                                   0xb1, 0x9c, 0xbc, 0xb0, 0x29, 0x4b, 0xa9},
		    });
}

static void only_versions_that_are_known_have_keys(void **state)
{
	(void)state;
	assert_non_null(quic_version_of(0xff00001d));
	assert_non_null(quic_version_of(0xff000022));
	assert_null(quic_version_of(0));
	assert_null(quic_version_of(2));
	assert_null(quic_version_of(0xff000023));
	assert_null(quic_version_of(0x51303436)); // Google's Q046
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_1_gives_the_keys_of_its_appendix),
		cmocka_unit_test(version_2_gives_the_keys_of_its_appendix),
		cmocka_unit_test(only_versions_that_are_known_have_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
