#include "dataplane/stream_held.h"

#include <string.h>

enum {
	PIECE_DATA_BYTES = STREAM_PIECE_BYTES - sizeof(struct stream_piece),
	// When few pieces are left, nobody may hold more than this part of them.
	SHARE = 8,
	SMALL_BYTES = 256, // bytes that may share a piece
};

void stream_held_drop(struct stream_table *table, struct stream_direction *direction)
{
	uint32_t id = direction->held;

	direction->held = stream_held_at(table, id)->next;
	direction->held_count--;
	pool_give(&table->pieces, id);
}

static bool may_hold_more(const struct stream_table *table,
                          const struct stream_direction *direction)
{
	uint32_t left = table->pieces.capacity - table->pieces.used;

	return direction->held_count < STREAM_HELD_MAX &&
	       (direction->held_count == 0 || direction->held_count <= left / SHARE);
}

static void note_packet(const struct stream_table *table, struct stream_piece *piece)
{
	piece->time_ns = table->batch->packet->time_ns;
	piece->packet_number = table->batch->packet->number;
}

// Puts a piece in front of *link. False when no more may be held.
static bool insert_piece(struct stream_table *table, struct stream_direction *direction,
                         uint32_t *link, const struct stream_piece *content, const uint8_t *bytes)
{
	uint32_t id = may_hold_more(table, direction) ? pool_take(&table->pieces) : 0;
	struct stream_piece *piece;

	if (id == 0)
		return false;
	piece = stream_held_at(table, id);
	*piece = *content;
	piece->next = *link;
	note_packet(table, piece);
	if (bytes != NULL)
		memcpy(piece->bytes, bytes, piece->size_bytes);
	*link = id;
	direction->held_count++;
	return true;
}

static size_t room_of(const struct stream_piece *piece)
{
	return piece->kind == PIECE_BYTES ? PIECE_DATA_BYTES - piece->size_bytes : 0;
}

static uint32_t end_of(const struct stream_piece *piece)
{
	return piece->sequence + piece->size_bytes;
}

// Puts the bytes at `sequence` behind those of `piece`. Returns how many: all or none.
static size_t append(const struct stream_table *table, struct stream_piece *piece,
                     uint32_t sequence, struct slice bytes)
{
	if (piece == NULL || end_of(piece) != sequence || bytes.size > room_of(piece))
		return 0;
	memcpy(piece->bytes + piece->size_bytes, bytes.data, bytes.size);
	piece->size_bytes += (uint16_t)bytes.size;
	note_packet(table, piece);
	return bytes.size;
}

// Likewise before them.
static size_t prepend(const struct stream_table *table, struct stream_piece *piece,
                      uint32_t sequence, struct slice bytes)
{
	if (piece == NULL || sequence + bytes.size != piece->sequence ||
	    bytes.size > room_of(piece))
		return 0;
	memmove(piece->bytes + bytes.size, piece->bytes, piece->size_bytes);
	memcpy(piece->bytes, bytes.data, bytes.size);
	piece->sequence = sequence;
	piece->size_bytes += (uint16_t)bytes.size;
	note_packet(table, piece);
	return bytes.size;
}

// Makes one of `piece` and the one behind it when they touch.
static void merge_next(struct stream_table *table, struct stream_direction *direction,
                       struct stream_piece *piece)
{
	struct stream_piece *next = piece->next != 0 ? stream_held_at(table, piece->next) : NULL;
	uint32_t id = piece->next;

	if (next == NULL || next->kind != PIECE_BYTES || end_of(piece) != next->sequence ||
	    next->size_bytes > room_of(piece))
		return;
	memcpy(piece->bytes + piece->size_bytes, next->bytes, next->size_bytes);
	piece->size_bytes += next->size_bytes;
	piece->next = next->next;
	direction->held_count--;
	pool_give(&table->pieces, id);
}

// Adds to a piece beside. Returns how many of the bytes found room: all or none.
static size_t extend(struct stream_table *table, struct stream_direction *direction,
                     struct stream_piece *previous, struct stream_piece *next, uint32_t sequence,
                     struct slice bytes)
{
	size_t size = append(table, previous, sequence, bytes);

	if (size == 0)
		return prepend(table, next, sequence, bytes);
	merge_next(table, direction, previous);
	return size;
}

// Holds some of the bytes that go between `previous` and *link. Returns how many, 0 when no more
// may be held.
static size_t hold(struct stream_table *table, struct stream_direction *direction,
                   struct stream_piece *previous, uint32_t *link, uint32_t sequence,
                   struct slice bytes)
{
	struct stream_piece *next = *link != 0 ? stream_held_at(table, *link) : NULL;
	const struct stream_piece content = {
		.sequence = sequence,
		.size_bytes = (uint16_t)slice_first(bytes, PIECE_DATA_BYTES).size,
		.kind = PIECE_BYTES,
	};
	size_t size = 0;

	if (bytes.size <= SMALL_BYTES &&
	    (direction->held_count >= STREAM_HELD_MAX / 2 || !may_hold_more(table, direction)))
		size = extend(table, direction, previous, next, sequence, bytes);
	if (size == 0 && insert_piece(table, direction, link, &content, bytes.data))
		size = content.size_bytes;
	return size;
}

size_t stream_held_add(struct stream_table *table, struct stream_direction *direction,
                       uint32_t sequence, struct slice bytes)
{
	struct stream_piece *previous = NULL;
	uint32_t *link = &direction->held;
	size_t done = 0;

	while (done < bytes.size) {
		struct stream_piece *piece = *link != 0 ? stream_held_at(table, *link) : NULL;
		int32_t before = piece != NULL
		                         ? (int32_t)(piece->sequence - sequence - (uint32_t)done)
		                         : INT32_MAX;

		if (before > 0) {
			struct slice part = slice_first(slice_from(bytes, done), (size_t)before);
			size_t size = hold(table, direction, previous, link,
			                   sequence + (uint32_t)done, part);

			if (size == 0)
				return done;
			done += size;
			continue;
		}
		size_t from_piece = (size_t) - (int64_t)before;
		if (from_piece < piece->size_bytes)
			done += slice_first(slice_from(bytes, done), piece->size_bytes - from_piece)
			                .size;
		previous = piece;
		link = &piece->next;
	}
	return done;
}

void stream_held_add_mark(struct stream_table *table, struct stream_direction *direction,
                          uint32_t sequence, enum stream_piece_kind kind)
{
	const struct stream_piece content = {
		.sequence = sequence, .size_bytes = kind == PIECE_URGENT, .kind = (uint8_t)kind};
	uint32_t *link = &direction->held;

	while (*link != 0) {
		struct stream_piece *piece = stream_held_at(table, *link);

		if (piece->kind == kind && piece->sequence == sequence)
			return;
		if ((int32_t)(piece->sequence - sequence) >= 0)
			break;
		// A byte that is held came first.
		if (kind == PIECE_URGENT && (int32_t)(end_of(piece) - sequence) > 0)
			return;
		link = &piece->next;
	}
	if (kind == PIECE_URGENT && *link != 0 &&
	    stream_held_at(table, *link)->sequence == sequence &&
	    stream_held_at(table, *link)->size_bytes > 0)
		return;
	(void)insert_piece(table, direction, link, &content, NULL);
}
