#include "dataplane/port.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <pcap/pcap.h>

#include "base/timestamp.h"
#include "base/byte_source.h"
#include "dataplane/capture_format.h"

// libpcap gives one packet at a time, valid until the next: a burst is copied.
enum { BURST_BYTES = 2 * CAPTURE_PACKET_BYTES_MAX };

struct port_pcap {
	struct port port;
	struct byte_source *source;
	struct report *report; // borrowed
	pcap_t *pcap;
	uint64_t packet_count;
	enum link_type link;
	bool is_cut_short;
	bool is_ended;
	size_t burst_bytes;
	uint8_t burst[BURST_BYTES];
};

static void port_pcap_close(struct port *port)
{
	struct port_pcap *self = (struct port_pcap *)port;

	if (self->pcap != NULL)
		pcap_close(self->pcap);
	byte_source_close(self->source);
	free(self);
}

// The cookie of a FILE is the byte source: it gives what lies ready, and nothing is lost.
static ssize_t read_cookie(void *cookie, char *data, size_t size)
{
	struct byte_source *source = cookie;
	struct slice ready;
	int error = byte_source_fill(source, 1);

	if (error < 0) {
		errno = EIO;
		return -1;
	}
	ready = slice_first(byte_source_window(source), size);
	if (ready.size == 0)
		return 0;
	memcpy(data, ready.data, ready.size);
	byte_source_skip(source, ready.size);
	return (ssize_t)ready.size;
}

static void end_cut_short(struct port_pcap *self, const char *reason, const char *detail)
{
	report_add(self->report, &(struct problem){
					 .reason = reason,
					 .consequence = "read up to there",
					 .detail = slice_text(detail),
					 .line = self->packet_count + 1,
				 });
	self->is_cut_short = true;
	self->is_ended = true;
}

static bool read_packet(struct port_pcap *self, uint8_t *copy, struct frame *frame)
{
	struct pcap_pkthdr *header;
	const u_char *data;
	int status = pcap_next_ex(self->pcap, &header, &data);

	if (status == PCAP_ERROR_BREAK) {
		self->is_ended = true;
		return false;
	}
	if (status != 1) {
		end_cut_short(self, "the capture is damaged", pcap_geterr(self->pcap));
		return false;
	}
	if (header->caplen > CAPTURE_PACKET_BYTES_MAX) {
		end_cut_short(self, "a packet's length cannot be", "");
		return false;
	}
	memcpy(copy, data, header->caplen);
	*frame = (struct frame){
		.data = copy,
		.captured_bytes = header->caplen,
		.wire_bytes = header->len > header->caplen ? header->len : header->caplen,
		// Opened with nanoseconds, so that tv_usec holds them.
		.time_ns = (int64_t)header->ts.tv_sec * NS_PER_S + header->ts.tv_usec,
		.link = self->link,
	};
	return true;
}

static unsigned port_pcap_receive(struct port *port, struct frame frames[PORT_BURST_MAX])
{
	struct port_pcap *self = (struct port_pcap *)port;
	unsigned count = 0;

	while (count < PORT_BURST_MAX &&
	       self->burst_bytes + CAPTURE_PACKET_BYTES_MAX <= BURST_BYTES && !self->is_ended) {
		if (!read_packet(self, self->burst + self->burst_bytes, &frames[count]))
			break;
		self->burst_bytes += frames[count].captured_bytes;
		self->packet_count++;
		count++;
	}
	return count;
}

static void port_pcap_release(struct port *port, const enum verdict verdicts[])
{
	(void)verdicts;
	((struct port_pcap *)port)->burst_bytes = 0;
}

static void port_pcap_counters(const struct port *port, struct port_counters *ret_counters)
{
	const struct port_pcap *self = (const struct port_pcap *)port;

	ret_counters->file_bytes = byte_source_file_bytes(self->source);
	ret_counters->is_cut_short = self->is_cut_short;
}

static int port_pcap_open(struct byte_source *source, struct report *report, struct port **ret_port)
{
	char message[PCAP_ERRBUF_SIZE] = "";
	struct port_pcap *self = calloc(1, sizeof(*self));
	FILE *file;

	if (self == NULL)
		return -ENOMEM;
	self->port.ops = &port_pcap;
	self->report = report;
	file = fopencookie(source, "r", (cookie_io_functions_t){.read = read_cookie});
	if (file == NULL) {
		free(self);
		return -ENOMEM;
	}
	self->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO,
	                                                      message);
	if (self->pcap == NULL) {
		report_note(report, "not a capture", slice_text(NULL), "%s", message);
		(void)fclose(file);
		free(self);
		return -EINVAL;
	}
	self->link = (enum link_type)pcap_datalink(self->pcap);
	self->source = source;
	*ret_port = &self->port;
	return 0;
}

const struct port_ops port_pcap = {
	.name = "pcap",
	.open_capture = port_pcap_open,
	.receive = port_pcap_receive,
	.release = port_pcap_release,
	.counters = port_pcap_counters,
	.close = port_pcap_close,
};
