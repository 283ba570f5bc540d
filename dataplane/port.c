#include "dataplane/port.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/buffer.h"
#include "base/byte_source.h"

// Of those that read captures, in the order in which they are tried.
static const struct port_ops *const ports[] = {
	&port_file,   &port_pcap, &port_af_packet, &port_pcap_live,
	&port_replay, &port_dpdk, &port_afxdp,     &port_xdp_copy,
};

enum { PORTS = sizeof(ports) / sizeof(ports[0]), READ_AHEAD_BLOCKS = 4 };

int port_open_source(struct byte_source *opened, struct report *report, struct port **ret_port)
{
	AUTO(byte_source) source = opened;
	int error = -EINVAL;

	for (size_t i = 0; i < PORTS; i++) {
		if (ports[i]->open_capture == NULL)
			continue;
		error = ports[i]->open_capture(source, report, ret_port);
		if (error == 0)
			source = NULL; // the port has it
		if (error != -EINVAL)
			return error;
	}
	return error;
}

int port_open(const char *path, struct report *report, struct port **ret_port)
{
	struct byte_source *source;
	int error = byte_source_open_ahead(path, READ_AHEAD_BLOCKS, &source);

	return error < 0 ? error : port_open_source(source, report, ret_port);
}

static void report_unknown(const char *backend, struct report *report)
{
	AUTO_BUFFER names = {0};

	for (size_t i = 0; i < PORTS; i++)
		if (ports[i]->open_device != NULL)
			buffer_format(&names, "%s%s", names.size > 0 ? ", " : "", ports[i]->name);
	report_note(report, "no such backend in this build", slice_text(backend), "there are: %.*s",
	            SLICE_FORMAT(buffer_slice(&names)));
}

int port_open_device(const char *backend, const struct port_device *device, struct port **ret_port)
{
	for (size_t i = 0; i < PORTS; i++)
		if (ports[i]->open_device != NULL && strcmp(ports[i]->name, backend) == 0)
			return ports[i]->open_device(device, ret_port);
	report_unknown(backend, device->report);
	return -ENOTSUP;
}

bool port_is_built(const char *backend)
{
	// What stands in for a backend without its library only refuses: it receives nothing.
	for (size_t i = 0; i < PORTS; i++)
		if (ports[i]->open_device != NULL && strcmp(ports[i]->name, backend) == 0)
			return ports[i]->receive != NULL;
	return false;
}

void port_close(struct port *port)
{
	if (port != NULL)
		port->ops->close(port);
}
