// loader/csv_header.h — where the columns of a CSV file are named, when nobody says what they mean.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "loader/csv_columns.h"

// Nothing, or what begins with '#'.
bool csv_header_is_comment(struct slice line);

// Looks at the lines of `head` up to the first that is data, which *ret_data becomes the offset
// of. The header is the first line that is no comment, or a comment right before the data with
// as many columns ("#fields", '# "first_seen","ioc"'); without one, the content says.
bool csv_header_find(struct slice head, struct csv_columns *ret_columns, size_t *ret_data);
