#include "dataplane/stream_held.h"

#include <string.h>

enum { PIECE_DATA_BYTES = STREAM_PIECE_BYTES - sizeof(struct stream_piece) };

void stream_held_drop(struct stream_table *table, struct stream_direction *direction)
{
	uint32_t id = direction->held;

	direction->held = stream_held_at(table, id)->next;
	direction->held_count--;
	pool_give(&table->pieces, id);
}

// Puts a piece with the first of `bytes` in front of *link. Returns how many it took; 0 when the
// budget is used up, or there are none.
static size_t insert_piece(struct stream_table *table, struct stream_direction *direction,
                           uint32_t *link, uint32_t sequence, struct slice bytes)
{
	const struct packet *packet = table->batch->packet;
	uint32_t id = direction->held_count < STREAM_HELD_MAX ? pool_take(&table->pieces) : 0;
	struct stream_piece *piece;

	if (id == 0)
		return 0;
	bytes = slice_first(bytes, PIECE_DATA_BYTES);
	piece = stream_held_at(table, id);
	*piece = (struct stream_piece){
		.next = *link,
		.sequence = sequence,
		.size_bytes = (uint32_t)bytes.size,
		.time_ns = packet->time_ns,
		.packet_number = packet->number,
	};
	if (bytes.size > 0)
		memcpy(piece->bytes, bytes.data, bytes.size);
	*link = id;
	direction->held_count++;
	return bytes.size;
}

size_t stream_held_add(struct stream_table *table, struct stream_direction *direction,
                       uint32_t sequence, struct slice bytes)
{
	uint32_t *link = &direction->held;
	size_t done = 0;

	while (done < bytes.size) {
		const struct stream_piece *piece = *link != 0 ? stream_held_at(table, *link) : NULL;
		uint32_t at = sequence + (uint32_t)done;
		int32_t before = piece != NULL ? (int32_t)(piece->sequence - at) : INT32_MAX;
		struct slice rest = slice_from(bytes, done);

		if (before > 0) {
			size_t size = insert_piece(table, direction, link, at,
			                           slice_first(rest, (size_t)before));

			if (size == 0)
				return done;
			done += size;
		} else {
			size_t from_piece = (size_t) - (int64_t)before;

			if (from_piece < piece->size_bytes)
				done += slice_first(rest, piece->size_bytes - from_piece).size;
		}
		link = &stream_held_at(table, *link)->next;
	}
	return done;
}

void stream_held_add_end(struct stream_table *table, struct stream_direction *direction,
                         uint32_t sequence)
{
	uint32_t *link = &direction->held;

	while (*link != 0) {
		struct stream_piece *piece = stream_held_at(table, *link);
		int32_t before = (int32_t)(piece->sequence - sequence);

		if (before == 0 && piece->size_bytes == 0)
			return;
		if (before >= 0)
			break;
		link = &piece->next;
	}
	(void)insert_piece(table, direction, link, sequence, slice_text(NULL));
}
