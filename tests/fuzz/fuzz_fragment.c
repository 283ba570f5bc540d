// Fragments of a few packets, in any order: what is put together, and when, is what a model says
// that keeps each packet in one piece of memory, a byte for each eight that are there.
#include "tests/fuzz/fuzz.h"

#include "dataplane/fragment.h"
#include "engine/address.h"

enum { PACKETS = 4, PIECE_BYTES = 6, UNIT = 8 };

struct model {
	uint8_t data[65536];
	uint8_t is_there[65536 / UNIT];
	uint32_t total, end;
	bool is_discarded;
};

static struct model models[PACKETS];

static void forget(struct model *model)
{
	memset(model, 0, sizeof(*model));
}

static void discard(struct model *model, bool is_ipv6)
{
	forget(model);
	model->is_discarded = is_ipv6;
}

// Is the packet whole with these bytes?
static bool model_add(struct model *model, bool is_ipv6, uint32_t offset, bool has_more,
                      struct slice bytes)
{
	uint32_t end;
	bool is_old = false, is_new = false, is_other = false;

	if (has_more && bytes.size % UNIT != 0)
		bytes.size = is_ipv6 ? 0 : bytes.size / UNIT * UNIT;
	end = offset + (uint32_t)bytes.size;
	if (bytes.size == 0 || model->is_discarded)
		return false;
	if (end > (is_ipv6 ? 65535 : 65515) || (model->total != 0 && end > model->total) ||
	    (!has_more && (end < model->end || (model->total != 0 && end != model->total)))) {
		discard(model, is_ipv6);
		return false;
	}
	for (uint32_t at = offset; at < end; at += UNIT) {
		uint32_t size = end - at < UNIT ? end - at : UNIT;

		if (model->is_there[at / UNIT]) {
			is_old = true;
			is_other |= memcmp(model->data + at, bytes.data + at - offset, size) != 0;
			continue;
		}
		is_new = true;
		model->is_there[at / UNIT] = 1;
		memcpy(model->data + at, bytes.data + at - offset, size);
	}
	model->end = end > model->end ? end : model->end;
	model->total = has_more ? model->total : end;
	if (is_ipv6 && is_old && (is_new || is_other)) {
		discard(model, is_ipv6);
		return false;
	}
	for (uint32_t at = 0; at < model->total; at += UNIT)
		if (!model->is_there[at / UNIT])
			return false;
	return model->total != 0;
}

static struct packet packet_of(unsigned id, uint32_t offset)
{
	struct packet packet = {
		.src = address_from_ipv4((const uint8_t[]){192, 0, 2, 1}),
		.dst = address_from_ipv4((const uint8_t[]){192, 0, 2, 2}),
		.protocol = 17,
		.fragment = offset == 0 ? FRAGMENT_FIRST : FRAGMENT_LATER,
		.fragment_id = id,
		.is_ip = true,
	};

	if (id % 2 == 1)
		packet.src.octets[0] = packet.dst.octets[0] = 0x20;
	return packet;
}

// Of six bytes a piece: the packet, where, how much, whether more follows, what.
static void give(struct fragment_table *table, const uint8_t *from)
{
	static uint8_t text[4096];
	unsigned id = from[0] % PACKETS;
	bool is_ipv6 = id % 2 == 1;
	struct ip_layer layer = {
		.fragment_offset = (uint32_t)(from[1] << 8 | from[2]) & 0xfff8,
		.has_more_fragments = from[0] & 0x80,
		.fragment = slice_of(text, (size_t)from[3] * (from[0] & 0x40 ? 16 : 1)),
		.fragment_protocol = 17,
	};
	struct packet packet = packet_of(id, layer.fragment_offset);
	struct slice whole;
	bool is_whole;

	for (size_t i = 0; i < layer.fragment.size; i++)
		text[i] = (uint8_t)(from[4] + (from[5] & 1 ? 0 : layer.fragment_offset + i));
	is_whole = model_add(&models[id], is_ipv6, layer.fragment_offset, layer.has_more_fragments,
	                     layer.fragment);
	FUZZ_ASSERT(fragment_take(table, &packet, &layer, &whole) == is_whole);
	if (!is_whole)
		return;
	FUZZ_ASSERT(whole.size == models[id].total + (is_ipv6 ? 40 : 20));
	FUZZ_ASSERT(memcmp(whole.data + (is_ipv6 ? 40 : 20), models[id].data, models[id].total) ==
	            0);
	forget(&models[id]);
	fragment_batch(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fragment_table table;

	if (table.heads == NULL)
		FUZZ_ASSERT(fragment_table_open(&table) == 0);
	for (unsigned i = 0; i < PACKETS; i++)
		forget(&models[i]);
	for (; size >= PIECE_BYTES; data += PIECE_BYTES, size -= PIECE_BYTES)
		give(&table, data);
	fragment_table_clear(&table);
	FUZZ_ASSERT(table.blocks.used == 0 && table.oldest == 0);
	return 0;
}
