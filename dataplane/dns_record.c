#include "dataplane/dns_record.h"

#include <errno.h>
#include <string.h>

#include "base/ascii.h"
#include "engine/address.h"
#include "engine/normalize.h"

enum { SVC_IPV4_HINT = 4, SVC_IPV6_HINT = 6 }; // RFC 9460, section 14.3.2

enum { OPTION_CLIENT_SUBNET = 8 }; // RFC 7871

enum { FAMILY_IPV4 = 1, FAMILY_IPV6 = 2 }; // of addresses (RFC 3123, RFC 7871)

// What relays and gateways are (RFC 4025, section 2.3; RFC 8777, section 4.2.3).
enum gateway { GATEWAY_NONE, GATEWAY_IPV4, GATEWAY_IPV6, GATEWAY_NAME };

// Names that stand one behind the other, `skip` bytes from the beginning.
struct layout {
	uint8_t skip;
	uint8_t names;
};

static const struct layout layouts[] = {
	[TYPE_NS] = {0, 1},     [TYPE_MD] = {0, 1},   [TYPE_MF] = {0, 1},
	[TYPE_CNAME] = {0, 1},  [TYPE_SOA] = {0, 1},  [TYPE_MB] = {0, 1},
	[TYPE_MG] = {0, 1},     [TYPE_MR] = {0, 1},   [TYPE_PTR] = {0, 1},
	[TYPE_MINFO] = {0, 2},  [TYPE_MX] = {2, 1},   [TYPE_RP] = {0, 2},
	[TYPE_AFSDB] = {2, 1},  [TYPE_RT] = {2, 1},   [TYPE_NSAP_PTR] = {0, 1},
	[TYPE_SIG] = {18, 1},   [TYPE_PX] = {2, 2},   [TYPE_NXT] = {0, 1},
	[TYPE_SRV] = {6, 1},    [TYPE_KX] = {2, 1},   [TYPE_DNAME] = {0, 1},
	[TYPE_RRSIG] = {18, 1}, [TYPE_NSEC] = {0, 1}, [TYPE_TALINK] = {0, 2},
	[TYPE_DSYNC] = {5, 1},  [TYPE_LP] = {2, 1},
};

// `skip` bytes into the data, then `count` names. *ret_end is behind them.
static bool read_names(struct dns_message *message, const struct dns_record *record,
                       struct layout layout, size_t *ret_end)
{
	size_t at = record->data_offset + layout.skip;

	for (unsigned i = 0; i < layout.names; i++)
		if (at >= record->data_end || !dns_message_read_name(message, &at, record->data_end,
		                                                     record->type == TYPE_CNAME))
			return false;
	*ret_end = at;
	return true;
}

// An address of `size` bytes at `at`.
static bool read_address(struct dns_message *message, const struct dns_record *record, size_t at,
                         size_t size)
{
	if (at > record->data_end || record->data_end - at < size)
		return false;
	dns_message_take_address(message, message->bytes.data + at, size);
	return true;
}

// RFC 9460, section 2.2: priority, target, parameters.
static bool read_service(struct dns_message *message, const struct dns_record *record)
{
	const uint8_t *data = message->bytes.data;
	size_t at;

	if (!read_names(message, record, (struct layout){2, 1}, &at))
		return false;
	while (record->data_end - at >= 4) {
		uint16_t key = wire_be16(data + at), size = wire_be16(data + at + 2);
		size_t step = key == SVC_IPV4_HINT ? 4 : 16;

		at += 4;
		if (record->data_end - at < size)
			return false;
		if (key == SVC_IPV4_HINT || key == SVC_IPV6_HINT) {
			for (size_t hint = 0; hint + step <= size; hint += step)
				dns_message_take_address(message, data + at + hint, step);
		}
		at += size;
	}
	return at == record->data_end;
}

