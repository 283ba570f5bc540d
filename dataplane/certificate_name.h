// dataplane/certificate_name.h — the distinguished names of certificates as text.
//
// As RFC 4514 writes them, the last part first: "CN=www.example.com,O=Example\, Inc.,C=US". Where
// RFC 4514 has no name for an attribute it is OpenSSL's, and so Zeek's; attributes that have none
// there either are numbers, and their values hex. Text is UTF-8; control bytes, and what is no
// text, are written \XX. All of it is HOT.
#pragma once

#include <stddef.h>

#include "base/slice.h"

enum {
	CERTIFICATE_NAME_BYTES_MAX = 2048,    // longer ones are cut
	CERTIFICATE_NAME_ATTRIBUTES_MAX = 64, // a name of more is taken for malformed
};

// Writes the name of these parts (RDNSequence, RFC 5280, section 4.1.2.4). Returns its size, 0 of
// the empty name, or -EINVAL: it is malformed, and what ret_text holds is not defined.
int certificate_name_write(struct slice parts, char ret_text[CERTIFICATE_NAME_BYTES_MAX]);

// Takes parts from *rest on, up to the next common name (CN) that is all ASCII, and writes that.
// Returns its size, or 0 when there is none any more. One that is longer than `text_bytes` is none.
size_t certificate_name_next_common(struct slice *rest, char *ret_text, size_t text_bytes);
