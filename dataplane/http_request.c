#include "dataplane/http_request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/hash.h"
#include "dataplane/http_field.h"
#include "engine/normalize.h"

struct target {
	struct slice authority; // empty when the target names none
	struct slice path;      // with query; empty: there is no URL
	bool is_https;
};

static struct target split_target(const struct http_head *head)
{
	struct target target = {.authority = slice_text(""), .path = head->target};
	size_t scheme, end = 0;

	if (http_field_is(head->method, "CONNECT"))
		return (struct target){.authority = head->target, .path = slice_text("")};
	if (slice_starts_with(head->target, "/"))
		return target;
	scheme = slice_find(head->target, ':');
	target.is_https = http_field_is(slice_first(head->target, scheme), "https");
	if (!slice_starts_with(slice_from(head->target, scheme), "://") ||
	    (!target.is_https && !http_field_is(slice_first(head->target, scheme), "http")))
		return (struct target){.authority = slice_text(""), .path = slice_text("")};
	target.path = slice_from(head->target, scheme + 3);
	while (end < target.path.size && strchr("/?#", target.path.data[end]) == NULL)
		end++;
	target.authority = slice_first(target.path, end);
	target.path = slice_from(target.path, end);
	if (target.path.size == 0)
		target.path = slice_text("/");
	return target;
}

// The URL of a request, or, as far as that cannot be, of the root: its host counts all the same.
// One that is too long is cut: what is listed of it can only be a prefix. Returns its size, or 0
// when the authority is none; *has_path tells whether the path is the request's.
static size_t write_url(struct slice authority, const struct target *target, bool *has_path,
                        struct url_parts *ret_parts, char ret_url[URL_BYTES_MAX])
{
	struct slice path = target->path;
	int size = -EINVAL;

	*has_path = path.size > 0;
	if (*has_path)
		size = normalize_request_url(authority, path, target->is_https, ret_url,
		                             URL_BYTES_MAX, ret_parts);
	if (size == -EMSGSIZE && authority.size < URL_BYTES_MAX / 2) {
		// A byte may take up three.
		path = slice_first(path, (URL_BYTES_MAX - authority.size - 16) / 3);
		size = normalize_request_url(authority, path, target->is_https, ret_url,
		                             URL_BYTES_MAX, ret_parts);
	}
	if (size < 0) {
		*has_path = false;
		size = normalize_request_url(authority, slice_text("/"), target->is_https, ret_url,
		                             URL_BYTES_MAX, ret_parts);
	}
	return size > 0 ? (size_t)size : 0;
}

// The host of a URL: normal as it is, but that "192.0.2.1." may have become an address.
static bool tell_host(struct extract_output *output, const struct url_parts *parts, uint8_t hints)
{
	if (!parts->is_host_name || ascii_is_digit(parts->host.data[0]))
		return extract_add_host(output, WHERE_HTTP_HOST, parts->host, parts->port, hints);
	output->add(output, &(struct observable){
				    .type = OBSERVABLE_NAME,
				    .where = WHERE_HTTP_HOST,
				    .hints = hints,
				    .text = parts->host,
			    });
	return true;
}

// A Host header beside a target that names its host itself: told when it says another.
static void tell_other_host(struct extract_output *output, struct slice authority,
                            struct slice told_host)
{
	char url[NAME_BYTES_MAX + 32];
	struct url_parts parts;

	if (normalize_request_url(authority, slice_text("/"), false, url, sizeof(url), &parts) >
	            0 &&
	    !slice_equal(parts.host, told_host))
		(void)tell_host(output, &parts, OBSERVABLE_PROXIED);
}

static void tell_asked(struct extract_output *output, const struct http_head *head)
{
	struct target target = split_target(head);
	bool is_named = target.authority.size > 0, has_path;
	struct slice authority = is_named ? target.authority : head->host;
	char url[URL_BYTES_MAX];
	struct url_parts parts;
	// RFC 9112, section 3.2.2.
	uint8_t hints = is_named ? OBSERVABLE_PROXIED : 0;
	size_t size;

	if (authority.size == 0)
		return;
	size = write_url(authority, &target, &has_path, &parts, url);
	if (size == 0 || !tell_host(output, &parts, hints)) {
		output->messages_malformed++;
		return;
	}
	if (has_path)
		output->add(output, &(struct observable){
					    .type = OBSERVABLE_URL,
					    .where = WHERE_HTTP_URL,
					    .hints = hints,
					    .text = slice_of(url, size),
				    });
	if (is_named && head->host.size > 0)
		tell_other_host(output, head->host, parts.host);
}

// "Name: value", the lines of a folded value joined by one space (RFC 9112, section 5.2).
static struct slice format_field(const struct http_field *field, char text[HTTP_FIELD_BYTES_MAX])
{
	struct slice name = slice_first(field->name, HTTP_FIELD_BYTES_MAX / 2);
	size_t size = name.size;

	memcpy(text, name.data, name.size);
	text[size++] = ':';
	text[size++] = ' ';
	for (size_t i = 0; i < field->value.size && size < HTTP_FIELD_BYTES_MAX; i++) {
		uint8_t byte = field->value.data[i];

		if (byte != '\r' && byte != '\n')
			text[size++] = (char)byte;
		else if (text[size - 1] != ' ')
			text[size++] = ' ';
		while (byte == '\n' && i + 1 < field->value.size &&
		       slice_is_blank(field->value.data[i + 1]))
			i++;
	}
	return slice_of(text, size);
}

static struct slice find_agent(struct slice fields)
{
	while (fields.size > 0) {
		struct http_field field = http_field_take(&fields);

		if (http_field_is(field.name, "User-Agent"))
			return field.value;
	}
	return slice_text("");
}

// What only whoever observes is told: the fields of STIX's http-request extension.
static void tell_rest(struct extract_output *output, const struct http_head *head)
{
	struct slice rest = head->fields, agent = find_agent(rest);
	char text[HTTP_FIELD_BYTES_MAX];

	output->tell(output, WHERE_HTTP_METHOD, head->method);
	if (head->version.size > 0)
		output->tell(output, WHERE_HTTP_VERSION, head->version);
	if (agent.size > 0)
		output->tell(output, WHERE_HTTP_USER_AGENT,
		             slice_first(agent, HTTP_FIELD_BYTES_MAX));
	for (unsigned i = 0; rest.size > 0 && i < HTTP_FIELDS_TOLD_MAX; i++) {
		struct http_field field = http_field_take(&rest);

		if (field.name.size > 0 && !http_field_is(field.name, "User-Agent") &&
		    !http_field_is(field.name, "Host"))
			output->tell(output, WHERE_HTTP_HEADER, format_field(&field, text));
	}
}

void http_request_tell(struct extract_output *output, const struct http_head *head)
{
	tell_asked(output, head);
	if (output->tell != NULL)
		tell_rest(output, head);
}

struct slice http_request_target_name(const struct http_head *head)
{
	struct slice path = split_target(head).path;

	for (size_t i = 0; i < path.size; i++)
		if (path.data[i] == '?' || path.data[i] == '#')
			path.size = i;
	for (size_t i = path.size; i > 0; i--)
		if (path.data[i - 1] == '/')
			return slice_from(path, i);
	return path;
}

uint64_t http_request_target_key(const struct http_head *head)
{
	uint64_t key = hash_bytes(1, head->host.data, head->host.size);

	key = hash_bytes(key, head->target.data, head->target.size);
	return key != 0 ? key : 1;
}
