// Digests, against those that everybody knows.
#include "dataplane/digest.h"

#include "tests/unit/unit_test.h"

static void digests_are_those_of_their_standards(void **state)
{
	static const char *const wanted[HASH_ALGORITHM_COUNT] = {
		[HASH_MD5] = "900150983cd24fb0d6963f7d28e17f72",
		[HASH_SHA1] = "a9993e364706816aba3e25717850c26c9cd0d89d",
		[HASH_SHA256] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		[HASH_SHA512] =
			("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	                 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"),
	};

	(void)state;
	for (unsigned i = 0; i < HASH_ALGORITHM_COUNT; i++) {
		uint8_t digest[HASH_BYTES_MAX];
		char text[DIGEST_TEXT_BYTES_MAX + 1] = {0};

		digest_of((enum hash_algorithm)i, slice_text("abc"), digest);
		digest_text(digest, 2 * (size_t)hash_algorithm_bytes[i], text);
		assert_string_equal(text, wanted[i]);
	}
}

static void a_text_may_be_cut(void **state)
{
	char text[] = "......";

	(void)state;
	digest_text((const uint8_t[]){0x12, 0xab}, 3, text);
	assert_string_equal(text, "12a...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_those_of_their_standards),
		cmocka_unit_test(a_text_may_be_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
