#include <errno.h>

#include "loader/mail_decode.h"
#include "loader/mail_part.h"
#include "loader/reader.h"
#include "tests/unit/loader/feed_fixture.h"
#include "tests/unit/loader/zip_fixture.h"

#define HEAD                                       \
	"From: Analyst <analyst@example.org>\r\n"  \
	"Date: Mon, 1 Jan 2024 00:00:00 +0000\r\n" \
	"Message-ID: <1@example.org>\r\n"          \
	"MIME-Version: 1.0\r\n"

static void read_mail_text(const char *text, struct feed_fixture *fixture)
{
	feed_fixture_read(slice_text(text), FEED_AUTO, fixture);
	assert_int_equal(fixture->summary.format, FEED_MAIL);
	assert_int_equal(fixture->result, 0);
}

static void the_text_of_a_mail_is_prose(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	read_mail_text(HEAD "Subject: new\r\n folded\r\n\r\n\r\nIt calls evil[.]example today.\r\n",
	               &fixture);
	assert_int_equal(fixture.summary.indicators, 1);

	struct indicator indicator = feed_fixture_indicator(&fixture, 1);
	assert_true(slice_is(indicator.labels, INDICATOR_LABEL_PROSE));
	assert_int_equal(indicator.line, 2);
	assert_true(slice_is(indicator.source, "test"));
	feed_fixture_close(&fixture);
}

static const char with_attachments[] = HEAD
	"Content-Type: multipart/mixed;\r\n boundary=\"outer; one\"\r\n"
	"\r\n"
	"preamble evil[.]preamble\r\n"
	"--outer; one\r\n"
	"Content-Type: multipart/alternative; boundary=inner\r\n"
	"\r\n"
	"--inner\r\n"
	"Content-Type: text/plain; charset=utf-8\r\n"
	"Content-Transfer-Encoding: quoted-printable\r\n"
	"\r\n"
	"It calls evil[.]ex=\r\nample and hxxp://bad[.]example/?a=3D1 now.\r\n"
	"--inner\r\n"
	"Content-Type: text/html\r\n"
	"\r\n"
	"<p>It calls html[.]example</p>\r\n"
	"--inner--\r\n"
	"\r\n"
	"--outer; one\r\n"
	"Content-Type: text/csv\r\n"
	"Content-Disposition: attachment; filename=\"table \\\"1\\\".csv\"\r\n"
	"Content-Transfer-Encoding: base64\r\n"
	"\r\n"
	// first_seen,domain\n2024-01-01,csv.example.com\n
	"Zmlyc3Rfc2Vlbixkb21haW4KMjAyNC0wMS0wMSxj\r\nc3YuZXhhbXBsZS5jb20K\r\n"
	"--outer; one  \r\n"
	"Content-Disposition: attachment; filename*=utf-8''%e8%a1%a8.txt\r\n"
	"\r\n"
	"list.example.com\r\n198.18.0.7\r\n"
	"--outer; one\r\n"
	"Content-Type: image/png; name=logo.png\r\n"
	"Content-Transfer-Encoding: base64\r\n"
	"\r\n"
	"iVBORw0KGgoAAAAN\r\n"
	"--outer; one--\r\n"
	"epilogue evil[.]epilogue\r\n";

static void attachments_are_feeds_of_their_own(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	read_mail_text(with_attachments, &fixture);
	assert_int_equal(fixture.summary.indicators, 5);
	assert_true(feed_fixture_has(&fixture, "evil.example"));
	assert_true(feed_fixture_has(&fixture, "http://bad.example/?a=1"));
	assert_true(feed_fixture_has(&fixture, "csv.example.com"));
	assert_true(feed_fixture_has(&fixture, "list.example.com"));
	assert_false(feed_fixture_has(&fixture, "html.example"));
	assert_int_equal(feed_fixture_indicator(&fixture, 3).labels.size, 0);
	assert_int_equal(feed_fixture_problems(&fixture, "format not read by this version"), 1);
	assert_string_equal(fixture.summary.report.reasons[0].examples[0].detail,
	                    "message 1: logo.png: not one of those known");
	assert_int_equal(fixture.summary.report.count, 1);
	feed_fixture_close(&fixture);
}

static void the_text_is_left_out_where_only_attachments_are_wanted(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read_with(slice_text(with_attachments),
	                       &(struct feed_options){.is_mail_text_skipped = true}, &fixture);
	assert_int_equal(fixture.summary.indicators, 3);
	assert_false(feed_fixture_has(&fixture, "evil.example"));
	feed_fixture_close(&fixture);
}

