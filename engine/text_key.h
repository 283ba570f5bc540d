// engine/text_key.h — which part of a text in SECTION_STRINGS a table looks for.
//
// Most URLs come as "http://" or "https://" and their key, so an entry leads to the URL as it was
// received, and a text like it is not stored again: an entry of URLs or names is found by its
// text's key. A text that is no such URL is its own key; no URL key and no name begins with one
// of the two, since nothing but a port's digits follows a ':' in either.
#pragma once

#include "base/slice.h"

enum text_key_kind {
	TEXT_KEY_WHOLE, // patterns
	TEXT_KEY_NAME,
	TEXT_KEY_URL,
};

#define TEXT_KEY_HTTP  "http://"
#define TEXT_KEY_HTTPS "https://"

// The URL without its scheme.
static inline struct slice text_key_url(struct slice text)
{
	size_t http = sizeof(TEXT_KEY_HTTP) - 1;
	size_t https = sizeof(TEXT_KEY_HTTPS) - 1;

	if (text.size >= http && memcmp(text.data, TEXT_KEY_HTTP, http) == 0)
		return slice_from(text, http);
	if (text.size >= https && memcmp(text.data, TEXT_KEY_HTTPS, https) == 0)
		return slice_from(text, https);
	return text;
}

// The host of an https URL; those of others are not looked for.
static inline struct slice text_key_name(struct slice text)
{
	size_t https = sizeof(TEXT_KEY_HTTPS) - 1;
	struct slice behind;

	if (text.size < https || memcmp(text.data, TEXT_KEY_HTTPS, https) != 0)
		return text;
	behind = slice_from(text, https);
	return slice_first(behind, slice_find(behind, '/'));
}

static inline struct slice text_key(struct slice text, enum text_key_kind kind)
{
	return kind == TEXT_KEY_URL    ? text_key_url(text)
	       : kind == TEXT_KEY_NAME ? text_key_name(text)
	                               : text;
}
