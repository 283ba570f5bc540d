// loader/json_scan.h — finds the end of an object in a stream of JSON: for json_split.c only.
#pragma once

#include "loader/json_split.h"

enum json_scan {
	JSON_SCAN_MORE,      // the window ended
	JSON_SCAN_CLOSED,    // position is behind the object's last bracket
	JSON_SCAN_LIST,      // position is behind the '[' of one of the rules' lists
	JSON_SCAN_CONTAINER, // likewise, of their container
	JSON_SCAN_RESTART,   // position is at a '{' that must be the next object's
};

// Reads on within the object that `split` is in, and moves split->position. Most bytes of a feed
// are looked at here, and nowhere else before the parser.
enum json_scan json_scan_object(struct json_split *split);
