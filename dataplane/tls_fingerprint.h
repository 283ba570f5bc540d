// dataplane/tls_fingerprint.h — JA3, JA3S (github.com/salesforce/ja3) and JA4
// (github.com/FoxIO-LLC/ ja4, technical_details/JA4.md).
//
// JA4 for a client's TLS is free for all use; the rest of JA4+ is not, and not here.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/tls_hello.h"

enum {
	TLS_FINGERPRINT_BYTES_MAX = 36,
	TLS_FINGERPRINT_VALUES_MAX = 512, // of one list; a hello with more has no fingerprint
};

struct tls_fingerprint {
	char text[TLS_FINGERPRINT_BYTES_MAX]; // no NUL
	size_t size;
};

// HOT. False when a list is too long.
bool tls_fingerprint_ja3(const struct tls_hello *hello, struct tls_fingerprint *ret_fingerprint);
bool tls_fingerprint_ja3s(const struct tls_hello *hello, struct tls_fingerprint *ret_fingerprint);
bool tls_fingerprint_ja4(const struct tls_hello *hello, enum tls_transport transport,
                         struct tls_fingerprint *ret_fingerprint);
