// DNS messages (RFC 1035): names and addresses of all four sections.
//
// Every message tells its question, query or response, so that one side of a conversation is
// enough. Names of the other sections are told once a message, and not when they repeat the
// question.

#include <string.h>

#include "dataplane/dns_name.h"
#include "dataplane/extract.h"
#include "dataplane/wire.h"
#include "engine/address.h"
#include "engine/normalize.h"

enum {
	HEADER_BYTES = 12,
	QUESTIONS_MAX = 32, // one, but for multicast DNS
	RECORDS_MAX = 6000, // a section; 64 KB hold no more than 5,957 records
	SEEN_MAX = 32,      // names, and addresses, remembered of a message
	STREAM_PORT = 53,
};

enum dns_opcode {
	OPCODE_QUERY = 0,
	OPCODE_STATUS = 2,
	OPCODE_NOTIFY = 4,
	OPCODE_UPDATE = 5,
};

enum dns_type {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6, // its MNAME; the RNAME is a mail address
	TYPE_PTR = 12,
	TYPE_MX = 15,
	TYPE_AFSDB = 18,
	TYPE_AAAA = 28,
	TYPE_SRV = 33,
	TYPE_KX = 36,
	TYPE_DNAME = 39,
	TYPE_OPT = 41,
	TYPE_SVCB = 64, // RFC 9460
	TYPE_HTTPS = 65,
	TYPE_TSIG = 250,
};

enum { CLASS_IN = 1, CLASS_CHAOS = 3, CLASS_HESIOD = 4, CLASS_NONE = 254, CLASS_ANY = 255 };

enum { SVC_IPV4_HINT = 4, SVC_IPV6_HINT = 6 };

// The last distinct names and addresses told of this message.
struct seen {
	unsigned name_count;
	unsigned address_count;
	struct dns_name names[SEEN_MAX];
	struct address addresses[SEEN_MAX];
};

struct dns_message {
	struct slice bytes;
	size_t offset;    // of what is read next
	size_t work_left; // bytes of names that may still be expanded
	bool is_malformed;
	bool is_answer_section; // of what is read now
	struct extract_output *output;
	struct dns_name question; // the first that is a name
	struct seen seen;
};

struct record {
	uint16_t type;
	uint16_t class;
	size_t data_offset;
	size_t data_end;
};

// True the first time (within the last SEEN_MAX distinct ones).
static bool remember_name(struct seen *seen, const struct dns_name *name)
{
	unsigned kept = seen->name_count < SEEN_MAX ? seen->name_count : SEEN_MAX;
	struct dns_name *slot = &seen->names[seen->name_count % SEEN_MAX];

	for (unsigned i = 0; i < kept; i++) {
		if (dns_name_equal(&seen->names[i], name))
			return false;
	}
	slot->size = name->size;
	slot->hash = name->hash;
	memcpy(slot->bytes, name->bytes, name->size);
	seen->name_count++;
	return true;
}

static bool remember_address(struct seen *seen, const struct address *address)
{
	unsigned kept = seen->address_count < SEEN_MAX ? seen->address_count : SEEN_MAX;

	for (unsigned i = 0; i < kept; i++) {
		if (address_equal(&seen->addresses[i], address))
			return false;
	}
	seen->addresses[seen->address_count++ % SEEN_MAX] = *address;
	return true;
}

static void tell_name(struct dns_message *message, enum observable_where where,
                      const struct dns_name *name, bool is_alias)
{
	struct observable observable = {
		.type = OBSERVABLE_NAME,
		.where = where,
		.hints = is_alias ? OBSERVABLE_ALIAS : 0,
		.text = slice_of(name->bytes, name->size),
	};

	message->output->add(message->output, &observable);
}

static void tell_address(struct dns_message *message, enum observable_where where,
                         const struct address *address)
{
	struct observable observable = {
		.type = OBSERVABLE_ADDRESS,
		.where = where,
		.address = *address,
	};

	message->output->add(message->output, &observable);
}

static void tell_answer_name(struct dns_message *message, const struct dns_name *name,
                             bool is_alias)
{
	if (name->size == 0 || dns_name_equal(name, &message->question) ||
	    !remember_name(&message->seen, name))
		return;
	tell_name(message, WHERE_DNS_ANSWER_NAME, name, is_alias && message->is_answer_section);
}

