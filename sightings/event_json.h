// sightings/event_json.h — members of a JSON object, and what all our events have in common.
//
// Names are those of Suricata's EVE where EVE has one; what is unknown has no member. Output is
// for machines: nothing is defanged.
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "engine/hit.h"

// Each appends one member, with its comma; an empty text and an unbounded time none.
void event_json_text(struct buffer *json, const char *name, struct slice text);
void event_json_number(struct buffer *json, const char *name, uint64_t number);
void event_json_time(struct buffer *json, const char *name, int64_t time_ns);

// A list of an indicator, joined by '\n', as an array.
void event_json_list(struct buffer *json, const char *name, struct slice list);

// "name":{ — for the caller to end with '}'.
void event_json_open(struct buffer *json, const char *name);

// Begins the event: {"timestamp", "event_type", the packet's addresses, ports, protocol and
// community_id. Behind it the caller's members and '}'.
void event_json_begin(struct buffer *json, const char *event_type, const struct origin *origin);

// "capture":{"file","packet"}
void event_json_capture(struct buffer *json, const char *capture, const struct origin *origin);

// "observable":{"type","value","where"}
void event_json_observable(struct buffer *json, const struct observable *observable);
