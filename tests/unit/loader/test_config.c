#include "loader/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "tests/unit/unit_test.h"

// Every problem as "line field: text".
static void write_problem(void *context, const struct report *report, const struct problem *problem)
{
	(void)report;
	buffer_format(context, "%u %.*s: %.*s\n", (unsigned)problem->line,
	              SLICE_FORMAT(problem->object), SLICE_FORMAT(problem->detail));
}

static int read_text(const char *text, struct buffer *problems, struct config **ret_config)
{
	struct report report = {.each = write_problem, .each_context = problems};
	int error = config_read_text(slice_text(text), "/etc/x/sekisho.yaml", &report, ret_config);

	buffer_append_byte(problems, 0);
	report_clear(&report);
	return error;
}

// `text` must be refused with exactly `expected`.
static void assert_mistakes(const char *text, const char *expected)
{
	struct buffer problems = {0};
	struct config *config = NULL;

	assert_int_equal(read_text(text, &problems, &config), -EINVAL);
	assert_null(config);
	assert_string_equal((const char *)problems.data, expected);
	buffer_close(&problems);
}

static struct config *read_right(const char *text)
{
	struct buffer problems = {0};
	struct config *config = NULL;

	assert_int_equal(read_text(text, &problems, &config), 0);
	assert_string_equal((const char *)problems.data, "");
	buffer_close(&problems);
	return config;
}

// Whatever is said of it besides.
static struct config *read_remarked(const char *text)
{
	struct buffer problems = {0};
	struct config *config = NULL;

	assert_int_equal(read_text(text, &problems, &config), 0);
	buffer_close(&problems);
	return config;
}

static void an_empty_file_has_safe_defaults(void **state)
{
	AUTO(config) config = read_right("");

	(void)state;
	assert_int_equal(config->source_count, 0);
	assert_ptr_equal(config->policy, policy_built_in());
	assert_int_equal(config->guards.loss_percent_max, 50);
	assert_int_equal(config->guards.gain_percent_max, 400);
	assert_int_equal(config->retention_days, 450);
	assert_string_equal(config->store_path, "/var/lib/sekisho/store.db");
}

static void a_source_has_the_defaults_of_its_kind(void **state)
{
	AUTO(config)
	config = read_right("sources:\n"
	                    "- {name: a, kind: file, address: feeds}\n"
	                    "- {name: b, kind: taxii21, address: 'https://t/', group: bkmw_attk}\n"
	                    "- {name: c, kind: http, address: 'https://t/', format: stix}\n"
	                    "- {name: d, kind: http, address: 'https://t/', format: text}\n");
	const struct source_config *sources = config->sources;

	(void)state;
	assert_int_equal(config->source_count, 4);
	assert_string_equal(sources[0].address, "/etc/x/feeds");
	assert_true(sources[0].is_snapshot && sources[0].is_snapshot_by_format);
	assert_true(sources[0].is_enabled);
	assert_int_equal(sources[0].reliability, 50);
	assert_int_equal(sources[0].interval_s, 3600);
	assert_int_equal(sources[1].role, SOURCE_ATTACKED);
	assert_false(sources[1].is_snapshot);
	assert_int_equal(sources[1].full_resync_s, 7 * 86400);
	assert_false(sources[2].is_snapshot);
	assert_true(sources[3].is_snapshot && !sources[3].is_snapshot_by_format);
	assert_ptr_equal(config_source(config, "c"), &sources[2]);
	assert_null(config_source(config, "e"));
}

