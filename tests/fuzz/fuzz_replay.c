// A capture replayed to several queues: each of its packets comes to one of them, in order and
// whole, as the file's own port gives it. The first byte is the number of queues.
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hash.h"
#include "dataplane/port.h"

enum { QUEUES_MAX = 4 };

// Sums over packets, so that it does not matter who got which.
struct sums {
	uint64_t packets, bytes, contents;
};

static void add(struct sums *sums, const struct frame frames[], unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		sums->packets++;
		sums->bytes += frames[i].wire_bytes;
		sums->contents += hash_bytes((uint64_t)frames[i].time_ns, frames[i].data,
		                             frames[i].captured_bytes);
	}
}

static void read_queue(const struct port_device *device, struct sums *sums)
{
	struct frame frames[PORT_BURST_MAX];
	struct port_counters counters;
	uint64_t before = sums->packets;
	AUTO(port) port = NULL;

	if (port_open_device("replay", device, &port) < 0)
		return;
	while (!port->ops->is_ended(port)) {
		unsigned count = port->ops->receive(port, frames);

		add(sums, frames, count);
		if (count > 0)
			port->ops->release(port, NULL);
	}
	FUZZ_ASSERT(port->ops->receive(port, frames) == 0);
	port->ops->counters(port, &counters);
	FUZZ_ASSERT(counters.received == sums->packets - before);
}

static void read_file(const char *path, struct sums *sums)
{
	struct frame frames[PORT_BURST_MAX];
	AUTO(port) port = NULL;
	unsigned count;

	if (port_open(path, NULL, &port) < 0)
		return;
	while ((count = port->ops->receive(port, frames)) > 0) {
		add(sums, frames, count);
		port->ops->release(port, NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sums file = {0}, replayed = {0};
	struct report report = {0};
	char path[64];
	int fd = memfd_create("capture", MFD_CLOEXEC);

	if (size < 1 || fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)size - 1) {
		(void)close(fd);
		return 0;
	}
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_file(path, &file);
	struct port_device device = {
		.name = path, .queue_count = 1 + data[0] % QUEUES_MAX, .report = &report};
	for (; device.queue < device.queue_count; device.queue++)
		read_queue(&device, &replayed);
	FUZZ_ASSERT(replayed.packets == file.packets);
	FUZZ_ASSERT(replayed.bytes == file.bytes);
	FUZZ_ASSERT(replayed.contents == file.contents);
	report_clear(&report);
	(void)close(fd);
	return 0;
}
