#include "engine/normalize.h"

#include <errno.h>
#include <string.h>

#include "base/cpu.h"
#include "base/ascii.h"
#include "base/word.h"
#include "engine/normalize_path.h"

enum {
	SCHEME_BYTES_MAX = 31,
	HOST_TEXT_BYTES_MAX = 4 * NAME_BYTES_MAX, // a name in UTF-8, percent-encoding removed
	PORT_MAX = 65535,
};

struct scheme {
	const char *name;
	uint16_t default_port;
	uint8_t schemes; // enum url_scheme
};

static const struct scheme known_schemes[] = {
	{"http", 80, URL_SCHEME_HTTP},
	{"https", 443, URL_SCHEME_HTTPS},
	{"ftp", 21, 0},
	{"ws", 80, 0},
	{"wss", 443, 0},
};

static const struct scheme no_scheme = {"", 0, URL_SCHEME_HTTP | URL_SCHEME_HTTPS};
static const struct scheme other_scheme = {"", 0, 0};

// A URL taken apart, nothing changed yet.
struct url_source {
	const struct scheme *scheme;
	struct slice scheme_text;
	struct slice authority;
	struct slice rest; // path, query, fragment
	int (*take_name)(struct slice text, char ret_name[NAME_BYTES_MAX + 1]);
};

// Removes percent-encoding (RFC 3986, section 3.2.2). -EINVAL for what no host holds, also
// when it hides behind an encoding.
static int decode_host(struct slice host, uint8_t ret_text[HOST_TEXT_BYTES_MAX], size_t *ret_size)
{
	size_t size = 0;

	for (size_t offset = 0; offset < host.size; size++) {
		bool is_encoded = host.data[offset] == '%';
		int byte = is_encoded ? ascii_percent_decode(slice_from(host, offset))
		                      : host.data[offset];

		if (byte <= ' ' || byte == 0x7f ||
		    memchr("\"#%/:<>?@[\\]^`{|}", byte, 17) != NULL || size == HOST_TEXT_BYTES_MAX)
			return -EINVAL;
		ret_text[size] = (uint8_t)byte;
		offset += is_encoded ? 3 : 1;
	}
	*ret_size = size;
	return 0;
}

static int put_address(struct url_output *output, const struct address *address, bool is_bracketed,
                       struct slice *ret_host)
{
	char text[ADDRESS_TEXT_BYTES];

	normalize_format_address(address, text);
	is_bracketed = is_bracketed && strchr(text, ':') != NULL;
	if (is_bracketed && url_output_put(output, "[", 1) < 0)
		return -EMSGSIZE;
	*ret_host = slice_of(output->next, strlen(text));
	if (url_output_put(output, text, strlen(text)) < 0)
		return -EMSGSIZE;
	return is_bracketed ? url_output_put(output, "]", 1) : 0;
}

static int put_literal(struct url_output *output, struct slice literal, struct url_parts *parts)
{
	struct slice inside = slice_first(slice_from(literal, 1), literal.size - 2);
	struct address address;

	if (slice_find(inside, ':') == inside.size || normalize_address(inside, &address) < 0)
		return -EINVAL;
	parts->is_host_name = false;
	return put_address(output, &address, true, &parts->host);
}

// Eight bytes for which ascii_is_unreserved() holds.
static bool is_unreserved_word(uint64_t word)
{
	uint64_t lower = word | WORD_EACH_BYTE(0x20);
	uint64_t letters = word_flag_above(lower, 'a' - 1) & ~word_flag_above(lower, 'z');
	uint64_t others = word_flag_above(word, '-' - 1) & ~word_flag_above(word, '9') &
	                  ~word_flag_equal(word, '/');

	others |= word_flag_equal(word, '_') | word_flag_equal(word, '~');
	return (letters | others) == WORD_FLAGS;
}

// Names on the wire may hold bytes that no hostname has; those that mean something in a URL
// would make the result ambiguous. Cheaper than decode_host() for the usual host.
static bool is_plain_host(struct slice host)
{
	size_t offset = 0;

	for (; offset + WORD_BYTES <= host.size; offset += WORD_BYTES)
		if (!is_unreserved_word(word_load(host.data + offset)))
			return false;
	if (offset < host.size && host.size >= WORD_BYTES)
		return is_unreserved_word(word_load(host.data + host.size - WORD_BYTES));
	for (; offset < host.size; offset++)
		if (!ascii_is_unreserved(host.data[offset]))
			return false;
	return true;
}

