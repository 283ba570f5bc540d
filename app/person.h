// app/person.h — who is at the command line, for the audit trail.
#pragma once

#include <stddef.h>

enum { PERSON_NAME_BYTES = 64 };

// The account's name; behind sudo, the one who called it: "alice (as root)". Always terminated.
void person_name(char ret_name[PERSON_NAME_BYTES]);