static void every_field_of_a_source_is_read(void **state)
{
	AUTO(config)
	config = read_remarked(
		"sources:\n"
		"- name: a\n"
		"  kind: http\n"
		"  address: https://t/list.csv\n"
		"  format: csv\n"
		"  columns: value=1\n"
		"  group: C2\n"
		"  role: attacked\n"
		"  tlp: AMBER+STRICT\n"
		"  reliability: B\n"
		"  interval: 15m\n"
		"  full-resync: 2d\n"
		"  snapshot: no\n"
		"  subdomains: same\n"
		"  hide-source: yes\n"
		"  enabled: no\n"
		"  username: u\n"
		"  password-env: P\n"
		"  token-env: T\n"
		"  token-header: X-Key\n"
		"  client-cert: c.pem\n"
		"  client-key: k.pem\n"
		"  ca-file: /ca.pem\n"
		"  proxy: http://p:1\n"
		"  timeout: 5s\n"
		"  retries: 0\n"
		"  body-max: 64M\n"
		"  types:\n"
		"  - {theirs: \"\xe6\x82\xaa\xe6\x80\xa7\", ours: malicious-activity}\n");
	const struct source_config *source = &config->sources[0];

	(void)state;
	assert_int_equal(source->format, FEED_CSV);
	assert_string_equal(source->csv_columns, "value=1");
	assert_string_equal(source->group, "C2");
	assert_int_equal(source->role, SOURCE_ATTACKED);
	assert_int_equal(source->tlp, TLP_AMBER_STRICT);
	assert_int_equal(source->reliability, 80);
	assert_int_equal(source->interval_s, 900);
	assert_int_equal(source->full_resync_s, 2 * 86400);
	assert_true(!source->is_snapshot && !source->is_snapshot_by_format);
	assert_true(source->has_same_subdomains && source->is_hidden && !source->is_enabled);
	assert_string_equal(source->username, "u");
	assert_string_equal(source->password.environment, "P");
	assert_string_equal(source->token.environment, "T");
	assert_string_equal(source->token_header, "X-Key");
	assert_string_equal(source->client_cert, "/etc/x/c.pem");
	assert_string_equal(source->client_key, "/etc/x/k.pem");
	assert_string_equal(source->ca_file, "/ca.pem");
	assert_string_equal(source->proxy, "http://p:1");
	assert_int_equal(source->timeout_s, 5);
	assert_int_equal(source->retries, 0);
	assert_int_equal(source->body_bytes_max, 64 << 20);
	assert_int_equal(source->types_count, 1);
	assert_string_equal(source->types[0][1], "malicious-activity");
}

static void rows_of_the_policy_are_read(void **state)
{
	AUTO(config)
	config = read_right("policy:\n"
	                    "- name: best\n"
	                    "  group: [C2, BKMW_*]\n"
	                    "  source: one\n"
	                    "  threat: [a, b]\n"
	                    "  reliability: A-B\n"
	                    "  confidence: '>=70'\n"
	                    "  tlp: [green, amber]\n"
	                    "  type: [address, url]\n"
	                    "  age: <=30d\n"
	                    "  sources: '>=2'\n"
	                    "  posters: 3\n"
	                    "  known-benign: no\n"
	                    "  promoted: yes\n"
	                    "  action: drop\n"
	                    "  tags: [edge]\n"
	                    "- {reliability: 20-60, action: ignore}\n");
	const struct policy_row *row = &config->policy->rows[0];

	(void)state;
	assert_int_equal(config->policy->row_count, 2);
	assert_string_equal(row->name, "best");
	assert_int_equal(row->line, 2);
	assert_int_equal(row->group_count, 2);
	assert_string_equal(row->groups[1], "BKMW_*");
	assert_int_equal(row->source_count, 1);
	assert_string_equal(row->sources[0], "one");
	assert_int_equal(row->threat_type_count, 2);
	assert_int_equal(row->reliability_min, 80);
	assert_int_equal(row->reliability_max, 100);
	assert_int_equal(row->confidence_min, 70);
	assert_int_equal(row->confidence_max, 100);
	assert_int_equal(row->tlps, 1 << TLP_GREEN | 1 << TLP_AMBER);
	assert_int_equal(row->observable_types, 1 << OBSERVABLE_ADDRESS | 1 << OBSERVABLE_URL);
	assert_int_equal(row->age_max_days, 30);
	assert_int_equal(row->sources_min, 2);
	assert_int_equal(row->posters_min, 3);
	assert_int_equal(row->known_benign, 0);
	assert_int_equal(row->promoted, 1);
	assert_int_equal(row->action, ACTION_DROP);
	assert_string_equal(row->tags[0], "edge");
	row = &config->policy->rows[1];
	assert_string_equal(row->name, "policy[1]");
	assert_int_equal(row->line, 17);
	assert_int_equal(row->reliability_min, 20);
	assert_int_equal(row->reliability_max, 60);
	assert_int_equal(row->known_benign, -1);
	assert_int_equal(row->promoted, -1);
}

