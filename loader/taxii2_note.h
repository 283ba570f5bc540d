// loader/taxii2_note.h — what the store remembers of a TAXII 2 source from run to run.
//
// For taxii2_run.c. The cursor, when everything was fetched last, and the settings it was read by.
#pragma once

#include "loader/taxii2_run.h"

// Finds the cursor, and whether all is to be read anew. Returns 0 or an error.
int taxii2_note_read(struct taxii2_run *run);

// Within a delivery: part of its transaction. Returns 0 or an error.
int taxii2_note_progress(struct taxii2_run *run);
int taxii2_note_end(struct taxii2_run *run);
