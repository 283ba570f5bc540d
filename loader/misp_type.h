// loader/misp_type.h — what the types of MISP attributes mean (MISP core format, section 2.4.2.3).
#pragma once

#include "base/slice.h"
#include "engine/indicator.h"

enum misp_form {
	MISP_UNMATCHED, // `reason` says why
	MISP_ADDRESS,
	MISP_ADDRESS_PORT, // "address|port"
	MISP_DOMAIN,       // and all below it
	MISP_HOSTNAME,     // that name alone
	MISP_HOSTNAME_PORT,
	MISP_DOMAIN_ADDRESS, // "domain|address": both are looked for
	MISP_URL,
	MISP_HASH,      // of a file, or of a certificate
	MISP_FILE_HASH, // "file name|hash": the hash alone
	MISP_PORT,      // of the other attributes of its object
};

struct misp_type {
	const char *name;
	enum misp_form form;
	enum hash_algorithm algorithm; // of hashes
	const char *reason;            // static, one a type
};

// Never NULL: a type that is not known is MISP_UNMATCHED.
const struct misp_type *misp_type_find(struct slice name);
