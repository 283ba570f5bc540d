#include "loader/mail_box.h"

#include <errno.h>
#include <string.h>

#include "loader/mail_header.h"

enum { FIRST_BYTES = 64 * 1024, SEPARATOR_BYTES = 8 };

bool mail_box_is_mbox(struct slice head)
{
	size_t line = slice_find(head, '\n');

	return slice_starts_with(head, "From ") && line < head.size &&
	       slice_find(slice_from(head, line + 1), ':') < 80;
}

// The offset of a "From " line behind an empty one, from `from` on; text.size when there is none.
static size_t find_separator(struct slice text, size_t from)
{
	while (from < text.size) {
		const uint8_t *found = memmem(text.data + from, text.size - from, "\nFrom ", 6);
		size_t at = found != NULL ? (size_t)(found - text.data) : text.size;
		bool is_behind_empty =
			at >= 1 && at < text.size &&
			(text.data[at - 1] == '\n' ||
		         (at >= 2 && text.data[at - 1] == '\r' && text.data[at - 2] == '\n'));

		if (at == text.size)
			break;
		if (is_behind_empty)
			return at + 1;
		from = at + 1;
	}
	return text.size;
}

// The message that begins here: a window that holds all of it, and its size.
static int find_end(struct mail_box *box, struct slice *ret_window, size_t *ret_size)
{
	size_t want = FIRST_BYTES;
	size_t searched = 0;

	for (;;) {
		struct slice window;
		int error = feed_input_peek(box->input, want, &window);

		if (error < 0)
			return error;
		size_t end = box->is_mbox ? find_separator(window, searched) : window.size;
		*ret_window = window;
		*ret_size = end;
		if (end < window.size || window.size < want || window.size > MAIL_BYTES_MAX)
			return 0;
		searched = window.size > SEPARATOR_BYTES ? window.size - SEPARATOR_BYTES : 0;
		want = 2 * window.size;
		if (want > MAIL_BYTES_MAX + 1)
			want = MAIL_BYTES_MAX + 1;
	}
}

// Passes over the message that begins here and is too large.
static int pass_over(struct mail_box *box)
{
	for (;;) {
		struct slice window;
		int error = feed_input_peek(box->input, FIRST_BYTES, &window);

		if (error < 0 || window.size == 0)
			return error;
		size_t end = box->is_mbox ? find_separator(window, 0) : window.size;
		if (end < window.size) {
			feed_input_skip(box->input, end);
			return 0;
		}
		bool is_last = window.size < FIRST_BYTES;
		feed_input_skip(box->input, is_last ? window.size : window.size - SEPARATOR_BYTES);
	}
}

static int begin(struct mail_box *box)
{
	struct slice head;
	int error = feed_input_peek(box->input, FIRST_BYTES, &head);

	if (error < 0)
		return error;
	box->is_mbox = mail_box_is_mbox(head);
	box->has_begun = true;
	return 0;
}

int mail_box_next(struct mail_box *box, struct report *report, struct slice *ret_message)
{
	struct slice window;
	size_t size;
	int error = box->has_begun ? 0 : begin(box);

	while (error == 0) {
		error = find_end(box, &window, &size);
		if (error < 0 || window.size == 0)
			break;
		if (size <= MAIL_BYTES_MAX) {
			struct slice message = slice_first(window, size);

			feed_input_skip(box->input, size);
			if (box->is_mbox)
				message = slice_from(message, slice_find(message, '\n') + 1);
			*ret_message = message;
			return 1;
		}
		report_add(report, &(struct problem){
					   .reason = "mail larger than 128 MB",
					   .offset = feed_input_offset(box->input),
					   .has_offset = true,
				   });
		error = pass_over(box);
	}
	return error;
}