static void own_networks_and_names_are_normalised(void **state)
{
	AUTO(config) config = read_right("own: {networks: 10.1.2.3/8, names: [Example.JP.]}\n");

	(void)state;
	assert_int_equal(config->own_network_count, 1);
	assert_int_equal(config->own_networks[0].length, IPV4_PREFIX_BITS + 8);
	assert_int_equal(config->own_networks[0].address.octets[13], 0);
	assert_string_equal(config->own_names[0], "example.jp");
}

static void mistakes_of_keys_and_of_values_come_together(void **state)
{
	(void)state;
	assert_mistakes("store: a\n"
	                "store: b\n"
	                "nonsense: 1\n"
	                "retention: 5h\n"
	                "overlay-max: many\n"
	                "sources:\n"
	                "- name: a\n"
	                "  kind: file\n"
	                "  address: /x\n"
	                "  colour: blue\n"
	                "  interval: 15 apples\n",
	                "2 store: is there twice\n"
	                "3 nonsense: no such field is known\n"
	                "10 sources[0].colour: no such field is known\n"
	                "11 sources[0].interval: '15 apples' is not a duration (90s, 15m, 1h, "
	                "2d)\n"
	                "4 retention: '5h' is not a number of days\n"
	                "5 overlay-max: 'many' is not a number\n");
}

static void shapes_that_are_wrong_are_told_all_at_once(void **state)
{
	(void)state;
	assert_mistakes("own: 1\n"
	                "sources:\n"
	                "- name: [a]\n"
	                "  kind: file\n"
	                "- {name: '', kind: file, address: x}\n"
	                "- text\n"
	                "policy: {}\n",
	                "1 own: fields with values are expected here (name: value)\n"
	                "3 sources[0].name: one value is expected here\n"
	                "3 sources[0].address: is missing\n"
	                "5 sources[1].name: is empty\n"
	                "6 sources[2]: fields with values are expected here (name: value)\n"
	                "7 policy: a list is expected here\n");
}

static void what_is_no_yaml_is_told_with_its_line(void **state)
{
	(void)state;
	assert_mistakes("store: a\nown: [\n", "3 : did not find expected node content\n");
	assert_mistakes("a: &x [1]\nsources: [{name: &y b, kind: *y, address: c}]\n",
	                "1 a: no such field is known\n"
	                "2 sources[0].kind: aliases (*name) are not taken\n");
	assert_mistakes("store: \"a\\0b\"\n", "1 store: holds a control character\n");
}