// `size` is 4 or 16.
static void tell_answer_address(struct dns_message *message, const uint8_t *octets, size_t size)
{
	struct address address;

	if (size == 4)
		address = address_from_ipv4(octets);
	else
		memcpy(address.octets, octets, sizeof(address.octets));
	if (remember_address(&message->seen, &address))
		tell_address(message, WHERE_DNS_ANSWER_ADDRESS, &address);
}

static bool is_class(uint16_t class)
{
	class &= 0x7fff; // the top bit is multicast DNS's (RFC 6762, section 18.12)
	return class == CLASS_IN || class == CLASS_CHAOS || class == CLASS_HESIOD ||
	       class == CLASS_NONE || class == CLASS_ANY;
}

// Nothing is told of a question that is not whole: it may be no DNS at all.
static bool read_question(struct dns_message *message)
{
	struct dns_name other;
	struct dns_name *name = message->question.size == 0 ? &message->question : &other;
	struct address address;

	if (!dns_name_read(message->bytes, &message->offset, &message->work_left, name))
		return false;
	if (message->bytes.size - message->offset < 4 ||
	    !is_class(wire_be16(message->bytes.data + message->offset + 2)))
		return false;
	message->offset += 4;
	message->is_malformed = message->is_malformed || name->is_malformed;
	if (name->size == 0 || (name == &other && (dns_name_equal(name, &message->question) ||
	                                           !remember_name(&message->seen, name))))
		return true;
	tell_name(message, WHERE_DNS_QUERY, name, false);
	if (normalize_reverse_name(slice_of(name->bytes, name->size), &address) == 0)
		tell_address(message, WHERE_DNS_QUERY, &address);
	return true;
}

// A record's data: `skip` bytes, then a name that ends within the data. *ret_end is behind it.
static bool read_target(struct dns_message *message, const struct record *record, size_t skip,
                        size_t *ret_end)
{
	size_t offset = record->data_offset + skip;
	struct dns_name target;

	if (offset >= record->data_end ||
	    !dns_name_read(message->bytes, &offset, &message->work_left, &target) ||
	    target.is_malformed || offset > record->data_end)
		return false;
	tell_answer_name(message, &target, record->type == TYPE_CNAME);
	*ret_end = offset;
	return true;
}

// RFC 9460, section 2.2: priority, target, parameters.
static bool read_service(struct dns_message *message, const struct record *record)
{
	struct slice bytes = message->bytes;
	size_t at;

	if (!read_target(message, record, 2, &at))
		return false;
	while (record->data_end - at >= 4) {
		uint16_t key = wire_be16(bytes.data + at), size = wire_be16(bytes.data + at + 2);
		size_t step = key == SVC_IPV4_HINT ? 4 : 16;

		at += 4;
		if (record->data_end - at < size)
			return false;
		if (key == SVC_IPV4_HINT || key == SVC_IPV6_HINT) {
			for (size_t hint = 0; hint + step <= size; hint += step)
				tell_answer_address(message, bytes.data + at + hint, step);
		}
		at += size;
	}
	return at == record->data_end;
}

static bool read_record_data(struct dns_message *message, const struct record *record)
{
	size_t size = record->data_end - record->data_offset;
	size_t end;

	if (size == 0) // a dynamic update's (RFC 2136, section 2.4)
		return true;
	switch (record->type) {
	case TYPE_A:
	case TYPE_AAAA:
		if ((record->class & 0x7fff) != CLASS_IN)
			return true;
		if (size != (record->type == TYPE_A ? 4 : 16))
			return false;
		tell_answer_address(message, message->bytes.data + record->data_offset, size);
		return true;
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_SOA:
	case TYPE_PTR:
	case TYPE_DNAME:
		return read_target(message, record, 0, &end);
	case TYPE_MX:
	case TYPE_AFSDB:
	case TYPE_KX:
		return read_target(message, record, 2, &end);
	case TYPE_SRV:
		return read_target(message, record, 6, &end);
	case TYPE_SVCB:
	case TYPE_HTTPS:
		return read_service(message, record);
	default:
		return true;
	}
}

