#include "dataplane/extract.h"

#include <assert.h>

#include "dataplane/decode.h"
#include "engine/normalize.h"

const struct extractor_ops *const extractors[] = {
	[EXTRACTOR_DNS] = &extract_dns_stream,
	[EXTRACTOR_TLS] = &extract_tls,
	[EXTRACTOR_PROXY] = &extract_proxy,
	[EXTRACTOR_HTTP] = &extract_http,
	[EXTRACTOR_COUNT] = NULL,
};
static_assert(sizeof(extractors) / sizeof(extractors[0]) == EXTRACTOR_COUNT + 1,
              "an extractor is missing");

static struct slice without_brackets(struct slice host)
{
	if (host.size > 2 && host.data[0] == '[' && host.data[host.size - 1] == ']')
		return slice_of(host.data + 1, host.size - 2);
	return host;
}

bool extract_add_host(struct extract_output *output, enum observable_where where, struct slice host,
                      uint16_t port, uint8_t hints)
{
	char name[NAME_BYTES_MAX + 1];
	struct observable observable = {.where = where, .hints = hints};
	int size;

	if (normalize_address(without_brackets(host), &observable.address) == 0) {
		observable.type = OBSERVABLE_ADDRESS;
		observable.port = port;
		observable.protocol = port != 0 ? IP_TCP : 0;
		output->add(output, &observable);
		return true;
	}
	size = normalize_wire_name(host, name);
	if (size <= 0)
		return false;
	observable.type = OBSERVABLE_NAME;
	observable.text = slice_of(name, (size_t)size);
	output->add(output, &observable);
	return true;
}
