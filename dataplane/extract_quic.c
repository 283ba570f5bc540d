#include "dataplane/extract_quic.h"

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/tls_client.h"
#include "dataplane/tls_hello.h"

// What is known of a flow between two datagrams.
struct quic_hello {
	alignas(8) struct quic_id
		id;            // that the keys follow from; of size 0 also before it is known
	enum quic_side sender; // whose hello is being put together
	uint32_t datagrams;    // of it
	struct quic_crypto crypto;
};

static_assert(sizeof(struct quic_hello) % 8 == 0, "blocks of a pool");

int quic_table_open(struct quic_table *table, size_t budget_bytes)
{
	struct quic_table opened = {.work = malloc(sizeof(*opened.work))};
	int error = opened.work != NULL ? quic_opener_create(&opened.opener) : -ENOMEM;

	if (error == 0)
		error = pool_open(&opened.hellos, sizeof(struct quic_hello), budget_bytes);
	if (error < 0) {
		quic_opener_free(opened.opener);
		free(opened.work);
		return error;
	}
	*table = opened;
	return 0;
}

void quic_table_close(struct quic_table *table)
{
	pool_close(&table->hellos);
	quic_opener_free(table->opener);
	free(table->work);
}

// Opens a client's packet, and remembers by which id.
static bool open_client(struct quic_table *table, const struct quic_packet *packet,
                        struct slice *ret_frames)
{
	struct quic_id *id = &table->work->id;

	if (quic_open(table->opener, packet, &packet->destination, QUIC_CLIENT, ret_frames)) {
		*id = packet->destination;
		return true;
	}
	return !quic_id_equal(id, &packet->destination) &&
	       quic_open(table->opener, packet, id, QUIC_CLIENT, ret_frames);
}

// Takes in an Initial packet of the side whose hello is awaited. False when the flow is of no more
// interest.
static bool take_packet(struct quic_table *table, const struct quic_packet *packet,
                        struct extract_output *output)
{
	struct quic_hello *hello = table->work;
	struct slice frames;

	if (hello->sender == QUIC_SERVER &&
	    !quic_open(table->opener, packet, &hello->id, QUIC_SERVER, &frames)) {
		// Behind a Retry the client sends its hello once more, and the keys are others.
		(void)open_client(table, packet, &frames);
		return true;
	}
	if (hello->sender == QUIC_CLIENT && !open_client(table, packet, &frames))
		return true; // the server's, or damaged
	switch (quic_crypto_take(&hello->crypto, frames)) {
	case QUIC_FRAMES_TAKEN:
		return true;
	case QUIC_FRAMES_CLOSE:
		return false;
	case QUIC_FRAMES_MALFORMED:
		break;
	}
	output->messages_malformed++;
	return false;
}

// Takes in the Initial packets of the datagram: there may be others before and behind them.
static enum extract_verdict take_datagram(struct quic_table *table, struct slice datagram,
                                          struct extract_output *output)
{
	struct quic_packet packet;
	unsigned opened = 0;

	while (opened < QUIC_PACKETS_MAX && quic_read_packet(datagram, &packet)) {
		opened += packet.is_initial;
		if (packet.is_initial && !take_packet(table, &packet, output))
			return EXTRACT_DONE;
		datagram = slice_from(datagram, packet.bytes.size);
	}
	return EXTRACT_MORE;
}

// The hello is whole. An observer wants the server's, too, which is awaited next.
static enum extract_verdict tell_hello(struct quic_hello *hello, struct slice message,
                                       struct extract_output *output)
{
	if (hello->sender == QUIC_CLIENT)
		tls_client_message(message, output);
	tls_hello_tell(message, TLS_OVER_QUIC, output);
	if (hello->sender == QUIC_SERVER || output->tell == NULL)
		return EXTRACT_DONE;
	hello->sender = QUIC_SERVER;
	hello->datagrams = 0;
	hello->crypto.piece_count = 0;
	return EXTRACT_MORE;
}

static size_t used_bytes(const struct quic_hello *hello)
{
	return offsetof(struct quic_hello, crypto) + quic_crypto_used_bytes(&hello->crypto);
}

// Keeps what came for the next datagram. False when there is no room.
static bool keep(struct quic_table *table, uint32_t *hello_id)
{
	if (*hello_id == 0)
		*hello_id = pool_take(&table->hellos);
	if (*hello_id == 0)
		return false;
	memcpy(pool_block(&table->hellos, *hello_id), table->work, used_bytes(table->work));
	return true;
}

static void recall(struct quic_table *table, uint32_t hello_id)
{
	const struct quic_hello *kept;

	if (hello_id == 0) {
		memset(table->work, 0, offsetof(struct quic_hello, crypto));
		table->work->crypto.piece_count = 0;
		return;
	}
	kept = pool_block(&table->hellos, hello_id);
	memcpy(table->work, kept, used_bytes(kept));
}

enum extract_verdict extract_quic_datagram(struct quic_table *table, uint32_t *hello_id,
                                           struct slice datagram, struct extract_output *output)
{
	enum extract_verdict verdict = EXTRACT_DONE;
	struct slice message;

	if (quic_is_long(datagram)) {
		recall(table, *hello_id);
		table->work->datagrams++;
		verdict = take_datagram(table, datagram, output);
		message = quic_crypto_message(&table->work->crypto);
		if (verdict == EXTRACT_MORE && message.size > 0)
			verdict = tell_hello(table->work, message, output);
		if (verdict == EXTRACT_MORE &&
		    (table->work->datagrams >= QUIC_DATAGRAMS_MAX || !keep(table, hello_id)))
			verdict = EXTRACT_DONE;
	}
	if (verdict == EXTRACT_DONE)
		extract_quic_end(table, hello_id);
	return verdict;
}

void extract_quic_end(struct quic_table *table, uint32_t *hello_id)
{
	if (*hello_id != 0)
		pool_give(&table->hellos, *hello_id);
	*hello_id = 0;
}
