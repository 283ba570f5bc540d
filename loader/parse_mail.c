// Mails (.eml, mbox): every attachment is a feed of its own, by its content (loader/nested.h), and
// the text is read as prose. HTML is not read.
#include <errno.h>
#include <stdio.h>

#include "loader/mail_box.h"
#include "loader/mail_decode.h"
#include "loader/mail_part.h"
#include "loader/nested.h"

enum { NAME_BYTES = MAIL_VALUE_BYTES_MAX + 64 };

struct mail_reading {
	struct feed *feed;
	unsigned message_number;
	struct buffer bytes; // of a part, decoded
	struct buffer text;  // and as UTF-8
};

// What is said of a part.
struct part_reading {
	struct mail_reading *mail;
	const struct mail_part *part;
	char name[NAME_BYTES];
	bool is_attachment;
};

static void tell(const struct part_reading *reading, const char *reason, const char *consequence)
{
	report_add(&reading->mail->feed->summary->report,
	           &(struct problem){
			   .reason = reason,
			   .consequence = consequence,
			   .object = slice_text(reading->name),
			   .detail = reading->part->header.content_type,
		   });
}

static void name_part(struct part_reading *reading)
{
	const struct mail_header *header = &reading->part->header;
	char value[MAIL_VALUE_BYTES_MAX];

	reading->is_attachment = mail_header_parameter(header->disposition, "filename", value) >
	                                 0 ||
	                         mail_header_parameter(header->content_type, "name", value) > 0 ||
	                         mail_header_is(header->disposition, "attachment");
	if (mail_header_parameter(header->disposition, "filename", value) == 0 &&
	    mail_header_parameter(header->content_type, "name", value) == 0)
		(void)snprintf(value, sizeof(value), "part %u", reading->part->number);
	(void)snprintf(reading->name, sizeof(reading->name), "message %u: %s",
	               reading->mail->message_number, value);
}

// The bytes of the part into mail->bytes. Returns 1, 0 when they are broken (reported), or -ENOMEM.
static int decode(struct part_reading *reading)
{
	const struct mail_part *part = reading->part;
	struct slice encoding = part->header.transfer_encoding;
	struct buffer *bytes = &reading->mail->bytes;
	bool is_whole = true;

	buffer_clear(bytes);
	if (mail_header_is(encoding, "base64"))
		is_whole = mail_decode_base64(part->body, bytes);
	else if (mail_header_is(encoding, "quoted-printable"))
		mail_decode_quoted_printable(part->body, bytes);
	else
		buffer_append_slice(bytes, part->body);
	if (bytes->failed)
		return -ENOMEM;
	if (is_whole)
		return 1;
	tell(reading, "attachment is cut", NULL);
	return 0;
}

// What is text as UTF-8; anything else as it is.
static int give_content(struct part_reading *reading, struct slice *ret_content)
{
	struct mail_reading *mail = reading->mail;
	struct slice type = reading->part->header.content_type;
	char charset[MAIL_VALUE_BYTES_MAX];
	bool is_damaged;

	*ret_content = buffer_slice(&mail->bytes);
	if (!mail_header_is(type, "text/*") || mail_header_parameter(type, "charset", charset) == 0)
		return 0;
	buffer_clear(&mail->text);

	int result = mail_decode_text(*ret_content, charset, &mail->text, &is_damaged);
	if (result < 0)
		return result;
	if (result == 0)
		tell(reading, "character set is not known", "read as it is");
	else
		*ret_content = buffer_slice(&mail->text);
	if (result == 1 && is_damaged)
		tell(reading, "text is not of its character set", "read without those bytes");
	return 0;
}

static int read_content(struct part_reading *reading, enum feed_format format)
{
	struct feed *feed = reading->mail->feed;
	struct nested_entry entry;
	struct slice content;
	int result = decode(reading);

	if (result != 1)
		return result;
	result = give_content(reading, &content);
	if (result < 0 || slice_trim(content).size == 0)
		return result;
	result = nested_entry_open(feed, slice_text(reading->name), reading->part->body.size,
	                           &entry);
	if (result != 1)
		return result;
	entry.format = format;
	result = nested_entry_write(&entry, content);
	if (result == 1)
		result = nested_entry_read(&entry);
	nested_entry_close(&entry);
	return result;
}

static bool is_signature(struct slice type)
{
	return mail_header_is(type, "application/pgp-signature") ||
	       mail_header_is(type, "application/pkcs7-signature") ||
	       mail_header_is(type, "application/x-pkcs7-signature");
}

static bool is_encrypted(struct slice type)
{
	return mail_header_is(type, "application/pgp-encrypted") ||
	       mail_header_is(type, "application/pkcs7-mime") ||
	       mail_header_is(type, "application/x-pkcs7-mime");
}

static int read_part(void *context, const struct mail_part *part)
{
	struct part_reading reading = {.mail = context, .part = part};
	const struct feed *feed = reading.mail->feed;
	struct slice type = part->header.content_type;
	bool is_plain = type.size == 0 || mail_header_is(type, "text/plain");

	name_part(&reading);
	if (is_signature(type))
		return 0;
	if (is_encrypted(type)) {
		tell(&reading, "encrypted mail", NULL);
		return 0;
	}
	if (!reading.is_attachment && is_plain)
		return feed->options->is_mail_text_skipped ? 0 : read_content(&reading, FEED_PROSE);
	if (!reading.is_attachment && mail_header_is(type, "text/html")) {
		if (!part->has_plain && !feed->options->is_mail_text_skipped)
			tell(&reading, "HTML text of a mail is not read", NULL);
		return 0;
	}
	return read_content(&reading, FEED_AUTO);
}

static int read_message(struct mail_reading *mail, struct slice message)
{
	struct report *report = &mail->feed->summary->report;
	struct mail_header header;
	char name[32];

	mail->message_number++;
	(void)snprintf(name, sizeof(name), "message %u", mail->message_number);
	(void)mail_header_read(message, &header);
	if (header.field_count == 0) {
		report_note(report, "not a mail", slice_text(name), "%s", "");
		return 0;
	}
	return mail_part_each(message, slice_text(name), report, read_part, mail);
}

static int mail_read(struct feed *feed)
{
	struct mail_reading mail = {.feed = feed};
	struct mail_box box = {.input = feed->input};
	struct slice message;
	int result = mail_box_next(&box, &feed->summary->report, &message);

	while (result == 1) {
		result = read_message(&mail, message);
		if (result == 0)
			result = mail_box_next(&box, &feed->summary->report, &message);
	}
	buffer_close(&mail.bytes);
	buffer_close(&mail.text);
	return result;
}

static bool mail_recognises(struct slice head)
{
	if (mail_box_is_mbox(head))
		head = slice_from(head, slice_find(head, '\n') + 1);
	return mail_header_is_mail(head);
}

const struct reader_ops read_mail = {FEED_MAIL, "mail", mail_recognises, mail_read};
