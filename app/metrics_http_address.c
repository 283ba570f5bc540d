#include "app/metrics_http_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_port(const char *text, in_port_t *ret_port_be16)
{
	unsigned port = 0;

	if (*text == '\0' || strlen(text) > 5)
		return -EINVAL;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		port = port * 10 + (unsigned)(*text - '0');
	}
	if (port > UINT16_MAX)
		return -EINVAL;
	*ret_port_be16 = htons((uint16_t)port);
	return 0;
}

static int parse(const char *text, struct metrics_http_address *ret_address)
{
	struct metrics_http_address found = {0};
	const char *colon = strrchr(text, ':');
	bool is_ipv6 = text[0] == '[';
	char host[INET6_ADDRSTRLEN];
	size_t host_bytes;

	if (colon == NULL || (is_ipv6 && (colon - text < 2 || colon[-1] != ']')))
		return -EINVAL;
	host_bytes = (size_t)(colon - text) - (is_ipv6 ? 2 : 0);
	if (host_bytes >= sizeof(host))
		return -EINVAL;
	(void)snprintf(host, sizeof(host), "%.*s", (int)host_bytes, text + is_ipv6);
	if (is_ipv6) {
		found.address.ipv6.sin6_family = AF_INET6;
		found.bytes = sizeof(found.address.ipv6);
		if (inet_pton(AF_INET6, host, &found.address.ipv6.sin6_addr) != 1 ||
		    read_port(colon + 1, &found.address.ipv6.sin6_port) < 0)
			return -EINVAL;
	} else {
		found.address.ipv4.sin_family = AF_INET;
		found.bytes = sizeof(found.address.ipv4);
		if (inet_pton(AF_INET, host, &found.address.ipv4.sin_addr) != 1 ||
		    read_port(colon + 1, &found.address.ipv4.sin_port) < 0)
			return -EINVAL;
	}
	*ret_address = found;
	return 0;
}

static bool is_loopback(const struct metrics_http_address *address)
{
	if (address->address.any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&address->address.ipv6.sin6_addr);
	return ntohl(address->address.ipv4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

int metrics_http_address_parse(const char *text, struct report *report,
                               struct metrics_http_address *ret_address)
{
	int error = parse(text, ret_address);

	if (error < 0) {
		report_note(report, "no address to listen at", slice_text(text),
		            "wanted: 127.0.0.1:9477 or [::1]:9477");
		return error;
	}
	if (!is_loopback(ret_address))
		report_add(report, &(struct problem){
					   .reason = "/metrics can be reached from outside",
					   .consequence = "noted: no password, no encryption",
					   .object = slice_text(text),
				   });
	return 0;
}
