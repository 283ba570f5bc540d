#include "dataplane/port.h"

#include <errno.h>
#include <stdlib.h>

#include "base/byte_source.h"
#include "dataplane/capture_pcap.h"
#include "dataplane/capture_pcapng.h"
#include "dataplane/capture_snoop.h"

enum capture_kind { CAPTURE_NONE, CAPTURE_PCAP, CAPTURE_PCAPNG, CAPTURE_SNOOP };

struct port_file {
	struct port port;
	struct byte_source *source;
	struct report *report; // borrowed
	uint64_t packet_count;
	size_t held_bytes; // of the window, under the last burst
	bool is_cut_short;
	bool is_ended;
	enum capture_kind kind;
	struct capture_pcap pcap;
	struct capture_pcapng pcapng;
};

static void port_file_close(struct port *port)
{
	struct port_file *file = (struct port_file *)port;

	byte_source_close(file->source);
	free(file);
}

static void end_cut_short(struct port_file *file, const char *reason, size_t used_bytes)
{
	report_add(file->report, &(struct problem){
					 .reason = reason,
					 .consequence = "read up to there",
					 .offset = byte_source_offset(file->source) + used_bytes,
					 .has_offset = true,
					 .line = file->packet_count + 1,
				 });
	file->is_cut_short = true;
	file->is_ended = true;
}

static unsigned read_window(struct port_file *file, struct frame frames[PORT_BURST_MAX],
                            struct capture_step *ret_step)
{
	struct slice window = byte_source_window(file->source);

	if (file->kind == CAPTURE_PCAPNG)
		return capture_pcapng_read(&file->pcapng, window, frames, ret_step);
	if (file->kind == CAPTURE_SNOOP)
		return capture_snoop_read(window, frames, ret_step);
	return capture_pcap_read(&file->pcap, window, frames, ret_step);
}

static const char *reason_of(int error)
{
	return error == -EBADMSG ? "the compressed file is damaged or cut short"
	                         : "the file cannot be read further";
}

// Makes the next record readable, or ends the capture.
static void advance(struct port_file *file, const struct capture_step *step)
{
	int error;

	byte_source_skip(file->source, step->used_bytes);
	if (step->damage != NULL) {
		end_cut_short(file, step->damage, 0);
		return;
	}
	if (step->pass_bytes > 0) {
		error = byte_source_pass(file->source, step->pass_bytes);
		if (error < 0)
			end_cut_short(file, "the file is cut short", 0);
		return;
	}
	error = byte_source_fill(file->source, step->needed_bytes);
	if (error < 0) {
		end_cut_short(file, reason_of(error), 0);
		return;
	}

	size_t ready = byte_source_window(file->source).size;
	if (ready == 0)
		file->is_ended = true;
	else if (ready < step->needed_bytes)
		end_cut_short(file, "the file is cut short", 0);
}

static unsigned port_file_receive(struct port *port, struct frame frames[PORT_BURST_MAX])
{
	struct port_file *file = (struct port_file *)port;

	while (!file->is_ended) {
		struct capture_step step;
		unsigned count = read_window(file, frames, &step);

		if (count > 0) {
			file->held_bytes = step.used_bytes;
			file->packet_count += count;
			return count;
		}
		advance(file, &step);
	}
	return 0;
}

static void port_file_release(struct port *port, const enum verdict verdicts[])
{
	(void)verdicts;
	struct port_file *file = (struct port_file *)port;

	byte_source_skip(file->source, file->held_bytes);
	file->held_bytes = 0;
}

static void port_file_counters(const struct port *port, struct port_counters *ret_counters)
{
	const struct port_file *file = (const struct port_file *)port;

	ret_counters->file_bytes = byte_source_file_bytes(file->source);
	ret_counters->is_cut_short = file->is_cut_short;
}

// Finds out what the file is, and passes over its header; the sections of pcapng have their own.
static enum capture_kind begin(struct port_file *file, struct byte_source *source)
{
	struct slice window = byte_source_window(source);

	if (capture_pcapng_open(&file->pcapng, window))
		return CAPTURE_PCAPNG;
	if (capture_pcap_open(&file->pcap, window)) {
		byte_source_skip(source, CAPTURE_PCAP_HEADER_BYTES);
		return CAPTURE_PCAP;
	}
	if (capture_snoop_open(window)) {
		byte_source_skip(source, CAPTURE_SNOOP_HEADER_BYTES);
		return CAPTURE_SNOOP;
	}
	return CAPTURE_NONE;
}

static int port_file_open(struct byte_source *source, struct report *report, struct port **ret_port)
{
	struct port_file *file;
	int error = byte_source_fill(source, CAPTURE_PCAP_HEADER_BYTES);

	// Too short is not an error yet: the next port may say it better.
	if (error < 0 && error != -EBADMSG)
		return error;
	file = calloc(1, sizeof(*file));
	if (file == NULL)
		return -ENOMEM;
	file->port.ops = &port_file;
	file->report = report;
	file->kind = begin(file, source);
	if (file->kind == CAPTURE_NONE) {
		free(file);
		return -EINVAL;
	}
	file->source = source;
	*ret_port = &file->port;
	return 0;
}

const struct port_ops port_file = {
	.name = "file",
	.open_capture = port_file_open,
	.receive = port_file_receive,
	.release = port_file_release,
	.counters = port_file_counters,
	.close = port_file_close,
};