static void each_value_of_a_source_is_checked(void **state)
{
	static const char *const cases[][2] = {
		{"kind: magic",
	         "kind: 'magic' is none of file, http, taxii11, taxii20, taxii21, misp-feed, mail"},
		{"address: ftp://x", "address: 'ftp://x' does not begin with https://"},
		{"address: https://u:p@x/",
	         "address: credentials do not belong here: username and password-file"},
		{"role: boss", "role: 'boss' is none of indicators, known-benign, attacked"},
		{"tlp: mauve",
	         "tlp: 'mauve' is none of none, clear, green, amber, amber+strict, red"},
		{"reliability: G", "reliability: 'G' is neither A to F nor 0 to 100"},
		{"reliability: 101", "reliability: '101' is neither A to F nor 0 to 100"},
		{"interval: 1s", "interval: '1s' is not between 10 s and 31622400 s"},
		{"interval: 99999999999999999999d",
	         "interval: '99999999999999999999d' is not a duration (90s, 15m, 1h, 2d)"},
		{"full-resync: -1", "full-resync: '-1' is not a duration (90s, 15m, 1h, 2d)"},
		{"timeout: 0", "timeout: '0' is not between 1 s and 3600 s"},
		{"retries: 1000", "retries: '1000' is not between 0 and 100"},
		{"body-max: 1X", "body-max: '1X' is not a size (65536, 64K, 64M, 2G)"},
		{"body-max: 1", "body-max: '1' is less than 1K"},
		{"snapshot: maybe", "snapshot: 'maybe' is neither yes nor no"},
		{"subdomains: all", "subdomains: 'all' is neither same nor alert"},
		{"columns: a", "columns: are of 'format: csv' only"},
		{"collection: a", "collection: is of TAXII only"},
		{"password-env: PATH", "username: is missing: there is a password"},
		{"client-key: a", "client-cert: is missing: there is a client-key"},
		{"token-header: a", "token-header: needs token-file or token-env"},
	};
	char text[512], expected[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool has_kind = strncmp(cases[i][0], "kind", 4) == 0;
		bool has_address = strncmp(cases[i][0], "address", 7) == 0;
		bool is_elsewhere = strncmp(cases[i][0], "password", 8) == 0 ||
		                    strncmp(cases[i][0], "client-key", 10) == 0;

		(void)snprintf(text, sizeof(text), "sources:\n- name: a\n%s%s  %s\n",
		               has_kind ? "" : "  kind: http\n",
		               has_address ? "" : "  address: https://x/\n", cases[i][0]);
		unsigned line = has_kind || has_address ? 4 : is_elsewhere ? 2 : 5;
		(void)snprintf(expected, sizeof(expected), "%u sources[0].%s\n", line, cases[i][1]);
		assert_mistakes(text, expected);
	}
}

static void each_value_of_a_row_is_checked(void **state)
{
	static const char *const cases[][2] = {
		{"reliability: A-Z", "reliability: 'A-Z' is not like >=80, 60-100 or A-B"},
		{"confidence: high", "confidence: 'high' is not like >=80, 60-100 or A-B"},
		{"age: 1h", "age: '1h' is not between 1d and 36600d"},
		{"age: '>=30d'", "age: '>=30d' is not like <=30d"},
		{"sources: 0", "sources: '0' is not like >=2"},
		{"posters: <=3", "posters: '<=3' is not like >=2"},
		{"type: cat", "type: 'cat' is none of address, name, url, hash"},
		{"promoted: 2", "promoted: '2' is neither yes nor no"},
	};
	char text[256], expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(text, sizeof(text), "policy:\n- action: log\n  %s\n", cases[i][0]);
		(void)snprintf(expected, sizeof(expected), "3 policy[0].%s\n", cases[i][1]);
		assert_mistakes(text, expected);
	}
	assert_mistakes("policy:\n- action: explode\n",
	                "2 policy[0].action: 'explode' is none of ignore, log, alert, drop\n");
}

static void other_values_are_checked(void **state)
{
	(void)state;
	assert_mistakes(
		"own:\n  networks: [10.0.0.0/8, banana, 0.0.0.0/0, '::/0']\n  names: [a b]\n"
		"guards:\n  loss-max: 150%\n  change-min: x\n  clock-ahead: 5s\n",
		"2 own.networks[1]: 'banana' is not an address or network\n"
		"2 own.networks[2]: '0.0.0.0/0' is the whole Internet\n"
		"2 own.networks[3]: '::/0' is the whole Internet\n"
		"3 own.names[0]: 'a b' is not a name\n"
		"5 guards.loss-max: '150%' is not between 0% and 100%\n"
		"6 guards.change-min: 'x' is not a number\n"
		"7 guards.clock-ahead: '5s' is not between 60 s and 31622400 s\n");
}