// RFC 3403, section 4.1: order, preference, three strings, the replacement.
static bool read_naptr(struct dns_message *message, const struct dns_record *record)
{
	size_t at = record->data_offset + 4;

	for (unsigned i = 0; i < 3; i++) {
		if (at >= record->data_end)
			return false;
		at += 1u + message->bytes.data[at];
	}
	return at < record->data_end &&
	       dns_message_read_name(message, &at, record->data_end, false);
}

static bool read_gateway(struct dns_message *message, const struct dns_record *record, size_t at,
                         uint8_t gateway)
{
	switch (gateway) {
	case GATEWAY_IPV4:
		return read_address(message, record, at, 4);
	case GATEWAY_IPV6:
		return read_address(message, record, at, 16);
	case GATEWAY_NAME:
		return dns_message_read_name(message, &at, record->data_end, false);
	default:
		return true;
	}
}

// RFC 2874, section 3.1: a prefix' length, the bits behind it, the prefix' name unless it is 0.
static bool read_a6(struct dns_message *message, const struct dns_record *record)
{
	size_t at = record->data_offset + 1;
	unsigned prefix_bits = message->bytes.data[record->data_offset];

	if (prefix_bits > 128)
		return false;
	if (prefix_bits == 0)
		return read_address(message, record, at, 16);
	at += (128 - prefix_bits + 7) / 8;
	return at < record->data_end &&
	       dns_message_read_name(message, &at, record->data_end, false);
}

// RFC 3123, section 4: prefixes, of which trailing zeros are left out. Those of one address count.
static bool read_address_list(struct dns_message *message, const struct dns_record *record)
{
	const uint8_t *data = message->bytes.data;
	size_t at = record->data_offset;

	while (record->data_end - at >= 4) {
		uint16_t family = wire_be16(data + at);
		size_t size = family == FAMILY_IPV4 ? 4 : 16;
		uint8_t bits = data[at + 2], given = data[at + 3] & 0x7f;
		uint8_t octets[16] = {0};

		at += 4;
		if (record->data_end - at < given)
			return false;
		if ((family == FAMILY_IPV4 || family == FAMILY_IPV6) && bits == size * 8 &&
		    given <= size) {
			memcpy(octets, data + at, given);
			dns_message_take_address(message, octets, size);
		}
		at += given;
	}
	return at == record->data_end;
}

// RFC 8005, section 5: sizes, a tag, a key, then rendezvous servers.
static bool read_hip(struct dns_message *message, const struct dns_record *record)
{
	const uint8_t *data = message->bytes.data + record->data_offset;
	size_t at = record->data_offset + 4;

	if (at > record->data_end)
		return false;
	at += (size_t)data[0] + wire_be16(data + 2);
	while (at < record->data_end)
		if (!dns_message_read_name(message, &at, record->data_end, false))
			return false;
	return at == record->data_end;
}

// The host of a URL that was told.
static void take_host(struct dns_message *message, const struct url_parts *parts)
{
	struct address address;
	struct dns_name name;

	if (!parts->is_host_name) {
		if (normalize_address(parts->host, &address) == 0)
			dns_message_take_address(message, address.octets, sizeof(address.octets));
		return;
	}
	name.is_malformed = false;
	name.size = (uint16_t)parts->host.size; // of a name at most NAME_BYTES_MAX
	memcpy(name.bytes, parts->host.data, name.size);
	if (dns_message_remember(message, &name))
		dns_message_tell_name(message, WHERE_DNS_ANSWER_NAME, &name, false);
}

// RFC 7553, section 4: priority, weight, and the URI as it is. Only URLs that are looked for.
static bool read_uri(struct dns_message *message, const struct dns_record *record)
{
	struct slice rest = slice_from(slice_first(message->bytes, record->data_end),
	                               record->data_offset + 4);
	bool is_https = ascii_begins_with(rest, "https://");
	struct observable observable = {.type = OBSERVABLE_URL, .where = WHERE_DNS_ANSWER_URL};
	char url[URL_BYTES_MAX];
	struct url_parts parts;
	size_t end = 0;
	int size;

	if (!is_https && !ascii_begins_with(rest, "http://"))
		return true;
	rest = slice_from(rest, is_https ? strlen("https://") : strlen("http://"));
	while (end < rest.size && memchr("/\\?#", rest.data[end], 4) == NULL)
		end++;
	size = normalize_request_url(slice_first(rest, end), slice_from(rest, end), is_https, url,
	                             sizeof(url), &parts);
	if (size < 0)
		return size == -EMSGSIZE;
	observable.text = slice_of(url, (size_t)size);
	message->output->add(message->output, &observable);
	take_host(message, &parts);
	return true;
}

