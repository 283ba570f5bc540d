// DNS messages (RFC 1035): names and addresses of all four sections.
//
// Every message tells its question, query or response, so that one side of a conversation is
// enough. Names of the other sections are told once a message, and not when they repeat the
// question.

#include "dataplane/dns_message.h"
#include "dataplane/dns_probe.h"
#include "dataplane/dns_record.h"
#include "engine/normalize.h"

enum { FLAG_TRUNCATED = 0x02 };

static bool is_class(uint16_t class)
{
	class &= CLASS_MASK;
	return class == CLASS_IN || class == CLASS_CHAOS || class == CLASS_HESIOD ||
	       class == CLASS_NONE || class == CLASS_ANY;
}

static void tell_question(struct dns_message *message, const struct dns_name *name)
{
	struct slice text = slice_of(name->bytes, name->size);
	struct address address;

	dns_message_tell_name(message, WHERE_DNS_QUERY, name, false);
	if (normalize_reverse_name(text, &address) == 0)
		dns_message_tell_address(message, WHERE_DNS_QUERY, &address);
}

// Nothing is told of a question that is not whole: it may be no DNS at all.
static bool read_question(struct dns_message *message)
{
	struct dns_name other;
	struct dns_name *name = message->question.size == 0 ? &message->question : &other;
	size_t begin = message->offset;

	if (!dns_name_read(message->bytes, &message->offset, &message->work_left, name))
		return false;
	if (message->bytes.size - message->offset < 4 ||
	    !is_class(wire_be16(message->bytes.data + message->offset + 2)))
		return false;
	message->offset += 4;
	message->is_malformed = message->is_malformed || name->is_malformed;
	if (name->size == 0 || (name == &other && !dns_message_remember(message, name)))
		return true;
	dns_message_remember_offset(message, begin);
	tell_question(message, name);
	return true;
}

// Options and keys: what they belong to is no host.
static bool has_named_owner(uint16_t type)
{
	return type != TYPE_OPT && type != TYPE_TKEY && type != TYPE_TSIG;
}

// False when no further record can be read. A record with bad data is passed over.
static bool read_record(struct dns_message *message)
{
	struct slice bytes = message->bytes;
	struct dns_record record;
	size_t owner = message->offset, at = owner;

	if (!dns_name_pass(bytes, &at) || bytes.size - at < 10)
		return false;
	record.type = wire_be16(bytes.data + at);
	record.class = wire_be16(bytes.data + at + 2);
	record.data_offset = at + 10;
	record.data_end = record.data_offset + wire_be16(bytes.data + at + 8);
	if (has_named_owner(record.type)) // where a CNAME before it led to
		(void)dns_message_read_name(message, &owner, bytes.size, true);
	if (record.data_end > bytes.size)
		return false;
	if (!dns_record_read(message, &record))
		message->is_malformed = true;
	message->offset = record.data_end;
	return true;
}

// False when there is less than the header counts.
static bool read_sections(struct dns_message *message)
{
	struct slice bytes = message->bytes;
	unsigned questions = wire_be16(bytes.data + 4);
	unsigned answers = wire_be16(bytes.data + 6);
	unsigned records = answers + wire_be16(bytes.data + 8) + wire_be16(bytes.data + 10);

	for (; questions > 0; questions--) {
		if (!read_question(message))
			return false;
	}
	for (unsigned i = 0; i < records; i++) {
		message->is_answer_section = i < answers && message->is_response;
		if (!read_record(message))
			return false;
	}
	return true;
}

bool extract_dns_message(struct slice bytes, struct extract_output *output)
{
	struct dns_message message; // not cleared: 9 KB
	bool is_whole;

	if (!dns_probe_header(bytes))
		return false;
	dns_message_begin(&message, bytes, output);
	// A message that says so may end between records (RFC 2181, section 9).
	is_whole = read_sections(&message) ||
	           ((bytes.data[2] & FLAG_TRUNCATED) != 0 && message.offset == bytes.size);
	if (!is_whole || message.is_malformed)
		output->messages_malformed++;
	return true;
}
