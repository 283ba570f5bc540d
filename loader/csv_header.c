#include "loader/csv_header.h"

static struct slice without_mark(struct slice text)
{
	return slice_starts_with(text, "\xef\xbb\xbf") ? slice_from(text, 3) : text;
}

bool csv_header_is_comment(struct slice line)
{
	line = slice_trim(line);
	return line.size == 0 || line.data[0] == '#';
}

bool csv_header_find(struct slice head, struct csv_columns *ret_columns, size_t *ret_data)
{
	struct csv_columns commented = {0};
	struct slice rest = without_mark(head);

	while (rest.size > 0) {
		struct slice line = slice_first(rest, slice_find(rest, '\n'));
		size_t offset = (size_t)(rest.data - head.data);

		if (!csv_header_is_comment(line)) {
			*ret_data = offset + line.size + (line.size < rest.size ? 1 : 0);
			if (csv_columns_from_header(line, ret_columns))
				return true;
			*ret_data = offset;
			break;
		}
		if (line.size > 0 && !csv_columns_from_header(line, &commented) &&
		    slice_trim(line).size > 0)
			commented.column_count = 0;
		rest = slice_from(rest, line.size + 1);
		*ret_data = (size_t)(rest.data - head.data);
	}
	if (commented.column_count > 0 && (rest.size == 0 || csv_columns_fit(&commented, rest))) {
		*ret_columns = commented;
		return true;
	}
	return csv_columns_from_content(rest, ret_columns);
}
