// A backend of devices for the tests of what is live: what it is given is received, what is
// forwarded or sent is written down.
#pragma once

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "dataplane/port.h"

enum { FAKE_FRAMES_MAX = 4096, FAKE_FRAME_BYTES = 2048 };

struct fake_frame {
	uint8_t bytes[FAKE_FRAME_BYTES];
	uint32_t size;
	uint32_t wire_size;
	int64_t time_ns;
};

struct fake_port {
	struct port port;
	struct fake_port *peer;
	struct fake_frame frames[FAKE_FRAMES_MAX]; // to be received
	unsigned frame_count, taken, burst;
	struct fake_frame left[FAKE_FRAMES_MAX]; // by this port: forwarded, and own
	unsigned left_count;
	bool is_own[FAKE_FRAMES_MAX];
	unsigned dropped; // of what came in here
};

static inline unsigned fake_port_receive(struct port *port, struct frame frames[PORT_BURST_MAX])
{
	struct fake_port *fake = (struct fake_port *)port;
	unsigned count = 0;

	while (count < PORT_BURST_MAX && fake->taken + count < fake->frame_count) {
		const struct fake_frame *from = &fake->frames[fake->taken + count];

		frames[count++] = (struct frame){.data = from->bytes,
		                                 .captured_bytes = from->size,
		                                 .wire_bytes = from->wire_size,
		                                 .time_ns = from->time_ns,
		                                 .link = LINK_ETHERNET};
	}
	fake->burst = count;
	return count;
}

static inline void fake_port_leave(struct fake_port *fake, const uint8_t *bytes, uint32_t size,
                                   bool is_own)
{
	struct fake_frame *to = &fake->left[fake->left_count];

	if (fake->left_count == FAKE_FRAMES_MAX)
		abort();
	memcpy(to->bytes, bytes, size);
	to->size = size;
	fake->is_own[fake->left_count++] = is_own;
}

static inline void fake_port_release(struct port *port, const enum verdict verdicts[])
{
	struct fake_port *fake = (struct fake_port *)port;

	for (unsigned i = 0; i < fake->burst; i++) {
		const struct fake_frame *frame = &fake->frames[fake->taken + i];

		if (verdicts != NULL && verdicts[i] == VERDICT_DROP)
			fake->dropped++;
		else if (fake->peer != NULL)
			fake_port_leave(fake->peer, frame->bytes, frame->size, false);
	}
	fake->taken += fake->burst;
	fake->burst = 0;
}

static inline bool fake_port_send(struct port *port, struct slice frame)
{
	fake_port_leave((struct fake_port *)port, frame.data, (uint32_t)frame.size, true);
	return true;
}

static inline void fake_port_counters(const struct port *port, struct port_counters *ret_counters)
{
	*ret_counters = (struct port_counters){.received = ((const struct fake_port *)port)->taken};
}

static inline int fake_port_wait_fd(const struct port *port)
{
	(void)port;
	return -1;
}

static inline void fake_port_close(struct port *port)
{
	free(port);
}

static const struct port_ops fake_port_ops = {
	.name = "fake",
	.receive = fake_port_receive,
	.release = fake_port_release,
	.send = fake_port_send,
	.wait_fd = fake_port_wait_fd,
	.counters = fake_port_counters,
	.close = fake_port_close,
};

static inline struct fake_port *fake_port_new(void)
{
	struct fake_port *fake = calloc(1, sizeof(*fake));

	if (fake == NULL)
		abort();
	fake->port.ops = &fake_port_ops;
	return fake;
}

static inline void fake_port_add(struct fake_port *fake, const uint8_t *bytes, uint32_t size,
                                 int64_t time_ns)
{
	struct fake_frame *frame = &fake->frames[fake->frame_count++];

	if (fake->frame_count > FAKE_FRAMES_MAX || size > FAKE_FRAME_BYTES)
		abort();
	memcpy(frame->bytes, bytes, size);
	frame->size = size;
	frame->wire_size = size;
	frame->time_ns = time_ns;
}
