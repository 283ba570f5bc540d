#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/uuid.h"

static const struct uuid dns_space = {{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4,
                                       0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}};
static const struct uuid stix_space = {{0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01,
                                        0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7}};

static void expect(const struct uuid *space, const char *name, const char *text)
{
	struct uuid uuid;
	char formatted[UUID_TEXT_BYTES];

	assert_int_equal(uuid_from_name(space, slice_text(name), &uuid), 0);
	uuid_format(&uuid, formatted);
	assert_string_equal(formatted, text);
}

static void the_example_of_rfc_9562_comes_out(void **state)
{
	(void)state;
	expect(&dns_space, "www.example.com", "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

static void an_empty_name_has_a_uuid_too(void **state)
{
	(void)state;
	expect(&dns_space, "", "4ebd0208-8328-5d69-8c44-ec50939c0967");
}

static void stix_observables_get_the_ids_others_give_them(void **state)
{
	(void)state;
	expect(&stix_space, "{\"value\":\"198.51.100.3\"}", "28bb3599-77cd-5a82-a950-b5bc3caf07c4");
	expect(&stix_space, "{\"value\":\"example.com\"}", "bedb4899-d24b-5401-bc86-8f6b4cc18ec7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_rfc_9562_comes_out),
		cmocka_unit_test(an_empty_name_has_a_uuid_too),
		cmocka_unit_test(stix_observables_get_the_ids_others_give_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
