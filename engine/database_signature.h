// engine/database_signature.h — Ed25519 over a database's header page (RFC 8032).
//
// The page holds the SHA-256 of every section, so that it vouches for the whole file.
#pragma once

#include "base/report.h"
#include "engine/database_format.h"

// Writes the signature into the page, whose checksum stands already. Returns 0, -ENOMEM, or
// -EKEYREJECTED when `key_path` is not a readable private Ed25519 key (PEM): `report` says why.
int database_sign(uint8_t page[DATABASE_HEADER_BYTES], const char *key_path, struct report *report);

// Returns 0, -ENOMEM, or -EKEYREJECTED: no such key, not signed, or not by it; `report` says.
int database_check_signature(const uint8_t page[DATABASE_HEADER_BYTES], const char *key_path,
                             struct report *report);

bool database_page_is_signed(const uint8_t page[DATABASE_HEADER_BYTES]);
