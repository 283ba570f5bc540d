#include "dataplane/tls_old.h"

#include "dataplane/certificate.h"
#include "dataplane/wire.h"

enum {
	TWO_BYTE_HEADER = 0x80, // of a record without padding
	MESSAGE_CLIENT_HELLO = 1,
	MESSAGE_SERVER_HELLO = 4,
	CERTIFICATE_X509 = 1,
	VERSION = 0x0002,
	CLIENT_HEADER_BYTES = 2 + 3,  // of the record, type and version
	SERVER_HEADER_BYTES = 2 + 11, // of the record, and up to the certificate
};

bool tls_old_is_client(struct slice bytes)
{
	return bytes.size >= CLIENT_HEADER_BYTES && (bytes.data[0] & TWO_BYTE_HEADER) != 0 &&
	       bytes.data[2] == MESSAGE_CLIENT_HELLO &&
	       ((bytes.data[3] == 3 && bytes.data[4] <= 3) || wire_be16(bytes.data + 3) == VERSION);
}

bool tls_old_is_server(struct slice bytes)
{
	return bytes.size >= SERVER_HEADER_BYTES && (bytes.data[0] & TWO_BYTE_HEADER) != 0 &&
	       bytes.data[2] == MESSAGE_SERVER_HELLO && bytes.data[3] <= 1 &&
	       bytes.data[4] <= CERTIFICATE_X509 && wire_be16(bytes.data + 5) == VERSION &&
	       wire_be16(bytes.data + 7) + SERVER_HEADER_BYTES - 2 <=
	               (wire_be16(bytes.data) & 0x7fff);
}

bool tls_old_may_become(struct slice bytes)
{
	if (bytes.size < 3)
		return bytes.size == 0 || (bytes.data[0] & TWO_BYTE_HEADER) != 0;
	return (bytes.data[0] & TWO_BYTE_HEADER) != 0 &&
	       ((bytes.data[2] == MESSAGE_CLIENT_HELLO && bytes.size < CLIENT_HEADER_BYTES) ||
	        (bytes.data[2] == MESSAGE_SERVER_HELLO && bytes.size < SERVER_HEADER_BYTES));
}

struct extract_progress tls_old_server_consume(struct slice bytes, struct extract_output *output)
{
	size_t size = wire_be16(bytes.data + 7);
	struct slice certificate = slice_first(slice_from(bytes, SERVER_HEADER_BYTES), size);

	if (certificate.size < size)
		return (struct extract_progress){.verdict = EXTRACT_MORE};
	if (size > 0)
		certificate_tell(certificate, output);
	return (struct extract_progress){.verdict = EXTRACT_DONE};
}
