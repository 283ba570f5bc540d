#include "loader/screening.h"

#include <stdio.h>

#include "engine/normalize.h"
#include "tests/unit/unit_test.h"

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;
	bool had_host_bits;

	assert_int_equal(normalize_prefix(slice_text(text), &prefix, &had_host_bits), 0);
	return prefix;
}

static struct screening *create_with_own(const struct prefix *network, const char *const *name)
{
	struct screening *screening = NULL;
	const struct screening_own own = {network, name, network != NULL, name != NULL};

	assert_int_equal(screening_create(&own, &screening), 0);
	return screening;
}

static void own_networks_hold_what_is_inside_them(void **state)
{
	const struct prefix own = prefix_of("203.0.113.64/26");
	AUTO(screening) screening = create_with_own(&own, NULL);
	static const char *const inside[] = {"203.0.113.64", "203.0.113.127", "203.0.113.96/28",
	                                     "203.0.113.64/26"};
	static const char *const outside[] = {"203.0.113.63", "203.0.113.128", "203.0.113.0/24",
	                                      "2001:db8::1"};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct prefix one = prefix_of(inside[i]);
		struct prefix other = prefix_of(outside[i]);

		assert_non_null(screening_own_prefix(screening, &one));
		assert_null(screening_own_prefix(screening, &other));
	}
}

static void own_names_hold_what_is_below_them(void **state)
{
	static const char *const own = "own.example";
	AUTO(screening) screening = create_with_own(NULL, &own);

	(void)state;
	assert_non_null(screening_own_name(screening, slice_text("own.example")));
	assert_non_null(screening_own_name(screening, slice_text("www.own.example")));
	assert_null(screening_own_name(screening, slice_text("notown.example")));
	assert_null(screening_own_name(screening, slice_text("example")));
	assert_null(screening_own_name(screening, slice_text("own.example.net")));
}

static void what_is_refused_is_remembered_once_until_accepted(void **state)
{
	AUTO(screening) screening = create_with_own(NULL, NULL);
	const struct screening_refused *refused;
	uint64_t further;

	(void)state;
	assert_false(screening_passes(screening, slice_text(" co.uk "), "public suffix"));
	assert_false(screening_passes(screening, slice_text("co.uk"), "public suffix"));
	assert_int_equal(screening_refused(screening, &refused, &further), 1);
	assert_string_equal(refused[0].value, "co.uk");
	assert_string_equal(refused[0].reason, "public suffix");
	assert_int_equal(screening_accept(screening, slice_text("co.uk")), 0);
	assert_true(screening_passes(screening, slice_text("co.uk "), "public suffix"));
	assert_false(screening_passes(NULL, slice_text("co.uk"), "public suffix"));
}

static void however_much_is_refused_little_is_remembered(void **state)
{
	AUTO(screening) screening = create_with_own(NULL, NULL);
	const struct screening_refused *refused;
	uint64_t further;
	char value[32];

	(void)state;
	for (unsigned i = 0; i < SCREENING_REFUSED_MAX + 500; i++) {
		(void)snprintf(value, sizeof(value), "value%u", i);
		assert_false(screening_passes(screening, slice_text(value), "x"));
	}
	assert_int_equal(screening_refused(screening, &refused, &further), SCREENING_REFUSED_MAX);
	assert_int_equal(further, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_networks_hold_what_is_inside_them),
		cmocka_unit_test(own_names_hold_what_is_below_them),
		cmocka_unit_test(what_is_refused_is_remembered_once_until_accepted),
		cmocka_unit_test(however_much_is_refused_little_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