static void an_mbox_is_read_message_by_message(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	read_mail_text("From a@example.org Mon Jan  1 00:00:00 2024\n" HEAD
	               "\nIt calls a[.]example and\nFrom here on b[.]example too\n\n"
	               "From b@example.org Mon Jan  1 00:00:01 2024\n" HEAD
	               "\nIt calls c[.]example now.\n\n",
	               &fixture);
	assert_int_equal(fixture.summary.indicators, 3);
	assert_true(feed_fixture_has(&fixture, "c.example"));
	feed_fixture_close(&fixture);
}

static void a_broken_mail_does_not_stop_the_others(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	read_mail_text("From a@example.org Mon Jan  1 00:00:00 2024\n" HEAD
	               "Content-Type: multipart/mixed\n\nlost[.]example\n\n"
	               "From a@example.org Mon Jan  1 00:00:00 2024\n" HEAD
	               "Content-Type: multipart/mixed; boundary=x\n\nlost[.]example\n\n"
	               "From a@example.org Mon Jan  1 00:00:00 2024\n\n"
	               "From a@example.org Mon Jan  1 00:00:00 2024\n" HEAD
	               "Content-Type: multipart/mixed; boundary=x\n\n"
	               "--x\nContent-Disposition: attachment; filename=l\n"
	               "Content-Transfer-Encoding: base64\n\nbGlzdC5leGFtcGxlLmNvbQ\n\n"
	               "From b@example.org Mon Jan  1 00:00:01 2024\n" HEAD
	               "\nIt calls c[.]example now.\n\n",
	               &fixture);
	assert_int_equal(fixture.summary.indicators, 1);
	assert_int_equal(feed_fixture_problems(&fixture, "multipart mail without a boundary"), 1);
	assert_int_equal(feed_fixture_problems(&fixture,
	                                       "multipart mail in which its boundary is not found"),
	                 1);
	assert_int_equal(feed_fixture_problems(&fixture, "not a mail"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "mail ends within a part"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "attachment is cut"), 1);
	assert_int_equal(fixture.summary.report.count, 5);
	feed_fixture_close(&fixture);
}

static void encrypted_mail_and_lone_html_are_told(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	read_mail_text(HEAD "Content-Type: application/pkcs7-mime; name=smime.p7m\n\nMIIB\n",
	               &fixture);
	assert_int_equal(feed_fixture_problems(&fixture, "encrypted mail"), 1);
	feed_fixture_close(&fixture);
	read_mail_text(HEAD "Content-Type: text/html\n\n<p>evil[.]example</p>\n", &fixture);
	assert_int_equal(feed_fixture_problems(&fixture, "HTML text of a mail is not read"), 1);
	assert_int_equal(fixture.summary.indicators, 0);
	feed_fixture_close(&fixture);
}

static void an_attached_mail_and_an_attached_archive_are_opened(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	read_mail_text(HEAD "Content-Type: multipart/mixed; boundary=x\n\n"
	                    "--x\nContent-Type: message/rfc822\n\n" HEAD
	                    "Content-Type: text/plain\n\nIt calls inner[.]example now.\n"
	                    "--x--\n",
	               &fixture);
	assert_int_equal(fixture.summary.indicators, 1);
	feed_fixture_close(&fixture);

	struct buffer mail = {0};
	struct zip_fixture zip;
	zip_fixture_open(&zip, NULL);
	zip_fixture_add(&zip, "list.txt", slice_text("zipped.example.com\n"));
	buffer_append_text(&mail, HEAD "Content-Type: application/zip; name=a.zip\n\n");
	buffer_append_slice(&mail, zip_fixture_bytes(&zip));
	feed_fixture_read(buffer_slice(&mail), FEED_MAIL, &fixture);
	assert_int_equal(fixture.summary.indicators, 1);
	feed_fixture_close(&fixture);
	zip_fixture_close(&zip);
	buffer_close(&mail);
}

