// A capture as if it were a device: for tests and for trying out a configuration.
//
// Packets keep the capture's own times, so that validity and flows are judged as by `sekisho match`
// on the same file. Of several queues each reads the whole file and takes the packets that fall to
// it (dataplane/capture_split.h). Nothing is ever missed: who takes packets late gets them late.
#include "dataplane/port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/timestamp.h"
#include "dataplane/capture_split.h"

// In one call of receive, so that a queue that gets nothing of the file still hears of a stop.
enum { READS_MAX = 16 };

struct port_replay {
	struct port port;
	struct port *capture;
	unsigned queue;
	unsigned queue_count;
	uint64_t packets_per_s; // of all queues; 0: as fast as they are taken
	int64_t start_ns;       // CLOCK_MONOTONIC at the first call
	uint64_t number;        // packets of the capture before the next
	uint64_t received;
	struct frame frames[PORT_BURST_MAX]; // of the capture, as it gave them
	bool is_ours[PORT_BURST_MAX];
	unsigned frame_count;
	unsigned next; // of them
	bool is_started;
	bool is_ended;
};

static void port_replay_close(struct port *port)
{
	struct port_replay *self = (struct port_replay *)port;

	port_close(self->capture);
	free(self);
}

static void share(struct port_replay *self)
{
	for (unsigned i = 0; i < self->frame_count; i++)
		self->is_ours[i] = self->queue_count <= 1 ||
		                   capture_split_worker(&self->frames[i], self->queue_count) ==
		                           self->queue;
}

// The next packets of the capture, when all of the last are used.
static bool read_capture(struct port_replay *self)
{
	self->capture->ops->release(self->capture, NULL);
	self->next = 0;
	self->frame_count = self->capture->ops->receive(self->capture, self->frames);
	if (self->frame_count == 0)
		self->is_ended = true;
	share(self);
	return self->frame_count > 0;
}

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

// How many packets of the capture are due by now, at the rate that is set.
static uint64_t due_count(struct port_replay *self)
{
	int64_t now = now_ns();
	uint64_t passed_s, passed_ns;

	if (self->packets_per_s == 0)
		return UINT64_MAX;
	if (!self->is_started)
		self->start_ns = now;
	self->is_started = true;
	passed_s = (uint64_t)(now - self->start_ns) / NS_PER_S;
	passed_ns = (uint64_t)(now - self->start_ns) % NS_PER_S;
	return passed_s * self->packets_per_s +
	       (uint64_t)((__uint128_t)passed_ns * self->packets_per_s / NS_PER_S) + 1;
}

// All frames of a burst lie in one burst of the capture: they stay valid until its release.
static unsigned port_replay_receive(struct port *port, struct frame frames[PORT_BURST_MAX])
{
	struct port_replay *self = (struct port_replay *)port;
	uint64_t due = due_count(self);
	unsigned count = 0;

	for (unsigned i = 0; i < READS_MAX && count == 0 && self->number < due; i++) {
		if (self->is_ended || (self->next == self->frame_count && !read_capture(self)))
			break;
		for (; self->next < self->frame_count && self->number < due; self->number++) {
			if (self->is_ours[self->next])
				frames[count++] = self->frames[self->next];
			self->next++;
		}
	}
	self->received += count;
	return count;
}

static void port_replay_release(struct port *port, const enum verdict verdicts[])
{
	// The next receive lets go of them: there may be frames among them that are not due yet.
	(void)port;
	(void)verdicts;
}

// Always ready, or by the clock.
static int port_replay_wait_fd(const struct port *port)
{
	(void)port;
	return -1;
}

static void port_replay_link(const struct port *port, struct port_link *ret_link)
{
	(void)port;
	*ret_link = (struct port_link){.is_up = true};
}

static bool port_replay_is_ended(const struct port *port)
{
	return ((const struct port_replay *)port)->is_ended;
}

static void port_replay_counters(const struct port *port, struct port_counters *ret_counters)
{
	const struct port_replay *self = (const struct port_replay *)port;
	struct port_counters counters = {0};

	self->capture->ops->counters(self->capture, &counters);
	counters.received = self->received;
	*ret_counters = counters;
}

static int open_capture(const struct port_device *device, struct port **ret_capture)
{
	// The queues read the same bytes: it is enough that one of them says what is wrong.
	struct report *report = device->queue == 0 ? device->report : NULL;
	int error;

	if (device->queue_count > 1 && strcmp(device->name, "-") == 0) {
		report_note(report, "standard input can be replayed by one worker only",
		            slice_text(NULL), "it is read once, and each worker reads all");
		return -EINVAL;
	}
	error = port_open(device->name, report, ret_capture);
	if (error < 0 && error != -EINVAL)
		report_note(report, "cannot read the capture to replay", slice_text(device->name),
		            "%s", strerror(-error));
	return error;
}

static int port_replay_open(const struct port_device *device, struct port **ret_port)
{
	struct port_replay *self = calloc(1, sizeof(*self));
	int error;

	if (self == NULL)
		return -ENOMEM;
	self->port.ops = &port_replay;
	self->queue = device->queue;
	self->queue_count = device->queue_count;
	self->packets_per_s = device->packets_per_s;
	error = open_capture(device, &self->capture);
	if (error < 0) {
		free(self);
		return error;
	}
	*ret_port = &self->port;
	return 0;
}

const struct port_ops port_replay = {
	.name = "replay",
	.open_device = port_replay_open,
	.receive = port_replay_receive,
	.release = port_replay_release,
	.wait_fd = port_replay_wait_fd,
	.link = port_replay_link,
	.is_ended = port_replay_is_ended,
	.counters = port_replay_counters,
	.close = port_replay_close,
};
