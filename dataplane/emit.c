#include "dataplane/emit.h"

#include <string.h>
#include <time.h>

#include "base/timestamp.h"
#include "dataplane/decode.h"

enum { WAIT_NS = 100 * 1000 };

void emit_hit(struct emitter *emitter, struct hit *hit)
{
	const struct timespec wait = {.tv_nsec = WAIT_NS};

	hit->generation = emitter->generation;
	while (!ring_push(emitter->ring, slice_of(hit, sizeof(*hit)), hit->observable.text)) {
		if (emitter->is_live) {
			emitter->hits_lost++;
			return;
		}
		if (emitter->is_abandoned(emitter->context))
			return;
		(void)nanosleep(&wait, NULL);
	}
	emitter->hits++;
}

void emit_origin(const struct packet *packet, uint32_t capture_id, struct origin *ret_origin)
{
	memset(ret_origin, 0, sizeof(*ret_origin)); // equal hits are equal byte for byte
	ret_origin->time_ns = packet->time_ns;
	ret_origin->last_time_ns = packet->time_ns;
	ret_origin->packet_number = packet->number;
	ret_origin->capture_id = capture_id;
	ret_origin->src_port = packet->src_port;
	ret_origin->dst_port = packet->dst_port;
	ret_origin->src = packet->src;
	ret_origin->dst = packet->dst;
	ret_origin->protocol = packet->protocol;
}
