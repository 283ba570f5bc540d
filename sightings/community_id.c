#include "sightings/community_id.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/icmp.h"
#include "engine/address.h"

enum { INPUT_BYTES_MAX = 2 + 16 + 16 + 2 + 4 };

// What the hash is made of, in the order of the packet.
struct tuple {
	const uint8_t *src;
	const uint8_t *dst;
	size_t address_bytes;
	uint16_t src_port;
	uint16_t dst_port;
	bool has_ports;
	bool is_one_way; // an ICMP message that nothing answers: sides are not swapped
};

// Where ports would be stand the type and what answers it, else type and code.
static void set_icmp_ports(struct tuple *tuple, bool is_v6)
{
	uint8_t counterpart;

	if (icmp_counterpart(is_v6, (uint8_t)tuple->src_port, &counterpart))
		tuple->dst_port = counterpart;
	else
		tuple->is_one_way = true;
}

static struct tuple make_tuple(const struct origin *origin)
{
	bool is_ipv4 = address_is_ipv4(&origin->src) && address_is_ipv4(&origin->dst);
	unsigned skipped = is_ipv4 ? IPV4_PREFIX_BITS / 8 : 0;
	struct tuple tuple = {
		.src = origin->src.octets + skipped,
		.dst = origin->dst.octets + skipped,
		.address_bytes = sizeof(origin->src.octets) - skipped,
		.src_port = origin->src_port,
		.dst_port = origin->dst_port,
	};

	switch (origin->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		tuple.has_ports = true;
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		tuple.has_ports = true;
		set_icmp_ports(&tuple, origin->protocol == IPPROTO_ICMPV6);
		break;
	default:
		break;
	}
	return tuple;
}

// The smaller side comes first, so that both directions give the same.
static void put_in_order(struct tuple *tuple)
{
	int order = memcmp(tuple->src, tuple->dst, tuple->address_bytes);
	struct tuple given = *tuple;

	if (tuple->is_one_way || order < 0 || (order == 0 && tuple->src_port <= tuple->dst_port))
		return;
	tuple->src = given.dst;
	tuple->dst = given.src;
	tuple->src_port = given.dst_port;
	tuple->dst_port = given.src_port;
}

static size_t put_bytes(uint8_t *to, size_t used, const void *bytes, size_t size)
{
	memcpy(to + used, bytes, size);
	return used + size;
}

int community_id_format(const struct origin *origin, char ret_text[COMMUNITY_ID_TEXT_BYTES])
{
	struct tuple tuple = make_tuple(origin);
	uint8_t input[INPUT_BYTES_MAX] = {0}; // begins with the seed, 16 bits of zero
	uint8_t digest[SHA_DIGEST_LENGTH];
	size_t used = 2;

	put_in_order(&tuple);
	used = put_bytes(input, used, tuple.src, tuple.address_bytes);
	used = put_bytes(input, used, tuple.dst, tuple.address_bytes);
	used = put_bytes(input, used, (uint8_t[]){origin->protocol, 0}, 2);
	if (tuple.has_ports) {
		uint16_t ports_be[2] = {htons(tuple.src_port), htons(tuple.dst_port)};

		used = put_bytes(input, used, ports_be, sizeof(ports_be));
	}
	if (SHA1(input, used, digest) == NULL)
		return -ENOMEM;
	memcpy(ret_text, "1:", 2);
	(void)EVP_EncodeBlock((unsigned char *)ret_text + 2, digest, sizeof(digest));
	return 0;
}
