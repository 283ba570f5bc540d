// app/capture_magic.h — does a file begin like a capture?
#pragma once

#include <stdbool.h>

// pcap (either byte order, micro- or nanoseconds) or pcapng; plain, gzip or zstd. False also when
// the file cannot be read.
bool capture_magic_is(const char *path);
