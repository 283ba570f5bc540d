#include "base/uuid.h"

#include <errno.h>

#include <openssl/sha.h>

#include "base/buffer.h"

int uuid_from_name(const struct uuid *space, struct slice name, struct uuid *ret_uuid)
{
	uint8_t digest[SHA_DIGEST_LENGTH];
	struct buffer input = {0};

	buffer_append(&input, space->octets, sizeof(space->octets));
	buffer_append_slice(&input, name);
	bool has_digest = !input.failed && SHA1(input.data, input.size, digest) != NULL;
	buffer_close(&input);
	if (!has_digest)
		return -ENOMEM;

	digest[6] = (digest[6] & 0x0f) | 0x50; // version 5
	digest[8] = (digest[8] & 0x3f) | 0x80; // variant of RFC 9562
	memcpy(ret_uuid->octets, digest, sizeof(ret_uuid->octets));
	return 0;
}

void uuid_format(const struct uuid *uuid, char ret_text[UUID_TEXT_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	char *to = ret_text;

	for (unsigned i = 0; i < sizeof(uuid->octets); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		*to++ = digits[uuid->octets[i] >> 4];
		*to++ = digits[uuid->octets[i] & 0x0f];
	}
	*to = '\0';
}
