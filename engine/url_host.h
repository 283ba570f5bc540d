// engine/url_host.h — the host of a normalised URL or URL key.
#pragma once

#include "base/slice.h"

// A name, or an address without brackets. Of "[2001:db8::1]:8080/x": "2001:db8::1". HOT.
static inline struct slice url_host(struct slice url)
{
	size_t slash = slice_find(url, '/');

	// "http://", or any other scheme: no host holds a ':' right before a '/', nor is it empty.
	if (slash > 0 && slash + 1 < url.size && url.data[slash - 1] == ':' &&
	    url.data[slash + 1] == '/')
		url = slice_from(url, slash + 2);
	url = slice_first(url, slice_find(url, '/'));
	url = slice_first(url, slice_find(url, '?'));
	if (url.size > 0 && url.data[0] == '[') {
		url = slice_from(url, 1);
		return slice_first(url, slice_find(url, ']'));
	}
	return slice_first(url, slice_find(url, ':'));
}
