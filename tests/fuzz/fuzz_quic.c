// Whatever comes in: nothing crashes, and every hello is given back. The first byte says whether
// the rest is a datagram as it lies on the wire, or the frames of packets that the target encrypts,
// whether somebody observes, and whether the server sends the packets behind the first.
#include "tests/fuzz/fuzz.h"

#include "dataplane/extract_quic.h"
#include "tests/unit/dataplane/quic_writer.h"

enum { FRAMES_BYTES_MAX = 1200, DATAGRAMS_MAX = 4 };

static void ignore(struct extract_output *output, const struct observable *observable)
{
	(void)output;
	FUZZ_ASSERT(observable->text.size <= NAME_BYTES_MAX);
}

static void ignore_text(struct extract_output *output, enum observable_where where,
                        struct slice text)
{
	(void)output;
	(void)where;
	FUZZ_ASSERT(text.size > 0);
}

static void give_encrypted(struct quic_table *table, uint32_t *hello_id, struct slice frames,
                           enum quic_side sender, struct extract_output *output)
{
	static const uint8_t id[] = {1, 2, 3, 4, 5, 6, 7, 8};
	const struct quic_how how = {.keys_id = slice_of(id, sizeof(id)), .sender = sender};
	struct quic_text datagram = {.size = 0};

	quic_write_packet(&datagram, 1, slice_of(id, sender == QUIC_CLIENT ? sizeof(id) : 3), 0,
	                  frames, &how);
	(void)extract_quic_datagram(table, hello_id, slice_of(datagram.bytes, datagram.size),
	                            output);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct quic_table table;
	struct extract_output output = {.add = ignore};
	struct slice rest = slice_of(data, size);
	uint32_t hello_id = 0;

	if (table.work == NULL && quic_table_open(&table, 1 << 20) < 0)
		abort();
	if (size == 0)
		return 0;
	rest = slice_from(rest, 1);
	if ((data[0] & 2) != 0)
		output.tell = ignore_text;
	if (data[0] % 2 == 0)
		(void)extract_quic_datagram(&table, &hello_id, rest, &output);
	// Cut where the fuzzer says: the first byte of each is its share of what is left.
	for (unsigned i = 0; data[0] % 2 == 1 && i < DATAGRAMS_MAX && rest.size > 4; i++) {
		size_t share = rest.size * (1u + rest.data[0]) / 256;
		struct slice frames = slice_first(slice_from(rest, 1), share < 4 ? 4 : share);
		bool is_server = i > 0 && (data[0] & 4) != 0;

		give_encrypted(&table, &hello_id, slice_first(frames, FRAMES_BYTES_MAX),
		               is_server ? QUIC_SERVER : QUIC_CLIENT, &output);
		rest = slice_from(rest, 1 + frames.size);
	}
	extract_quic_end(&table, &hello_id);
	FUZZ_ASSERT(table.hellos.used == 0);
	return 0;
}
