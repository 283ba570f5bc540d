#include "engine/hit.h"

#include <assert.h>

#include "engine/address.h"

static const char *const where_names[] = {
	[WHERE_IP_SRC] = "ip.src",
	[WHERE_IP_DST] = "ip.dst",
	[WHERE_TUNNEL_SRC] = "tunnel.src",
	[WHERE_TUNNEL_DST] = "tunnel.dst",
	[WHERE_ICMP_SRC] = "icmp.quoted.src",
	[WHERE_ICMP_DST] = "icmp.quoted.dst",
	[WHERE_DNS_QUERY] = "dns.query",
	[WHERE_DNS_ANSWER_NAME] = "dns.answer.name",
	[WHERE_DNS_ANSWER_ADDRESS] = "dns.answer.address",
	[WHERE_DNS_ANSWER_URL] = "dns.answer.url",
	[WHERE_DNS_CLIENT_SUBNET] = "dns.client_subnet",
	[WHERE_TLS_SNI] = "tls.sni",
	[WHERE_TLS_ALPN] = "tls.alpn",
	[WHERE_TLS_ECH] = "tls.ech",
	[WHERE_TLS_JA3] = "tls.ja3",
	[WHERE_TLS_JA3S] = "tls.ja3s",
	[WHERE_TLS_JA4] = "tls.ja4",
	[WHERE_CERTIFICATE] = "certificate",
	[WHERE_CERTIFICATE_NAME] = "certificate.name",
	[WHERE_CERTIFICATE_SUBJECT] = "certificate.subject",
	[WHERE_CERTIFICATE_ISSUER] = "certificate.issuer",
	[WHERE_HTTP_HOST] = "http.host",
	[WHERE_HTTP_URL] = "http.url",
	[WHERE_HTTP_METHOD] = "http.method",
	[WHERE_HTTP_VERSION] = "http.version",
	[WHERE_HTTP_USER_AGENT] = "http.user_agent",
	[WHERE_HTTP_HEADER] = "http.header",
	[WHERE_HTTP_STATUS] = "http.status",
	[WHERE_HTTP_REQUEST_FILE] = "http.request.file",
	[WHERE_HTTP_RESPONSE_FILE] = "http.response.file",
};
static_assert(sizeof(where_names) / sizeof(where_names[0]) == WHERE_COUNT, "one name each");

static const char *const kind_names[] = {
	[MATCH_EXACT] = "exact",       [MATCH_PARENT] = "parent",
	[MATCH_PREFIX] = "prefix",     [MATCH_URL_PREFIX] = "url-prefix",
	[MATCH_URL_HOST] = "url-host", [MATCH_PATTERN] = "pattern",
};
static_assert(sizeof(kind_names) / sizeof(kind_names[0]) == MATCH_KIND_COUNT, "one name each");

const char *observable_where_name(enum observable_where where)
{
	return where_names[where];
}

const char *match_kind_name(enum match_kind kind)
{
	return kind_names[kind];
}

const char *observable_type_name(const struct observable *observable)
{
	switch (observable->type) {
	case OBSERVABLE_ADDRESS:
		return address_is_ipv4(&observable->address) ? "ipv4-addr" : "ipv6-addr";
	case OBSERVABLE_NAME:
		return "domain-name";
	case OBSERVABLE_URL:
		return "url";
	case OBSERVABLE_HASH:
		return observable->where == WHERE_CERTIFICATE ? "x509-certificate" : "file";
	default: // OBSERVABLE_TEXT
		return observable->where == WHERE_CERTIFICATE_SUBJECT ||
		                       observable->where == WHERE_CERTIFICATE_ISSUER
		               ? "x509-certificate"
		               : "network-traffic";
	}
}

void hit_read(struct slice record, struct hit *ret_hit)
{
	assert(record.size >= sizeof(*ret_hit));
	memcpy(ret_hit, record.data, sizeof(*ret_hit));
	ret_hit->observable.text = slice_from(record, sizeof(*ret_hit));
}
