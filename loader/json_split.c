#include "loader/json_split.h"

#include <string.h>

#include "loader/json_scan.h"

enum {
	WINDOW_BYTES = 256 * 1024,
	LOOK_BACK_BYTES = 4096, // kept of what is passed over
};

const struct json_split_rules json_split_stix = {.lists = {"objects"}, .depth_max = 1};

void json_split_start(struct json_split *split, struct feed_input *input,
                      const struct json_split_rules *rules)
{
	*split = (struct json_split){.input = input, .rules = rules};
}

// Gets a window that reaches further than position. Sets is_at_end when there is none.
static int refill(struct json_split *split)
{
	if (split->is_in_object && split->is_passed_over &&
	    split->position - split->begin > LOOK_BACK_BYTES)
		split->begin = split->position - LOOK_BACK_BYTES;

	size_t kept = split->window.size - split->begin;
	size_t want = kept < WINDOW_BYTES / 2 ? WINDOW_BYTES : 2 * kept;

	feed_input_skip(split->input, split->begin);
	split->position -= split->begin;
	split->begin = 0;
	split->window = slice_of(NULL, 0);
	int error = feed_input_peek(split->input, want, &split->window);
	if (error != 0) {
		split->position = 0;
		return error;
	}
	split->is_at_end = split->window.size <= kept;
	return 0;
}

static uint64_t offset_of(const struct json_split *split, size_t position)
{
	return feed_input_offset(split->input) + position;
}

// What lies between begin and position is done with.
static void move_on(struct json_split *split)
{
	split->begin = split->position;
}

static void begin_object(struct json_split *split)
{
	split->begin = split->position;
	split->is_in_object = true;
	split->is_passed_over = false;
	split->is_array = split->window.data[split->position] == '[';
	split->is_in_string = false;
	split->is_escaped = false;
	split->has_parts = false;
	split->depth = 0;
}

static void end_object(struct json_split *split)
{
	split->is_in_object = false;
	split->is_comma_due = true;
	split->is_open_list = false;
}

// Of a list whose object is given in parts?
static bool is_element(const struct json_split *split)
{
	return split->rules->gives_parts &&
	       split->levels[split->level].context == JSON_SPLIT_OBJECTS;
}

static int give(struct json_split *split, enum json_piece_kind kind, size_t end,
                struct json_piece *ret_piece)
{
	*ret_piece = (struct json_piece){
		.kind = kind,
		.bytes = slice_of(split->window.data + split->begin, end - split->begin),
		.offset = offset_of(split, split->begin),
		.is_element = is_element(split),
	};
	return 1;
}

static void enter_array(struct json_split *split, enum json_split_context context)
{
	split->levels[++split->level] = (struct json_split_level){
		.context = context,
		.is_passed_over = split->is_passed_over || context != JSON_SPLIT_OBJECTS ||
	                          !split->rules->gives_parts,
		.depth = split->depth - 1,
	};
	split->is_in_object = false;
	split->is_comma_due = false;
	split->is_open_list = false;
	move_on(split);
}

// The object around the array is given up to here, if anything of it is. Returns 1 with a piece.
static int enter_list(struct json_split *split, struct json_piece *ret_piece)
{
	bool is_given = split->rules->gives_parts && !split->is_passed_over;

	if (is_given)
		(void)give(split, JSON_PIECE_PART, split->position, ret_piece);
	enter_array(split, JSON_SPLIT_OBJECTS);
	return is_given ? 1 : 0;
}

// Behind the ']' of a list; that of an object's member leads back into the object.
static void leave_array(struct json_split *split)
{
	struct json_split_level level = split->levels[split->level--];

	move_on(split);
	if (level.context == JSON_SPLIT_LIST) {
		end_object(split);
		return;
	}
	split->is_in_object = true;
	split->is_passed_over = level.is_passed_over;
	split->is_array = false;
	split->has_parts = !level.is_passed_over;
	split->depth = level.depth;
	if (split->has_parts)
		split->begin--; // the ']' is the next part's
}

// The input ended within an object or an array: told once, then everything counts as closed.
static int give_cut(struct json_split *split, struct json_piece *ret_piece)
{
	bool is_lost = split->is_in_object && !split->is_passed_over;

	if (!is_lost)
		split->begin = split->window.size;
	split->position = split->window.size;
	split->level = 0;
	split->is_in_object = false;
	(void)give(split, JSON_PIECE_CUT, split->window.size, ret_piece);
	move_on(split);
	return 1;
}

// An object's last bracket was read. Returns 1 when there is a piece to give.
static int close_object(struct json_split *split, struct json_piece *ret_piece)
{
	uint8_t last = split->window.data[split->position - 1];
	enum json_piece_kind kind = split->is_array    ? JSON_PIECE_STRAY
	                            : split->has_parts ? JSON_PIECE_LAST_PART
	                                               : JSON_PIECE_OBJECT;
	bool is_given = !split->is_passed_over;

	// A ']' that closes an object is the list's, and the object lacks its '}'.
	if (last == ']' && !split->is_array && split->level > 0) {
		kind = JSON_PIECE_BROKEN;
		split->position--;
	}
	size_t end = split->position;
	if (end - split->begin > JSON_OBJECT_BYTES_MAX) {
		kind = JSON_PIECE_TOO_LARGE;
		end = split->begin + JSON_OBJECT_BYTES_MAX;
	}
	if (is_given)
		(void)give(split, kind, end, ret_piece);
	end_object(split);
	move_on(split);
	return is_given ? 1 : 0;
}

