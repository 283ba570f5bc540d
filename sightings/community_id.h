// sightings/community_id.h — a name for a flow that other tools give it too.
//
// Community ID version 1, seed 0 (github.com/corelight/community-id-spec): the same for both
// directions of a flow, in Zeek, Suricata, Wireshark and here.
#pragma once

#include "engine/hit.h"

enum { COMMUNITY_ID_TEXT_BYTES = 32 }; // "1:", 28 characters of base64, and a NUL

// Returns 0, or -ENOMEM when OpenSSL could not work.
int community_id_format(const struct origin *origin, char ret_text[COMMUNITY_ID_TEXT_BYTES]);
