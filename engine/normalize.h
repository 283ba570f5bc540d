// engine/normalize.h — one spelling for each value.
//
// The only place where values are normalised: the loader asks it for what feeds say, the
// dataplane for what traffic says, `lookup` for what a person types. No function keeps state;
// any thread may call. Those marked HOT do not allocate.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "engine/indicator.h"

enum { ADDRESS_TEXT_BYTES = 56 }; // "ffff:…:ffff/128" and a NUL

// "192.0.2.1" (four decimal octets, no leading zeros), "2001:db8::1" (RFC 4291, section 2.2;
// no zone), "::ffff:192.0.2.1" (gives the IPv4 address). Returns 0 or -EINVAL. HOT.
int normalize_address(struct slice text, struct address *ret_address);

// An address, or address/length. Host bits are cleared, and *ret_had_host_bits says whether
// there were any. An IPv4-mapped prefix of /96 or longer is the IPv4 prefix.
int normalize_prefix(struct slice text, struct prefix *ret_prefix, bool *ret_had_host_bits);

// "192.0.2.1", "2001:db8::1" (RFC 5952), and with "/length" unless it is a host.
void normalize_format_address(const struct address *address, char ret_text[ADDRESS_TEXT_BYTES]);
void normalize_format_prefix(const struct prefix *prefix, char ret_text[ADDRESS_TEXT_BYTES]);

// "4.3.2.1.in-addr.arpa" and the 32-nibble ip6.arpa form (RFC 1035, 3.5; RFC 3596, 2.5).
// `name` is normalised. Returns 0 or -EINVAL when it is not such a name. HOT.
int normalize_reverse_name(struct slice name, struct address *ret_address);

// A name as people and feeds write it: case folded, one root dot dropped, IDN to A-labels
// (libidn2, UTS 46 non-transitional), underscores allowed, at least one label, labels of 1-63
// bytes, at most 253 in all. Not a name: an address, a label with a space or other ASCII
// outside [a-z0-9_-], '*' anywhere, a last label of digits only (an address gone wrong).
// Returns the size written, or -EINVAL, or -ENOMEM. May allocate.
int normalize_name(struct slice text, char ret_name[NAME_BYTES_MAX + 1]);

// A name as traffic writes it, for Host and SNI: case folded, root dot dropped, anything
// printable else taken as it is. Returns the size written, or -EINVAL (empty, empty labels, too
// long, control bytes or spaces), and then what ret_name holds is not defined. HOT.
int normalize_wire_name(struct slice text, char ret_name[NAME_BYTES_MAX + 1]);

struct url_parts {
	uint8_t schemes;   // enum url_scheme: one bit, or both when the text had no scheme
	bool has_scheme;   // else it began with the host
	bool is_host_name; // host is a name, not an address
	struct slice host; // into the output: no port, IPv6 without brackets
	uint16_t port;     // the effective one; 0 when there is no scheme and no port
	size_t key_offset; // where the URL key (see below) begins in the output
};

// Normalises a URL (RFC 3986, sections 6.2.2 and 6.2.3): scheme and host folded (host IDN to
// A-labels), user information dropped, default port dropped, empty path made "/", percent-
// encoding: unreserved decoded, hex in upper case, bytes outside printable ASCII encoded; dot
// segments removed, fragment dropped. Path and query keep their case; "/?" is not "/".
//
// Beyond the RFC: printable bytes that it allows nowhere ("<>^`{|} and space) are encoded; a '%'
// that begins no "%xx" is "%25"; '+' is kept. A backslash is a slash up to the query, and after
// "http:" any number of slashes may stand (as browsers read it); "http:host" is refused. An
// empty port is none. Percent-encoding in the host is removed. Without a scheme, "host:8080" is
// host and port, port 80 means http only and 443 https only (both then dropped), user@host is a
// mail address, not a URL; "//host/x" is host/x. Spaces and line ends around the text are dropped.
//
// The output is "http://host[:port]/path[?query]"; without a scheme it begins with the host,
// and so does the *URL key*, by which tables compare: the output from key_offset on. Schemes
// other than http and https stay in the key.
// Returns the size written (<= out_size), -EINVAL (no host, bad port, control bytes inside),
// -EMSGSIZE (does not fit), and then what ret_url holds is not defined. May allocate for an IDN
// host.
int normalize_url(struct slice text, char *ret_url, size_t out_size, struct url_parts *ret_parts);

// The URL of an HTTP/1.x request: `authority` from Host or the absolute form ("host[:port]"),
// `target` in origin form ("/path?query"), scheme http unless is_https. Same result as
// normalize_url() of the whole, but names as normalize_wire_name() takes them. HOT.
// Returns the size written, -EINVAL (also for a target such as "*") or -EMSGSIZE.
int normalize_request_url(struct slice authority, struct slice target, bool is_https, char *ret_url,
                          size_t out_size, struct url_parts *ret_parts);

// Hex of any case into bytes; the size tells the algorithm (32, 40, 64, 128 digits).
// Returns the size of the digest, or -EINVAL.
int normalize_hash(struct slice text, uint8_t ret_digest[HASH_BYTES_MAX],
                   enum hash_algorithm *ret_algorithm);

// Undoes what people do to values so that nobody clicks on them: hxxp:// and hXXps[:]//,
// [.] (.) {.} [dot] (dot), [:] , [@] [at], [://], surrounding < > and quotes. Writes at most
// text.size bytes. Returns the size written; equal to text.size and the same bytes when there
// was nothing to undo.
size_t normalize_refang(struct slice text, char *ret_text);

// The size of the defanged spelling within a value that `text` begins with: 3 for "[.]"; or 0.
size_t normalize_defanged_size(struct slice text);

// The opposite, for output to people: "hxxp://bad[.]example/x"; of a STIX pattern its string
// literals. Writes at most out_size bytes with a NUL. Control bytes and invalid UTF-8 become '?'.
void normalize_defang(struct slice text, char *ret_text, size_t out_size);
