// loader/foreign.h — what is handed in for a feed and is none that this version reads.
#pragma once

#include "base/slice.h"

// What a file that begins with `head` is, as static text ("STIX 1.x XML"), when it is something
// that no reader takes but that could be mistaken for a list; NULL otherwise.
const char *foreign_format(struct slice head);
