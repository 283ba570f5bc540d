// dataplane/decode_plain.h — the frames that nearly all are, decoded at once.
#pragma once

#include "dataplane/decode.h"

// HOT. Decodes a frame of Ethernet without tags, IPv4 without options or fragments, TCP or UDP, all
// of it captured: to what decode.c makes of it, step by step. Of any other it returns false, having
// written nothing.
bool decode_plain(const struct frame *frame, struct packet *packet);