static void a_name_twice_is_refused(void **state)
{
	(void)state;
	assert_mistakes("sources:\n"
	                "- {name: b, kind: file, address: x}\n"
	                "- {name: a, kind: file, address: x}\n"
	                "- {name: b, kind: file, address: x}\n",
	                "4 sources[2].name: sources[0] is named 'b', too\n");
}

static void a_query_of_a_taxii_2_address_is_refused(void **state)
{
	(void)state;
	assert_mistakes("sources:\n"
	                "- {name: a, kind: taxii21, address: 'https://x/api/?key=1'}\n"
	                "- {name: b, kind: taxii11, address: 'https://x/api/?key=1'}\n"
	                "- {name: c, kind: http, address: 'https://x/list?key=1'}\n",
	                "2 sources[0].address: TAXII has its own queries, this one would be lost: "
	                "write a key into a file, with token-file and token-header\n");
}

static void what_works_but_should_be_known_is_remarked(void **state)
{
	struct buffer problems = {0};
	AUTO(config) config = NULL;

	(void)state;
	assert_int_equal(read_text("sources:\n"
	                           "- {name: b, kind: http, address: 'http://x/'}\n"
	                           "policy:\n"
	                           "- {action: alert}\n"
	                           "- {group: C2, action: drop}\n"
	                           "- {known-benign: yes, action: drop}\n",
	                           &problems, &config),
	                 0);
	assert_string_equal((const char *)problems.data,
	                    "2 sources[0].address: http: what comes can be changed on the way\n"
	                    "5 policy[1]: is never reached: policy[0] fits everything\n"
	                    "6 policy[2]: is never reached: policy[0] fits everything\n"
	                    "6 policy[2]: drops nothing: known-benign values cannot be\n");
	buffer_close(&problems);
}

static void rows_that_a_single_one_leaves_nothing_to_are_told(void **state)
{
	struct buffer problems = {0};
	AUTO(config) config = NULL;

	(void)state;
	assert_int_equal(read_text("policy:\n"
	                           "- {group: [C2, 'bkmw*'], type: [name, url], action: alert}\n"
	                           "- {reliability: '>=50', sources: 2, age: 30d, action: log}\n"
	                           "- {group: BKMW_CONF, type: url, tlp: green, action: drop}\n"
	                           "- {group: 'B*', type: url, action: drop}\n"
	                           "- {group: C2, action: drop}\n"
	                           "- {reliability: '>=60', sources: 3, age: 7d, action: drop}\n"
	                           "- {reliability: '>=60', sources: 3, action: drop}\n"
	                           "- {reliability: '>=60', age: 7d, action: drop}\n",
	                           &problems, &config),
	                 0);
	assert_string_equal((const char *)problems.data,
	                    "4 policy[2]: is never reached: policy[0] fits all that it fits\n"
	                    "7 policy[5]: is never reached: policy[1] fits all that it fits\n");
	buffer_close(&problems);
}

static void what_would_overwrite_the_store_is_refused(void **state)
{
	(void)state;
	assert_mistakes("store: /s/one\n"
	                "database: /s/one\n",
	                "2 database: is the file of the store, too: /s/one\n");
	assert_mistakes("store: store.db\n"
	                "database: out.skdb\n"
	                "sources:\n"
	                "- {name: a, kind: file, address: store.db}\n"
	                "- {name: b, kind: file, address: out.skdb}\n",
	                "4 sources[0].address: is the store: /etc/x/store.db\n"
	                "5 sources[1].address: is the database: /etc/x/out.skdb\n");
}

static void a_public_suffix_is_nobodys_own(void **state)
{
	(void)state;
	assert_mistakes(
		"own:\n"
		"  names: [example.co.jp, co.jp]\n",
		"2 own.names[1]: 'co.jp' is a public suffix, with others' names below it\n");
}