static int put_host(struct url_output *output, const struct url_source *source, struct slice host,
                    struct url_parts *parts)
{
	uint8_t decoded[HOST_TEXT_BYTES_MAX];
	char name[NAME_BYTES_MAX + 1];
	struct address address;

	if (host.size > 2 && host.data[0] == '[')
		return put_literal(output, host, parts);
	if (!is_plain_host(host)) {
		if (decode_host(host, decoded, &host.size) < 0)
			return -EINVAL;
		host.data = decoded;
	}
	if (host.size > 0 && ascii_is_digit(host.data[0]) &&
	    normalize_address(host, &address) == 0) {
		parts->is_host_name = false;
		return put_address(output, &address, false, &parts->host);
	}

	bool has_room = output->end - output->next > NAME_BYTES_MAX;
	int size = source->take_name(host, has_room ? output->next : name);
	if (size < 0)
		return size;
	parts->is_host_name = true;
	parts->host = slice_of(output->next, (size_t)size);
	if (!has_room)
		return url_output_put(output, name, (size_t)size);
	output->next += size;
	return 0;
}

// `text` is what follows the host: empty, or ':' and a port, which may be empty (RFC 3986,
// section 6.2.3). Sets *ret_port to 0 when there is none.
static int parse_port(struct slice text, uint16_t *ret_port)
{
	unsigned port = 0;

	if (text.size > 0 && text.data[0] != ':')
		return -EINVAL;
	for (size_t i = 1; i < text.size; i++) {
		if (!ascii_is_digit(text.data[i]))
			return -EINVAL;
		port = port * 10 + (text.data[i] - '0');
		if (port > PORT_MAX)
			return -EINVAL;
	}
	if (port == 0 && text.size > 1)
		return -EINVAL;
	*ret_port = (uint16_t)port;
	return 0;
}

static int put_port(struct url_output *output, uint16_t port)
{
	char text[] = ":65535";
	size_t start = sizeof(text) - 1;

	for (unsigned rest = port; rest > 0; rest /= 10)
		text[--start] = (char)('0' + rest % 10);
	text[--start] = ':';
	return url_output_put(output, text + start, sizeof(text) - 1 - start);
}

// Without a scheme, port 80 says http and port 443 https: they are dropped, and the other scheme
// is none of this URL's.
static void settle_port(const struct url_source *source, uint16_t port, struct url_parts *parts)
{
	parts->schemes = source->scheme->schemes;
	parts->port = port != 0 ? port : source->scheme->default_port;
	if (source->scheme == &no_scheme && port == 80)
		parts->schemes = URL_SCHEME_HTTP;
	if (source->scheme == &no_scheme && port == 443)
		parts->schemes = URL_SCHEME_HTTPS;
}

static bool is_default_port(const struct url_source *source, uint16_t port)
{
	return source->scheme == &no_scheme ? port == 80 || port == 443
	                                    : port == source->scheme->default_port;
}

static int put_authority(struct url_output *output, const struct url_source *source,
                         struct url_parts *parts)
{
	struct slice authority = source->authority;
	const uint8_t *at = authority.size > 0 ? memrchr(authority.data, '@', authority.size)
	                                       : NULL;
	uint16_t port;

	if (at != NULL) {
		if (source->scheme == &no_scheme) // a mail address
			return -EINVAL;
		authority = slice_from(authority, (size_t)(at - authority.data) + 1);
	}

	bool is_literal = authority.size > 0 && authority.data[0] == '[';
	size_t host_size = is_literal ? slice_find(authority, ']') + 1 : slice_find(authority, ':');
	if (host_size > authority.size)
		return -EINVAL;
	if (parse_port(slice_from(authority, host_size), &port) < 0)
		return -EINVAL;
	if (source->scheme == &no_scheme && host_size + 1 == authority.size) // "http:"
		return -EINVAL;

	int error = put_host(output, source, slice_first(authority, host_size), parts);
	if (error < 0)
		return error;
	settle_port(source, port, parts);
	return port == 0 || is_default_port(source, port) ? 0 : put_port(output, port);
}

static int put_scheme(struct url_output *output, const struct url_source *source)
{
	for (size_t i = 0; i < source->scheme_text.size; i++) {
		uint8_t byte = source->scheme_text.data[i];
		uint8_t lower = ascii_lower(byte);

		if (url_output_put(output, &lower, 1) < 0)
			return -EMSGSIZE;
	}
	return source->scheme == &no_scheme ? 0 : url_output_put(output, "://", 3);
}