// The object began at `begin` and has no end; another begins at `position`.
static int restart_object(struct json_split *split, struct json_piece *ret_piece)
{
	bool is_given = !split->is_passed_over;

	if (is_given)
		(void)give(split, JSON_PIECE_BROKEN, split->position, ret_piece);
	begin_object(split);
	return is_given ? 1 : 0;
}

// Reads on within an object. Returns 1 with a piece, 0 when there is none yet, or an error.
static int next_in_object(struct json_split *split, struct json_piece *ret_piece)
{
	switch (json_scan_object(split)) {
	case JSON_SCAN_CLOSED:
		return close_object(split, ret_piece);
	case JSON_SCAN_LIST:
		return enter_list(split, ret_piece);
	case JSON_SCAN_CONTAINER:
		enter_array(split, JSON_SPLIT_CONTAINER);
		return 0;
	case JSON_SCAN_RESTART:
		return restart_object(split, ret_piece);
	case JSON_SCAN_MORE:
		break;
	}
	if (!split->is_passed_over && split->position - split->begin > JSON_OBJECT_BYTES_MAX) {
		split->is_passed_over = true;
		return give(split, JSON_PIECE_TOO_LARGE, split->begin + JSON_OBJECT_BYTES_MAX,
		            ret_piece);
	}
	int error = refill(split);
	if (error != 0)
		return error;
	return split->is_at_end ? give_cut(split, ret_piece) : 0;
}

// Passes over what is neither an object nor an array, up to where one may begin or end; strings
// are passed over whole.
static int pass_stray(struct json_split *split, struct json_piece *ret_piece)
{
	uint64_t offset = offset_of(split, split->position);
	bool is_in_list = split->level > 0;
	bool is_in_string = false;
	size_t used = 0;
	int error = 0;

	while (error == 0 && !split->is_at_end) {
		for (; split->position < split->window.size; split->position++) {
			uint8_t byte = split->window.data[split->position];

			if (!is_in_string &&
			    (byte == '{' || byte == '[' || (byte == ']' && is_in_list)))
				break;
			if (byte == '"' || byte == '\n')
				is_in_string = byte == '"' && !is_in_string;
			if (used < JSON_STRAY_BYTES)
				split->stray[used++] = byte;
		}
		move_on(split);
		if (split->position < split->window.size)
			break;
		error = refill(split);
	}
	if (error != 0 && used == 0)
		return error;
	*ret_piece = (struct json_piece){
		.kind = JSON_PIECE_STRAY,
		.bytes = slice_trim(slice_of(split->stray, used)),
		.offset = offset,
	};
	split->is_comma_due = false;
	split->is_open_list = false;
	return 1;
}

// A wrong comma, or the lack of one, is told once and then taken as meant.
static int give_comma(struct json_split *split, struct json_piece *ret_piece)
{
	split->is_comma_due = false;
	split->is_open_list = false;
	return give(split, JSON_PIECE_COMMA, split->begin, ret_piece);
}

static int read_comma(struct json_split *split, struct json_piece *ret_piece)
{
	bool is_right = split->level > 0 && split->is_comma_due;

	split->position++;
	if (!is_right)
		(void)give_comma(split, ret_piece);
	move_on(split);
	split->is_comma_due = false;
	split->is_open_list = is_right;
	return is_right ? 0 : 1;
}

// One byte between objects. Returns 1 with a piece, 0 when there is none yet, or an error.
static int next_in_list(struct json_split *split, struct json_piece *ret_piece)
{
	uint8_t byte = split->window.data[split->position];
	bool is_top = split->level == 0;

	switch (byte) {
	case '{':
	case '[':
		if (!is_top && split->is_comma_due)
			return give_comma(split, ret_piece);
		if (byte == '[' && is_top) {
			split->position++;
			enter_array(split, JSON_SPLIT_LIST);
		} else {
			begin_object(split);
		}
		return 0;
	case ']':
		if (is_top)
			break;
		if (split->is_open_list)
			return give_comma(split, ret_piece);
		split->position++;
		leave_array(split);
		return 0;
	case ',':
		return read_comma(split, ret_piece);
	case ' ':
	case '\t':
	case '\r':
	case '\n':
	case 0x1e: // record separator (RFC 7464)
		split->position++;
		move_on(split);
		return 0;
	}
	return pass_stray(split, ret_piece);
}

static void pass_byte_order_mark(struct json_split *split)
{
	if (offset_of(split, 0) != 0 || !slice_starts_with(split->window, "\xef\xbb\xbf"))
		return;
	split->position = 3;
	move_on(split);
}

int json_split_next(struct json_split *split, struct json_piece *ret_piece)
{
	int result = 0;

	while (result == 0) {
		if (split->is_in_object) {
			result = next_in_object(split, ret_piece);
		} else if (split->position < split->window.size) {
			result = next_in_list(split, ret_piece);
		} else if (split->is_at_end) {
			// What was wrong with the input, if anything, is told behind its last
			// bytes.
			return split->level > 0 ? give_cut(split, ret_piece) : refill(split);
		} else {
			bool is_first = split->window.data == NULL;

			result = refill(split);
			if (result == 0 && is_first)
				pass_byte_order_mark(split);
		}
	}
	return result;
}
