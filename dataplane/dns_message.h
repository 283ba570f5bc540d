// dataplane/dns_message.h — a DNS message while it is read: where one stands, and what was told.
//
// extract_dns.c reads headers, questions and records, dns_record.c what stands in a record's data.
// A name or an address is told once a message, as far as the last DNS_SEEN_MAX distinct ones are
// remembered; the question's name not again as another's.
#pragma once

#include "dataplane/dns_name.h"
#include "dataplane/extract.h"
#include "dataplane/wire.h"

enum {
	DNS_SEEN_MAX = 32,
	DNS_POINTED_MAX = 8,
};

// www.iana.org/assignments/dns-parameters
enum dns_type {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_MD = 3,
	TYPE_MF = 4,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_MB = 7,
	TYPE_MG = 8,
	TYPE_MR = 9,
	TYPE_WKS = 11,
	TYPE_PTR = 12,
	TYPE_MINFO = 14,
	TYPE_MX = 15,
	TYPE_RP = 17,
	TYPE_AFSDB = 18,
	TYPE_RT = 21,
	TYPE_NSAP_PTR = 23,
	TYPE_SIG = 24,
	TYPE_PX = 26,
	TYPE_AAAA = 28,
	TYPE_NXT = 30,
	TYPE_SRV = 33,
	TYPE_NAPTR = 35,
	TYPE_KX = 36,
	TYPE_A6 = 38,
	TYPE_DNAME = 39,
	TYPE_OPT = 41,
	TYPE_APL = 42,
	TYPE_IPSECKEY = 45,
	TYPE_RRSIG = 46,
	TYPE_NSEC = 47,
	TYPE_HIP = 55,
	TYPE_TALINK = 58,
	TYPE_SVCB = 64,
	TYPE_HTTPS = 65,
	TYPE_DSYNC = 66,
	TYPE_LP = 107,
	TYPE_TKEY = 249,
	TYPE_TSIG = 250,
	TYPE_URI = 256,
	TYPE_AMTRELAY = 260,
};

enum dns_class {
	CLASS_IN = 1,
	CLASS_CHAOS = 3,
	CLASS_HESIOD = 4,
	CLASS_NONE = 254,
	CLASS_ANY = 255,
	// Multicast DNS has a use of its own for the top bit (RFC 6762, section 18.12 and 18.13).
	CLASS_MASK = 0x7fff,
};

struct dns_message {
	struct slice bytes;
	size_t offset;    // of what is read next
	size_t work_left; // bytes of names that may still be expanded
	struct extract_output *output;
	bool is_malformed;
	bool is_response;
	bool is_answer_section; // of what is read now
	uint8_t pointed_count;
	uint16_t pointed[DNS_POINTED_MAX]; // where names begin that were told
	unsigned name_count;
	unsigned address_count;
	struct dns_name question;            // the first that is a name
	struct dns_name names[DNS_SEEN_MAX]; // the last told ones
	struct address addresses[DNS_SEEN_MAX];
};

struct dns_record {
	uint16_t type;
	uint16_t class;
	size_t data_offset;
	size_t data_end; // the message has it all
};

// HOT. Begins to read; what is only valid up to a count is not cleared.
void dns_message_begin(struct dns_message *message, struct slice bytes,
                       struct extract_output *output);

// HOT. Tells it, whatever was told before.
void dns_message_tell_name(struct dns_message *message, enum observable_where where,
                           const struct dns_name *name, bool is_alias);
void dns_message_tell_address(struct dns_message *message, enum observable_where where,
                              const struct address *address);

// HOT. Reads the name at *offset, which has to end before `end`, moves *offset behind it, and tells
// it as one of a record, once. False when it has no end; one that is malformed spoils the message.
bool dns_message_read_name(struct dns_message *message, size_t *offset, size_t end, bool is_alias);

// HOT. The question's name that stood at `offset`, and was told: it need not be read again.
void dns_message_remember_offset(struct dns_message *message, size_t offset);

// HOT. True the first time.
bool dns_message_remember(struct dns_message *message, const struct dns_name *name);

// HOT. Tells an address of a record, once. `size` is 4 or 16.
void dns_message_take_address(struct dns_message *message, const uint8_t *octets, size_t size);