static void credentials_that_are_not_there_are_remarked(void **state)
{
	struct buffer problems = {0};
	AUTO(config) config = NULL;

	(void)state;
	assert_int_equal(read_text("sources:\n"
	                           "- {name: a, kind: http, address: 'https://x/', username: u}\n"
	                           "- {name: b, kind: http, address: 'https://x/',\n"
	                           "   token-env: SEKISHO_TEST_NOT_SET}\n"
	                           "- name: c\n"
	                           "  kind: http\n"
	                           "  address: https://x/\n"
	                           "  client-cert: c.pem\n"
	                           "  client-key: k.pem\n"
	                           "  ca-file: a.pem\n"
	                           "- {name: d, kind: http, address: 'https://x/', client-cert: "
	                           "c.pem}\n",
	                           &problems, &config),
	                 0);
	assert_string_equal((const char *)problems.data,
	                    "2 sources[0].username: comes without a password\n"
	                    "4 sources[1].token-env: SEKISHO_TEST_NOT_SET is not set in this "
	                    "environment\n"
	                    "9 sources[2].client-key: /etc/x/k.pem cannot be read now\n"
	                    "8 sources[2].client-cert: /etc/x/c.pem cannot be read now\n"
	                    "10 sources[2].ca-file: /etc/x/a.pem cannot be read now\n"
	                    "11 sources[3].client-cert: /etc/x/c.pem cannot be read now\n");
	buffer_close(&problems);
}

static void a_secret_that_others_may_read_is_refused(void **state)
{
	char path[] = "/tmp/secret.XXXXXX";
	int fd = mkstemp(path);
	const struct config_secret secret = {.file = path};
	const struct config_secret of_environment = {.environment = "SEKISHO_TEST_SECRET"};
	struct buffer text = {0};

	(void)state;
	assert_int_equal(write(fd, "first\r\nsecond\n", 14), 14);
	assert_int_equal(fchmod(fd, 0604), 0);
	assert_int_equal(config_secret_read(&secret, &text), -EACCES);
	assert_int_equal(text.size, 0);
	assert_int_equal(fchmod(fd, 0640), 0);
	assert_int_equal(config_secret_read(&secret, &text), 0);
	assert_true(slice_is(buffer_slice(&text), "first"));
	buffer_clear(&text);
	assert_int_equal(setenv("SEKISHO_TEST_SECRET", "word", 1), 0);
	assert_int_equal(config_secret_read(&of_environment, &text), 0);
	assert_true(slice_is(buffer_slice(&text), "word"));
	assert_int_equal(config_secret_read(&(struct config_secret){0}, &text), -ENOENT);
	(void)close(fd);
	(void)unlink(path);
	assert_int_equal(config_secret_read(&secret, &text), -ENOENT);
	buffer_close(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_has_safe_defaults),
		cmocka_unit_test(a_source_has_the_defaults_of_its_kind),
		cmocka_unit_test(every_field_of_a_source_is_read),
		cmocka_unit_test(rows_of_the_policy_are_read),
		cmocka_unit_test(own_networks_and_names_are_normalised),
		cmocka_unit_test(mistakes_of_keys_and_of_values_come_together),
		cmocka_unit_test(shapes_that_are_wrong_are_told_all_at_once),
		cmocka_unit_test(what_is_no_yaml_is_told_with_its_line),
		cmocka_unit_test(each_value_of_a_source_is_checked),
		cmocka_unit_test(each_value_of_a_row_is_checked),
		cmocka_unit_test(other_values_are_checked),
		cmocka_unit_test(a_name_twice_is_refused),
		cmocka_unit_test(a_query_of_a_taxii_2_address_is_refused),
		cmocka_unit_test(what_works_but_should_be_known_is_remarked),
		cmocka_unit_test(rows_that_a_single_one_leaves_nothing_to_are_told),
		cmocka_unit_test(what_would_overwrite_the_store_is_refused),
		cmocka_unit_test(a_public_suffix_is_nobodys_own),
		cmocka_unit_test(credentials_that_are_not_there_are_remarked),
		cmocka_unit_test(a_secret_that_others_may_read_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
