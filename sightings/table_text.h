// sightings/table_text.h — text for a terminal: harmless, and as wide as it looks.
#pragma once

#include "base/buffer.h"

// Appends `text` defanged (engine/normalize.h: word by word, so that a sentence keeps its dots)
// and without anything that a terminal would obey or that hides or reorders text: control
// characters, invalid UTF-8, bidirectional and zero-width characters become '?'.
void table_text_append(struct buffer *to, struct slice text);

// The same without defanging: for names of files and feeds, which are to be found again.
void table_text_append_plain(struct buffer *to, struct slice text);

// Columns that what table_text_append() made takes: wide East Asian characters take two,
// combining marks none.
size_t table_text_width(struct slice text);

// Appends exactly `width` columns of `text` (as table_text_append() made it): padded with spaces,
// or with ".." in place of what does not fit: of its middle, since of a name the end tells most,
// and of a URL the beginning.
void table_text_fit(struct buffer *to, struct slice text, size_t width);
