// loader/value.h — what a bare value is: the guess behind VALUE_ANY and `lookup`.
#pragma once

#include <stdint.h>

#include "base/slice.h"

enum value_shape {
	SHAPE_ADDRESS, // address or network; with `port` when it was address:port
	SHAPE_NAME,    // or what can only be a misspelt one
	SHAPE_URL,
	SHAPE_HASH,
	SHAPE_RANGE,     // "address-address"
	SHAPE_UNMATCHED, // recognised, but not matchable: `reason`
};

struct value_guess {
	enum value_shape shape;
	struct slice text;  // SHAPE_ADDRESS: without port and brackets; else the value
	uint16_t port;      // 0: none
	const char *reason; // SHAPE_UNMATCHED, static
};

// `text` is trimmed and refanged. The guess is by form alone: what it is taken for must still
// normalise as such.
struct value_guess value_guess(struct slice text);

// Takes "address:port" and "[address]:port" apart. False when `text` is not of that form; the
// address itself must still be normalised.
bool value_split_port(struct slice text, struct slice *ret_address, uint16_t *ret_port);
