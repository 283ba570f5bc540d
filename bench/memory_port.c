#include "bench/memory_port.h"

#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>

enum { RECORD_HEAD_BYTES = 16 }; // of a pcap file

static const size_t memory_bytes = (size_t)1 << 32; // of addresses: more than a capture here has

static unsigned memory_receive(struct port *port, struct frame frames[PORT_BURST_MAX])
{
	struct memory_port *self = (struct memory_port *)port;
	size_t left = self->total - self->taken;
	size_t first = self->frame_count > 0 ? self->taken % self->frame_count : 0;

	self->burst = left < PORT_BURST_MAX ? (unsigned)left : PORT_BURST_MAX;
	memcpy(frames, self->frames + first, self->burst * sizeof(frames[0]));
	return self->burst;
}

static void memory_release(struct port *port, const enum verdict verdicts[])
{
	struct memory_port *self = (struct memory_port *)port;

	for (unsigned i = 0; verdicts != NULL && i < self->burst; i++)
		self->dropped += verdicts[i] == VERDICT_DROP;
	self->taken += self->burst;
}

static bool memory_send(struct port *port, struct slice frame)
{
	(void)port;
	(void)frame;
	return true;
}

static const struct port_ops memory_ops = {
	.name = "memory",
	.receive = memory_receive,
	.release = memory_release,
	.send = memory_send,
};

static int read_frames(struct memory_port *memory, struct port *port)
{
	struct frame frames[PORT_BURST_MAX];
	size_t room = 0, used = 0;
	unsigned count;

	while ((count = port->ops->receive(port, frames)) > 0) {
		if (memory->frame_count + count > room) {
			struct frame *larger;

			room = 2 * room + PORT_BURST_MAX;
			larger = realloc(memory->frames, room * sizeof(frames[0]));
			if (larger == NULL)
				return -1;
			memory->frames = larger;
		}
		for (unsigned i = 0; i < count; i++) {
			uint8_t *copy = memory->memory + used + RECORD_HEAD_BYTES;

			memcpy(copy, frames[i].data, frames[i].captured_bytes);
			used += RECORD_HEAD_BYTES + frames[i].captured_bytes;
			frames[i].data = copy;
			memory->frames[memory->frame_count++] = frames[i];
		}
		port->ops->release(port, NULL);
	}
	memory->total = memory->frame_count;
	return 0;
}

int memory_port_load(struct memory_port *memory, const char *path)
{
	AUTO(port) port = NULL;

	*memory = memory_port_empty();
	if (port_open(path, NULL, &port) < 0)
		return -1;
	memory->memory = mmap(NULL, memory_bytes, PROT_READ | PROT_WRITE,
	                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory->memory == MAP_FAILED) {
		memory->memory = NULL;
		return -1;
	}
	(void)madvise(memory->memory, memory_bytes, MADV_HUGEPAGE);
	return read_frames(memory, port);
}

void memory_port_free(struct memory_port *memory)
{
	if (memory->memory != NULL)
		(void)munmap(memory->memory, memory_bytes);
	free(memory->frames);
	*memory = memory_port_empty();
}

void memory_port_rewind(struct memory_port *memory)
{
	memory->taken = 0;
	memory->dropped = 0;
}

struct memory_port memory_port_empty(void)
{
	return (struct memory_port){.port.ops = &memory_ops};
}
