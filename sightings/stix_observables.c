#include "sightings/stix_observables.h"

#include <errno.h>
#include <netinet/in.h>

#include "base/json_text.h"
#include "engine/address.h"
#include "engine/normalize.h"
#include "sightings/observable_text.h"
#include "sightings/stix_names.h"

static const char *const hash_names[HASH_ALGORITHM_COUNT] = {
	[HASH_MD5] = "MD5",
	[HASH_SHA1] = "SHA-1",
	[HASH_SHA256] = "SHA-256",
	[HASH_SHA512] = "SHA-512",
};

// Adds the object whose properties are `properties`: members in canonical order (RFC 8785), all
// of them contributing to its id, which joins `list`.
static void add(struct stix_bundle *bundle, const char *type, const struct buffer *properties,
                struct stix_observables *list)
{
	struct stix_id *id = &list->ids[list->count];
	struct buffer json = {0};

	*id = (struct stix_id){0};
	if (bundle->error < 0)
		return;
	buffer_append_byte(&json, '{');
	buffer_append_slice(&json, buffer_slice(properties));
	buffer_append_byte(&json, '}');
	bool has_failed = properties->failed || json.failed ||
	                  stix_ids_observable(type, buffer_slice(&json), id) < 0;

	buffer_clear(&json);
	buffer_format(&json, "{\"type\":\"%s\",\"spec_version\":\"2.1\",\"id\":\"%s\",", type,
	              id->text);
	buffer_append_slice(&json, buffer_slice(properties));
	buffer_append_byte(&json, '}');
	if (has_failed || json.failed)
		bundle->error = -ENOMEM;
	stix_bundle_add(bundle, STIX_OBSERVABLE, 0, slice_text(id->text), buffer_slice(&json));
	buffer_close(&json);
	list->count++;
}

static void add_value(struct stix_bundle *bundle, const char *type, struct slice value,
                      struct stix_observables *list)
{
	struct buffer properties = {0};

	buffer_append_text(&properties, "\"value\":");
	json_text_append(&properties, value);
	add(bundle, type, &properties, list);
	buffer_close(&properties);
}

static void add_address(struct stix_bundle *bundle, const struct address *address,
                        struct stix_observables *list)
{
	char text[ADDRESS_TEXT_BYTES];

	normalize_format_address(address, text);
	add_value(bundle, address_is_ipv4(address) ? "ipv4-addr" : "ipv6-addr", slice_text(text),
	          list);
}

static void add_url(struct stix_bundle *bundle, struct slice url, struct stix_observables *list)
{
	struct buffer value = {0};

	if (stix_names_append_url(&value, url))
		add_value(bundle, "url", buffer_slice(&value), list);
	if (value.failed)
		bundle->error = -ENOMEM;
	buffer_close(&value);
}

// Of a file, or of a certificate: both have hashes that contribute to their ids.
static void add_hash(struct stix_bundle *bundle, const struct observable *observable,
                     struct stix_observables *list)
{
	struct observable_text room;
	struct buffer properties = {0};

	buffer_format(&properties, "\"hashes\":{\"%s\":", hash_names[observable->algorithm]);
	json_text_append(&properties, observable_text(observable, &room));
	buffer_append_byte(&properties, '}');
	add(bundle, observable_type_name(observable), &properties, list);
	buffer_close(&properties);
}

static void add_observable(struct stix_bundle *bundle, const struct observable *observable,
                           struct stix_observables *list)
{
	switch (observable->type) {
	case OBSERVABLE_ADDRESS:
		add_address(bundle, &observable->address, list);
		return;
	case OBSERVABLE_NAME:
		if (stix_names_is_name(observable->text))
			add_value(bundle, "domain-name", observable->text, list);
		return;
	case OBSERVABLE_URL:
		add_url(bundle, observable->text, list);
		return;
	default:
		add_hash(bundle, observable, list);
	}
}

// Names of the IANA registry, as "protocols" asks (section 6.12); others are left out.
static const char *transport_name(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_SCTP:
		return "sctp";
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return "icmp";
	default:
		return NULL;
	}
}

static const char *application_name(enum observable_where where)
{
	switch (where) {
	case WHERE_DNS_QUERY:
	case WHERE_DNS_ANSWER_NAME:
	case WHERE_DNS_ANSWER_ADDRESS:
	case WHERE_DNS_ANSWER_URL:
		return "dns";
	case WHERE_TLS_SNI:
	case WHERE_CERTIFICATE:
	case WHERE_CERTIFICATE_NAME:
		return "tls";
	case WHERE_HTTP_HOST:
	case WHERE_HTTP_URL:
		return "http";
	default:
		return NULL;
	}
}

static void append_protocols(struct buffer *properties, const struct hit *hit)
{
	const char *transport = transport_name(hit->origin.protocol);
	const char *application = application_name(hit->observable.where);

	buffer_format(properties, "\"protocols\":[\"%s\"",
	              address_is_ipv4(&hit->origin.src) ? "ipv4" : "ipv6");
	if (transport != NULL)
		buffer_format(properties, ",\"%s\"", transport);
	if (application != NULL)
		buffer_format(properties, ",\"%s\"", application);
	buffer_append_byte(properties, ']');
}

// ICMP has no ports, but the validator wants them: they are 0, type and code are in the extension.
//
// There is no "start" and "end": they would go into the id, and their many spellings (trailing
// zeros) with them. The times are those of the observed-data.
static void add_traffic(struct stix_bundle *bundle, const struct hit *hit, const char *src_ref,
                        const char *dst_ref, struct stix_observables *list)
{
	const struct origin *origin = &hit->origin;
	bool is_icmp = origin->protocol == IPPROTO_ICMP || origin->protocol == IPPROTO_ICMPV6;
	struct buffer properties = {0};

	buffer_format(&properties, "\"dst_port\":%u,\"dst_ref\":\"%s\",",
	              is_icmp ? 0U : origin->dst_port, dst_ref);
	if (is_icmp)
		buffer_format(&properties,
		              "\"extensions\":{\"icmp-ext\":{\"icmp_code_hex\":\"%02x\","
		              "\"icmp_type_hex\":\"%02x\"}},",
		              origin->dst_port & 0xffU, origin->src_port & 0xffU);
	append_protocols(&properties, hit);
	buffer_format(&properties, ",\"src_port\":%u,\"src_ref\":\"%s\"",
	              is_icmp ? 0U : origin->src_port, src_ref);
	add(bundle, "network-traffic", &properties, list);
	buffer_close(&properties);
}

static void drop_repeated_last(struct stix_observables *list)
{
	for (unsigned i = 0; i + 1 < list->count; i++)
		if (strcmp(list->ids[i].text, list->ids[list->count - 1].text) == 0) {
			list->count--;
			return;
		}
}

void stix_observables_add(struct stix_bundle *bundle, const struct hit *hit,
                          struct stix_observables *ret_observables)
{
	struct stix_observables addresses = {0};
	struct stix_observables *list = ret_observables;

	add_address(bundle, &hit->origin.src, &addresses);
	add_address(bundle, &hit->origin.dst, &addresses);
	list->count = 0;
	add_traffic(bundle, hit, addresses.ids[0].text, addresses.ids[1].text, list);
	for (unsigned i = 0; i < addresses.count; i++) {
		list->ids[list->count++] = addresses.ids[i];
		drop_repeated_last(list);
	}
	add_observable(bundle, &hit->observable, list);
	drop_repeated_last(list);
}