// RFC 7871, section 6, told as a network to whoever observes: it is of one's own side.
static void tell_client_subnet(struct dns_message *message, struct slice option)
{
	struct prefix prefix = {0};
	char text[ADDRESS_TEXT_BYTES];
	uint16_t family;
	size_t given, size;

	if (option.size < 4)
		return;
	family = wire_be16(option.data);
	size = family == FAMILY_IPV4 ? 4 : 16;
	given = option.size - 4;
	if ((family != FAMILY_IPV4 && family != FAMILY_IPV6) || given > size ||
	    option.data[2] > size * 8)
		return;
	if (family == FAMILY_IPV4)
		prefix.address = address_from_ipv4((const uint8_t[4]){0});
	memcpy(prefix.address.octets + 16 - size, option.data + 4, given);
	prefix.length = (uint8_t)(option.data[2] + (16 - size) * 8);
	normalize_format_prefix(&prefix, text);
	message->output->tell(message->output, WHERE_DNS_CLIENT_SUBNET, slice_text(text));
}

// RFC 6891, section 6.1.2: options, each with its code and size.
static bool read_options(struct dns_message *message, const struct dns_record *record)
{
	const uint8_t *data = message->bytes.data;
	size_t at = record->data_offset;

	while (record->data_end - at >= 4) {
		uint16_t code = wire_be16(data + at), size = wire_be16(data + at + 2);

		at += 4;
		if (record->data_end - at < size)
			return false;
		if (code == OPTION_CLIENT_SUBNET && message->output->tell != NULL)
			tell_client_subnet(message, slice_of(data + at, size));
		at += size;
	}
	return at == record->data_end;
}

static bool read_by_type(struct dns_message *message, const struct dns_record *record)
{
	const uint8_t *data = message->bytes.data + record->data_offset;
	size_t size = record->data_end - record->data_offset;

	switch (record->type) {
	case TYPE_WKS:
		return read_address(message, record, record->data_offset, 4);
	case TYPE_NAPTR:
		return read_naptr(message, record);
	case TYPE_A6:
		return read_a6(message, record);
	case TYPE_OPT:
		return read_options(message, record);
	case TYPE_APL:
		return read_address_list(message, record);
	case TYPE_IPSECKEY: // precedence, gateway's type, algorithm
		return size >= 3 && read_gateway(message, record, record->data_offset + 3, data[1]);
	case TYPE_HIP:
		return read_hip(message, record);
	case TYPE_SVCB:
	case TYPE_HTTPS:
		return read_service(message, record);
	case TYPE_URI:
		return size >= 4 && read_uri(message, record);
	case TYPE_AMTRELAY: // precedence, then a flag and the relay's type
		return size >= 2 &&
		       read_gateway(message, record, record->data_offset + 2, data[1] & 0x7f);
	default:
		return true;
	}
}

bool dns_record_read(struct dns_message *message, const struct dns_record *record)
{
	size_t size = record->data_end - record->data_offset;

	if (size == 0) // a dynamic update's (RFC 2136, section 2.4)
		return true;
	if (record->type == TYPE_A || record->type == TYPE_AAAA) {
		size_t wanted = record->type == TYPE_A ? 4 : 16;

		if ((record->class & CLASS_MASK) != CLASS_IN) // Chaosnet's are others
			return true;
		return size == wanted && read_address(message, record, record->data_offset, wanted);
	}
	if (record->type < sizeof(layouts) / sizeof(layouts[0]) && layouts[record->type].names > 0)
		return read_names(message, record, layouts[record->type], &size);
	return read_by_type(message, record);
}
