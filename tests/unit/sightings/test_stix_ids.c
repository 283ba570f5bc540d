#include "tests/unit/unit_test.h"

#include "sightings/stix_ids.h"

static void an_id_is_its_type_and_a_uuid(void **state)
{
	const char *id = "indicator--26ffb872-1dd9-446e-b6f5-d58527e5b5d2";

	(void)state;
	assert_true(stix_ids_is_id(slice_text(id), "indicator"));
	assert_false(stix_ids_is_id(slice_text(id), "malware"));
	assert_false(stix_ids_is_id(slice_text("indicator--26ffb872"), "indicator"));
	assert_false(stix_ids_is_id(slice_text("indicator--26ffb872-1dd9-446e-b6f5-d58527e5b5dx"),
	                            "indicator"));
	assert_false(stix_ids_is_id(slice_text("indicator--26ffb872x1dd9-446e-b6f5-d58527e5b5d2"),
	                            "indicator"));
	assert_false(stix_ids_is_id(slice_text(""), "indicator"));
}

static void observables_have_the_ids_of_the_specification(void **state)
{
	struct stix_id id;

	(void)state;
	assert_int_equal(
		stix_ids_observable("ipv4-addr", slice_text("{\"value\":\"198.51.100.3\"}"), &id),
		0);
	assert_string_equal(id.text, "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4");
}

// Ids once sent are never to change: whoever has received a sighting knows it by them.
static void our_own_ids_do_not_change(void **state)
{
	struct slice sensor = slice_text("sensor");
	struct indicator entry = {.source = slice_text("list"), .value = slice_text("bad.example")};
	struct stix_id id;

	(void)state;
	assert_int_equal(stix_ids_make("identity", &sensor, 1, &id), 0);
	assert_string_equal(id.text, "identity--e910d832-dc83-568a-a3bf-aaa83643440c");
	assert_int_equal(stix_ids_of_indicator(&entry, &id), 0);
	assert_string_equal(id.text, "indicator--1c1243be-4655-511f-89bd-06a991203e74");
}

static void parts_are_not_run_together(void **state)
{
	struct slice one[] = {slice_text("ab"), slice_text("c")};
	struct slice other[] = {slice_text("a"), slice_text("bc")};
	struct stix_id first;
	struct stix_id second;

	(void)state;
	assert_int_equal(stix_ids_make("sighting", one, 2, &first), 0);
	assert_int_equal(stix_ids_make("sighting", other, 2, &second), 0);
	assert_string_not_equal(first.text, second.text);
}

static void an_indicator_keeps_the_id_it_came_with(void **state)
{
	const char *received = "indicator--26ffb872-1dd9-446e-b6f5-d58527e5b5d2";
	struct indicator indicator = {.id = slice_text(received)};
	struct indicator strange = {.id = slice_text("../../etc/passwd")};
	struct stix_id id;

	(void)state;
	assert_int_equal(stix_ids_of_indicator(&indicator, &id), 0);
	assert_string_equal(id.text, received);
	assert_int_equal(stix_ids_of_indicator(&strange, &id), 0);
	assert_true(stix_ids_is_id(slice_text(id.text), "indicator"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_is_its_type_and_a_uuid),
		cmocka_unit_test(observables_have_the_ids_of_the_specification),
		cmocka_unit_test(our_own_ids_do_not_change),
		cmocka_unit_test(parts_are_not_run_together),
		cmocka_unit_test(an_indicator_keeps_the_id_it_came_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
