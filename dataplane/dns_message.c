#include "dataplane/dns_message.h"

#include <string.h>

#include "engine/address.h"

void dns_message_begin(struct dns_message *message, struct slice bytes,
                       struct extract_output *output)
{
	message->bytes = bytes;
	message->offset = DNS_HEADER_BYTES;
	// Names expand to several times their size; crafted ones to 20 times and more.
	message->work_left = 8 * bytes.size + 4096;
	message->output = output;
	message->is_malformed = false;
	message->is_response = (bytes.data[2] & 0x80) != 0;
	message->is_answer_section = false;
	message->pointed_count = 0;
	message->name_count = 0;
	message->address_count = 0;
	message->question.size = 0;
}

void dns_message_tell_name(struct dns_message *message, enum observable_where where,
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

void dns_message_tell_address(struct dns_message *message, enum observable_where where,
                              const struct address *address)
{
	struct observable observable = {
		.type = OBSERVABLE_ADDRESS,
		.where = where,
		.address = *address,
	};

	message->output->add(message->output, &observable);
}

void dns_message_remember_offset(struct dns_message *message, size_t offset)
{
	if (message->pointed_count < DNS_POINTED_MAX)
		message->pointed[message->pointed_count++] = (uint16_t)offset;
}

// Does a pointer stand at `offset`, where two bytes are, that leads to a name that was told?
static bool is_told_already(const struct dns_message *message, size_t offset)
{
	const uint8_t *bytes = message->bytes.data + offset;
	uint16_t target = wire_be16(bytes) & 0x3fff;

	if (bytes[0] < 0xc0)
		return false;
	for (unsigned i = 0; i < message->pointed_count; i++)
		if (message->pointed[i] == target)
			return true;
	return false;
}

// Where the labels begin of the name at `offset`, which is well-formed.
static size_t first_label(const struct dns_message *message, size_t offset)
{
	if (message->bytes.data[offset] < 0xc0)
		return offset;
	return wire_be16(message->bytes.data + offset) & 0x3fff;
}

// Is it among the last ones, but for the one whose place it stands in?
static bool is_seen(const struct dns_message *message, const struct dns_name *name)
{
	unsigned kept = message->name_count < DNS_SEEN_MAX ? message->name_count : DNS_SEEN_MAX;

	if (dns_name_equal(name, &message->question))
		return true;
	for (unsigned i = 0; i < kept; i++)
		if (name != &message->names[i] && dns_name_equal(&message->names[i], name))
			return true;
	return false;
}

bool dns_message_remember(struct dns_message *message, const struct dns_name *name)
{
	if (is_seen(message, name))
		return false;
	message->names[message->name_count++ % DNS_SEEN_MAX] = *name;
	return true;
}

bool dns_message_read_name(struct dns_message *message, size_t *offset, size_t end, bool is_alias)
{
	struct dns_name *name = &message->names[message->name_count % DNS_SEEN_MAX];
	size_t begin = *offset;

	if (begin + 2 <= end && is_told_already(message, begin)) {
		*offset += 2;
		return true;
	}
	if (!dns_name_read(message->bytes, offset, &message->work_left, name) || *offset > end)
		return false;
	message->is_malformed = message->is_malformed || name->is_malformed;
	if (name->size == 0)
		return true;
	dns_message_remember_offset(message, first_label(message, begin));
	if (is_seen(message, name))
		return true;
	message->name_count++;
	dns_message_tell_name(message, WHERE_DNS_ANSWER_NAME, name,
	                      is_alias && message->is_answer_section);
	return true;
}

void dns_message_take_address(struct dns_message *message, const uint8_t *octets, size_t size)
{
	unsigned kept = message->address_count < DNS_SEEN_MAX ? message->address_count
	                                                      : DNS_SEEN_MAX;
	struct address address;

	if (size == 4)
		address = address_from_ipv4(octets);
	else
		memcpy(address.octets, octets, sizeof(address.octets));
	for (unsigned i = 0; i < kept; i++)
		if (address_equal(&message->addresses[i], &address))
			return;
	message->addresses[message->address_count++ % DNS_SEEN_MAX] = address;
	dns_message_tell_address(message, WHERE_DNS_ANSWER_ADDRESS, &address);
}
