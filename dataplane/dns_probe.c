#include "dataplane/dns_probe.h"

#include "base/cpu.h"
#include "dataplane/dns_message.h"

enum {
	QUESTIONS_MAX = 32, // one, but for multicast DNS
	RECORDS_MAX = 6000, // a section; 64 KB hold no more than 5,957 records
	QUESTION_BYTES_MIN = 1 + 4,
	RECORD_BYTES_MIN = 1 + 10,
	QUERY_RECORDS_MAX = 2, // OPT and a signature
	NAME_WIRE_BYTES_MAX = 255,
	LABEL_BYTES_MAX = 63,
	RCODE_MAX = 11, // DSOTYPENI: the last one assigned of four bits
	FLAG_RESPONSE = 0x80,
	FLAG_TRUNCATED = 0x02,
	FLAG_RESERVED = 0x40, // of the second byte (RFC 1035, section 4.1.1: Z)
};

enum opcode { OPCODE_QUERY = 0, OPCODE_STATUS = 2, OPCODE_NOTIFY = 4, OPCODE_UPDATE = 5 };

struct header {
	enum opcode opcode;
	bool is_response;
	bool is_truncated;
	unsigned counts[3]; // of records
};

// The opcode of a message, in the first byte of its flags.
static unsigned opcode_of(uint8_t flags)
{
	return flags >> 3 & 0xf;
}

bool dns_probe_header(struct slice bytes)
{
	unsigned opcode;

	if (bytes.size < DNS_HEADER_BYTES)
		return false;
	opcode = opcode_of(bytes.data[2]);
	if (opcode != OPCODE_QUERY && opcode != OPCODE_STATUS && opcode != OPCODE_NOTIFY &&
	    opcode != OPCODE_UPDATE)
		return false;
	return wire_be16(bytes.data + 4) <= QUESTIONS_MAX &&
	       wire_be16(bytes.data + 6) <= RECORDS_MAX &&
	       wire_be16(bytes.data + 8) <= RECORDS_MAX &&
	       wire_be16(bytes.data + 10) <= RECORDS_MAX;
}

// Exactly one question, as all but multicast DNS ask. Nearly all that is no DNS fails this.
static bool has_one_question(struct slice bytes)
{
	return bytes.data[4] == 0 && bytes.data[5] == 1;
}

static bool is_usual_opcode(uint8_t flags)
{
	unsigned opcode = opcode_of(flags);

	return opcode == OPCODE_QUERY || opcode == OPCODE_NOTIFY || opcode == OPCODE_UPDATE;
}

// `size` is that of the message, of which the header is there.
static bool read_header(struct slice bytes, size_t size, struct header *ret_header)
{
	unsigned opcode = opcode_of(bytes.data[2]), rcode = bytes.data[3] & 0xf;
	struct header header = {
		.opcode = (enum opcode)opcode,
		.is_response = (bytes.data[2] & FLAG_RESPONSE) != 0,
		.is_truncated = (bytes.data[2] & FLAG_TRUNCATED) != 0,
		.counts = {wire_be16(bytes.data + 6), wire_be16(bytes.data + 8),
	                   wire_be16(bytes.data + 10)},
	};
	size_t records = (size_t)header.counts[0] + header.counts[1] + header.counts[2];

	if (!is_usual_opcode(bytes.data[2]) || (bytes.data[3] & FLAG_RESERVED) != 0 ||
	    rcode > RCODE_MAX || size < DNS_HEADER_BYTES + QUESTION_BYTES_MIN)
		return false;
	if (!header.is_truncated &&
	    records > (size - DNS_HEADER_BYTES - QUESTION_BYTES_MIN) / RECORD_BYTES_MIN)
		return false;
	// IXFR has one record in its authority section (RFC 1995, section 3).
	if (!header.is_response && opcode == OPCODE_QUERY &&
	    (rcode != 0 || header.counts[0] > 0 || header.counts[1] > 1 ||
	     header.counts[2] > QUERY_RECORDS_MAX))
		return false;
	*ret_header = header;
	return true;
}

// Behind the header. MAYBE when it is not there whole.
static enum probe_result probe_question(struct slice bytes, size_t *ret_end)
{
	size_t at = DNS_HEADER_BYTES;
	uint16_t type;

	for (;; at += 1u + bytes.data[at]) {
		if (at - DNS_HEADER_BYTES >= NAME_WIRE_BYTES_MAX)
			return PROBE_NO;
		if (at >= bytes.size)
			return PROBE_MAYBE;
		if (bytes.data[at] > LABEL_BYTES_MAX)
			return PROBE_NO;
		if (bytes.data[at] == 0)
			break;
	}
	if (bytes.size - at < QUESTION_BYTES_MIN)
		return PROBE_MAYBE;
	type = wire_be16(bytes.data + at + 1);
	// What is assigned, the trust anchors' two, and those for private use (RFC 6895, 3.1).
	if (type == 0 || (type > 511 && type != 32768 && type != 32769 && type < 65280) ||
	    wire_be16(bytes.data + at + 3) != CLASS_IN)
		return PROBE_NO;
	*ret_end = at + QUESTION_BYTES_MIN;
	return PROBE_YES;
}

// Moves *at behind the record there. False when it cannot be one.
static bool pass_record(struct slice bytes, enum opcode opcode, size_t *at)
{
	size_t next = *at;
	uint16_t type, class;

	if (!dns_name_pass(bytes, &next) || bytes.size - next < 10)
		return false;
	type = wire_be16(bytes.data + next);
	class = wire_be16(bytes.data + next + 2);
	if (class != CLASS_IN && type != TYPE_OPT && class != CLASS_ANY &&
	    (class != CLASS_NONE || opcode != OPCODE_UPDATE))
		return false;
	next += 10u + wire_be16(bytes.data + next + 8);
	if (next > bytes.size)
		return false;
	*at = next;
	return true;
}

bool dns_probe_message(struct slice bytes)
{
	struct header header;
	size_t at;

	if (bytes.size < DNS_HEADER_BYTES + QUESTION_BYTES_MIN ||
	    likely(!has_one_question(bytes)) || !read_header(bytes, bytes.size, &header) ||
	    probe_question(bytes, &at) != PROBE_YES)
		return false;
	for (unsigned section = 0; section < 3; section++)
		for (unsigned i = 0; i < header.counts[section]; i++)
			if (!pass_record(bytes, header.opcode, &at))
				return header.is_truncated && at == bytes.size;
	return at == bytes.size;
}

enum probe_result dns_probe_stream(struct slice bytes)
{
	struct slice message = slice_from(bytes, 2);
	struct header header;
	enum probe_result result;
	size_t size, end;

	if (bytes.size < 2)
		return PROBE_MAYBE;
	size = wire_be16(bytes.data);
	if (size < DNS_HEADER_BYTES + QUESTION_BYTES_MIN)
		return PROBE_NO;
	// What few bytes tell is told at once: a stream of another protocol must not wait.
	if (message.size < DNS_HEADER_BYTES)
		return message.size > 2 && !is_usual_opcode(message.data[2]) ? PROBE_NO
		                                                             : PROBE_MAYBE;
	if (!has_one_question(message) || !read_header(message, size, &header))
		return PROBE_NO;
	result = probe_question(slice_first(message, size), &end);
	if (result != PROBE_YES)
		return result == PROBE_MAYBE && message.size < size ? PROBE_MAYBE : PROBE_NO;
	if (header.counts[0] + header.counts[1] + header.counts[2] == 0 && end != size)
		return PROBE_NO;
	return PROBE_YES;
}