// False when no further record can be read. A record with bad data is passed over.
static bool read_record(struct dns_message *message)
{
	struct slice bytes = message->bytes;
	struct record record;
	struct dns_name owner;
	size_t at = message->offset;

	if (!dns_name_read(message->bytes, &at, &message->work_left, &owner) ||
	    bytes.size - at < 10)
		return false;
	record.type = wire_be16(bytes.data + at);
	record.class = wire_be16(bytes.data + at + 2);
	record.data_offset = at + 10;
	record.data_end = record.data_offset + wire_be16(bytes.data + at + 8);
	if (record.type != TYPE_OPT && record.type != TYPE_TSIG)
		tell_answer_name(message, &owner, true); // where a CNAME before it led to
	if (record.data_end > bytes.size)
		return false;
	if (!read_record_data(message, &record) || owner.is_malformed)
		message->is_malformed = true;
	message->offset = record.data_end;
	return true;
}

// Can this be the header of a DNS message? Random bytes pass once in ten million.
static bool is_header(struct slice bytes)
{
	unsigned opcode;

	if (bytes.size < HEADER_BYTES)
		return false;
	opcode = bytes.data[2] >> 3 & 0xf;
	if (opcode != OPCODE_QUERY && opcode != OPCODE_STATUS && opcode != OPCODE_NOTIFY &&
	    opcode != OPCODE_UPDATE)
		return false;
	return wire_be16(bytes.data + 4) <= QUESTIONS_MAX &&
	       wire_be16(bytes.data + 6) <= RECORDS_MAX &&
	       wire_be16(bytes.data + 8) <= RECORDS_MAX &&
	       wire_be16(bytes.data + 10) <= RECORDS_MAX;
}

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
		message->is_answer_section = i < answers && (bytes.data[2] & 0x80) != 0;
		if (!read_record(message))
			return false;
	}
	return true;
}

void extract_dns_message(struct slice bytes, struct extract_output *output)
{
	struct dns_message message; // not cleared: 9 KB

	if (!is_header(bytes))
		return;
	message.bytes = bytes;
	message.offset = HEADER_BYTES;
	// Names expand to several times their size; crafted ones to 20 times and more.
	message.work_left = 8 * bytes.size + 4096;
	message.is_malformed = false;
	message.output = output;
	message.question.size = 0;
	message.question.hash = 0;
	message.seen.name_count = 0;
	message.seen.address_count = 0;
	if (!read_sections(&message) || message.is_malformed)
		output->messages_malformed++;
}

static enum probe_result dns_stream_probe(struct slice bytes, uint16_t port)
{
	if (port != STREAM_PORT)
		return PROBE_NO;
	if (bytes.size < 2 + HEADER_BYTES)
		return PROBE_MAYBE;
	return wire_be16(bytes.data) >= HEADER_BYTES && is_header(slice_from(bytes, 2)) ? PROBE_YES
	                                                                                : PROBE_NO;
}

static struct extract_progress dns_stream_consume(struct extract_state *state, struct slice bytes,
                                                  struct extract_output *output)
{
	struct extract_progress progress = {.verdict = EXTRACT_MORE};

	(void)state;
	while (bytes.size - progress.consumed >= 2) {
		struct slice rest = slice_from(bytes, progress.consumed);
		size_t size = wire_be16(rest.data);

		if (rest.size < 2 + size)
			break;
		if (!is_header(slice_of(rest.data + 2, size))) {
			output->messages_malformed++;
			progress.verdict = EXTRACT_DONE;
			break;
		}
		extract_dns_message(slice_of(rest.data + 2, size), output);
		progress.consumed += 2 + size;
	}
	return progress;
}

static struct extract_progress dns_stream_gap(struct extract_state *state, uint64_t missing_bytes,
                                              struct extract_output *output)
{
	(void)output;
	(void)state;
	(void)missing_bytes;
	return (struct extract_progress){.verdict = EXTRACT_RESTART};
}

const struct extractor_ops extract_dns_stream = {
	.name = "dns",
	.probe = dns_stream_probe,
	.consume = dns_stream_consume,
	.gap = dns_stream_gap,
};