// The one core: feeds and traffic come through here, and differ in source->take_name only.
static int put_url(const struct url_source *source, char *ret_url, size_t out_size,
                   struct url_parts *ret_parts)
{
	struct url_output output = {ret_url, ret_url, ret_url + out_size};
	struct url_parts parts = {.has_scheme = source->scheme != &no_scheme};

	int error = put_scheme(&output, source);
	if (error < 0)
		return error;
	if (source->scheme->schemes != 0)
		parts.key_offset = (size_t)(output.next - output.start);
	error = put_authority(&output, source, &parts);
	if (error < 0)
		return error;
	error = normalize_path(&output, source->rest);
	if (error < 0)
		return error;
	*ret_parts = parts;
	return (int)(output.next - output.start);
}

static bool is_scheme_byte(uint8_t byte, bool is_first)
{
	return ascii_is_letter(byte) ||
	       (!is_first && (ascii_is_digit(byte) || byte == '+' || byte == '-' || byte == '.'));
}

// Bytes of the scheme that `text` begins with (RFC 3986, section 3.1), without the ':'.
static size_t scheme_size(struct slice text)
{
	size_t size = 0;

	while (size < text.size && is_scheme_byte(text.data[size], size == 0))
		size++;
	return size < text.size && text.data[size] == ':' && size <= SCHEME_BYTES_MAX ? size : 0;
}

static const struct scheme *find_scheme(struct slice text)
{
	for (size_t i = 0; i < sizeof(known_schemes) / sizeof(known_schemes[0]); i++)
		if (strlen(known_schemes[i].name) == text.size &&
		    ascii_begins_with(text, known_schemes[i].name))
			return &known_schemes[i];
	return &other_scheme;
}

static size_t count_slashes(struct slice text)
{
	size_t count = 0;

	while (count < text.size && (text.data[count] == '/' || text.data[count] == '\\'))
		count++;
	return count;
}

// Takes the scheme off `*text`. For http and https any number of slashes of either kind may
// follow, as browsers have it; for others it is "//", and anything else is part of a host
// ("host:80") or no URL ("mailto:x").
static void split_scheme(struct slice *text, struct url_source *source)
{
	size_t size = scheme_size(*text);
	struct slice behind = slice_from(*text, size + (size > 0));
	size_t slashes = count_slashes(behind);

	source->scheme = &no_scheme;
	if (size > 0 && slashes > 0) {
		const struct scheme *scheme = find_scheme(slice_first(*text, size));

		if (scheme->schemes == 0 && !slice_starts_with(behind, "//"))
			return;
		source->scheme = scheme;
		source->scheme_text = slice_first(*text, size);
		*text = slice_from(behind, scheme->schemes != 0 ? slashes : 2);
	} else if (size == 0 && slice_starts_with(*text, "//")) {
		*text = slice_from(*text, 2); // RFC 3986, section 4.2: a network-path reference
	}
}

static const bool ends_authority[256] = {['/'] = true, ['\\'] = true, ['?'] = true, ['#'] = true};

int normalize_url(struct slice text, char *ret_url, size_t out_size, struct url_parts *ret_parts)
{
	struct url_source source = {.take_name = normalize_name};
	size_t size = 0;

	text = slice_trim(text);
	split_scheme(&text, &source);
	while (size < text.size && !ends_authority[text.data[size]])
		size++;
	source.authority = slice_first(text, size);
	source.rest = slice_from(text, size);
	return put_url(&source, ret_url, out_size, ret_parts);
}

int normalize_request_url(struct slice authority, struct slice target, bool is_https, char *ret_url,
                          size_t out_size, struct url_parts *ret_parts)
{
	struct url_source source = {
		.scheme = &known_schemes[is_https],
		.scheme_text = slice_text(known_schemes[is_https].name),
		.authority = authority,
		.rest = target,
		.take_name = normalize_wire_name,
	};

	if (target.size > 0 && !ends_authority[target.data[0]])
		return -EINVAL;
	// normalize_url() trims the whole.
	if (target.size > 0 && unlikely(target.data[target.size - 1] <= ' '))
		source.rest = slice_trim(target);
	return put_url(&source, ret_url, out_size, ret_parts);
}