static void text_of_japanese_mail_is_converted(void **state)
{
	static const struct {
		const char *charset;
		const char *text;
	} mails[] = {
		{"ISO-2022-JP", "\x1b$B@\\B3@h\x1b(Bevil[.]example\x1b$B$G$9\x1b(B\n"},
		{"Shift_JIS", "\x90\xda\x91\xb1\x90\xe6 evil[.]example \x82\xc5\x82\xb7\n"},
		{"utf-8", "接続先evil[.]exampleです\n"},
		{"iso-8859-1", "Serveur d\xe9tect\xe9: evil[.]example\n"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(mails) / sizeof(mails[0]); i++) {
		struct feed_fixture fixture;
		char text[512];

		snprintf(text, sizeof(text), HEAD "Content-Type: text/plain; charset=\"%s\"\n\n%s",
		         mails[i].charset, mails[i].text);
		read_mail_text(text, &fixture);
		assert_int_equal(fixture.summary.indicators, 1);
		assert_int_equal(fixture.summary.report.count, 0);
		assert_true(feed_fixture_has(&fixture, "evil.example"));
		feed_fixture_close(&fixture);
	}
}

static void odd_character_sets_are_told(void **state)
{
	struct buffer text = {0};
	struct feed_fixture fixture;
	bool is_damaged;

	(void)state;
	read_mail_text(HEAD "Content-Type: text/plain; charset=iso-2022-cn-ext\n\nevil[.]example\n",
	               &fixture);
	assert_int_equal(feed_fixture_problems(&fixture, "character set is not known"), 1);
	assert_int_equal(fixture.summary.indicators, 1);
	feed_fixture_close(&fixture);

	assert_int_equal(mail_decode_text(slice_text("a\xff"), "euc-jp", &text, &is_damaged), 1);
	assert_true(is_damaged);
	assert_true(slice_is(buffer_slice(&text), "a?"));
	buffer_close(&text);
}

static void base64_is_read_as_mail_programs_read_it(void **state)
{
	static const struct {
		const char *text;
		const char *bytes;
		bool is_whole;
	} cases[] = {
		{"YWJj", "abc", true},       {"YW Jj\r\nZA==", "abcd", true}, {"YWI=", "ab", true},
		{"YWJjZA", "abcd", false},   {"YWJjZ", "abc", false},         {"", "", true},
		{"YW!Jj====x", "abc", true},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer bytes = {0};

		assert_int_equal(mail_decode_base64(slice_text(cases[i].text), &bytes),
		                 cases[i].is_whole);
		assert_true(slice_is(buffer_slice(&bytes), cases[i].bytes));
		buffer_close(&bytes);
	}
}

static int count_part(void *context, const struct mail_part *part)
{
	(void)part;
	++*(unsigned *)context;
	return 0;
}

static void parts_are_bounded_in_depth_and_number(void **state)
{
	struct report report = {0};
	struct buffer mail = {0};
	unsigned count = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		buffer_format(&mail, "Content-Type: multipart/mixed; boundary=b%u\n\n--b%u\n", i,
		              i);
	assert_int_equal(
		mail_part_each(buffer_slice(&mail), slice_text("m"), &report, count_part, &count),
		0);
	assert_int_equal(count, 0);
	assert_string_equal(report.reasons[report.reason_count - 1].reason,
	                    "parts of a mail nested too deeply");
	report_clear(&report);

	buffer_clear(&mail);
	buffer_append_text(&mail, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (unsigned i = 0; i < 5000; i++)
		buffer_append_text(&mail, "--b\n\nx\n");
	mail_part_each(buffer_slice(&mail), slice_text("m"), &report, count_part, &count);
	assert_int_equal(count, MAIL_PARTS_MAX);
	assert_string_equal(report.reasons[0].reason, "too many parts in a mail");
	assert_int_equal(report.reasons[0].count, 1);
	report_clear(&report);
	buffer_close(&mail);
}

static void a_mail_is_told_by_its_header(void **state)
{
	(void)state;
	assert_true(read_mail.recognises(slice_text(HEAD "\nx")));
	assert_true(read_mail.recognises(slice_text("From x\n" HEAD "\nx")));
	assert_false(read_mail.recognises(slice_text("From: the analysts\nevil[.]example\n")));
	assert_false(read_mail.recognises(slice_text("evil.example.com\n198.18.0.7\n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_of_a_mail_is_prose),
		cmocka_unit_test(attachments_are_feeds_of_their_own),
		cmocka_unit_test(the_text_is_left_out_where_only_attachments_are_wanted),
		cmocka_unit_test(an_mbox_is_read_message_by_message),
		cmocka_unit_test(a_broken_mail_does_not_stop_the_others),
		cmocka_unit_test(encrypted_mail_and_lone_html_are_told),
		cmocka_unit_test(an_attached_mail_and_an_attached_archive_are_opened),
		cmocka_unit_test(text_of_japanese_mail_is_converted),
		cmocka_unit_test(odd_character_sets_are_told),
		cmocka_unit_test(base64_is_read_as_mail_programs_read_it),
		cmocka_unit_test(parts_are_bounded_in_depth_and_number),
		cmocka_unit_test(a_mail_is_told_by_its_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
