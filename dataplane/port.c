#include "dataplane/port.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/byte_source.h"

// In the order in which they are tried.
static const struct port_ops *const ports[] = {&port_file, &port_pcap};

int port_open(const char *path, struct report *report, struct port **ret_port)
{
	AUTO(byte_source) source = NULL;
	int error = byte_source_open(path, NULL, NULL, &source);

	if (error < 0)
		return error;
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
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

int port_open_device(const char *backend, const struct port_device *device, struct port **ret_port)
{
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (ports[i]->open_device != NULL && strcmp(ports[i]->name, backend) == 0)
			return ports[i]->open_device(device, ret_port);
	return -ENOTSUP;
}

void port_close(struct port *port)
{
	if (port != NULL)
		port->ops->close(port);
}
