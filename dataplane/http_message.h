// dataplane/http_message.h — the heads of messages: what they tell, and what follows them.
#pragma once

#include <stdbool.h>

#include "dataplane/http_reader.h"

// HOT. Does a message begin so? *ret_is_response: one of a server.
enum probe_result http_message_probe(struct slice bytes, bool *ret_is_response);

// HOT. Does a response? As clients have it, in whatever case.
enum probe_result http_message_probe_response(struct slice bytes);

// HOT. Reads the head that `rest` begins with. Returns whether there is another step.
bool http_message_read_head(struct http_reader *reader);
