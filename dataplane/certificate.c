#include "dataplane/certificate.h"

#include "base/ascii.h"
#include "dataplane/certificate_name.h"
#include "dataplane/der.h"
#include "dataplane/digest.h"
#include "engine/address.h"
#include "engine/normalize.h"

enum {
	GENERAL_NAME_DNS = DER_CONTEXT | 2,
	GENERAL_NAME_ADDRESS = DER_CONTEXT | 7,
};

// Takes the next item, of whatever tag: `tag` must be its.
static bool skip(struct slice *rest, unsigned tag)
{
	struct slice content;

	return der_take(rest, tag, &content);
}

static bool has_tag(struct slice rest, unsigned tag)
{
	return rest.size > 0 && rest.data[0] == tag;
}

static bool is_subject_alt_name(struct slice object_id)
{
	return slice_equal(object_id, slice_of("\x55\x1d\x11", 3));
}

// Extension (RFC 5280, section 4.1).
static bool read_extension(struct slice extension, struct certificate *certificate)
{
	struct slice object_id, value;

	if (!der_take(&extension, DER_OBJECT_ID, &object_id) ||
	    (has_tag(extension, DER_BOOLEAN) && !skip(&extension, DER_BOOLEAN)) ||
	    !der_take(&extension, DER_OCTET_STRING, &value) || extension.size > 0)
		return false;
	return !is_subject_alt_name(object_id) ||
	       (der_take(&value, DER_SEQUENCE, &certificate->names) && value.size == 0);
}

static bool read_extensions(struct slice rest, struct certificate *certificate)
{
	struct slice extensions, extension;

	if (!der_take(&rest, DER_SEQUENCE, &extensions) || rest.size > 0)
		return false;
	while (extensions.size > 0)
		if (!der_take(&extensions, DER_SEQUENCE, &extension) ||
		    !read_extension(extension, certificate))
			return false;
	return true;
}

// What may stand behind the public key: two ids, and extensions.
static bool read_optional(struct slice rest, struct certificate *certificate)
{
	struct slice extensions;

	if (has_tag(rest, DER_CONTEXT | 1) && !skip(&rest, DER_CONTEXT | 1))
		return false;
	if (has_tag(rest, DER_CONTEXT | 2) && !skip(&rest, DER_CONTEXT | 2))
		return false;
	if (rest.size == 0)
		return true;
	return der_take(&rest, DER_CONTEXT_WITHIN | 3, &extensions) && rest.size == 0 &&
	       read_extensions(extensions, certificate);
}

bool certificate_read(struct slice der, struct certificate *ret_certificate)
{
	struct certificate certificate = {0};
	struct slice whole, rest;

	if (!der_take(&der, DER_SEQUENCE, &whole) || der.size > 0 ||
	    !der_take(&whole, DER_SEQUENCE, &rest))
		return false;
	if (has_tag(rest, DER_CONTEXT_WITHIN | 0) && !skip(&rest, DER_CONTEXT_WITHIN | 0))
		return false;
	if (!skip(&rest, DER_INTEGER) || !skip(&rest, DER_SEQUENCE) || // serial, algorithm
	    !der_take(&rest, DER_SEQUENCE, &certificate.issuer) ||
	    !skip(&rest, DER_SEQUENCE) || // validity
	    !der_take(&rest, DER_SEQUENCE, &certificate.subject) ||
	    !skip(&rest, DER_SEQUENCE) || // public key
	    !read_optional(rest, &certificate))
		return false;
	*ret_certificate = certificate;
	return true;
}

static void add_digests(struct slice der, struct extract_output *output)
{
	unsigned wanted = output->tell != NULL ? 1u << HASH_SHA1 | 1u << HASH_SHA256
	                                       : output->hashes_wanted;

	for (unsigned i = 0; i < HASH_ALGORITHM_COUNT; i++) {
		uint8_t digest[HASH_BYTES_MAX];
		const struct observable observable = {
			.type = OBSERVABLE_HASH,
			.where = WHERE_CERTIFICATE,
			.algorithm = (enum hash_algorithm)i,
			.text = slice_of(digest, hash_algorithm_bytes[i]),
		};

		if ((wanted & 1u << i) == 0)
			continue;
		digest_of(observable.algorithm, der, digest);
		output->add(output, &observable);
	}
}

static bool read_address(struct slice bytes, struct address *ret_address)
{
	if (bytes.size == 4)
		*ret_address = address_from_ipv4(bytes.data);
	else if (bytes.size == sizeof(ret_address->octets))
		memcpy(ret_address->octets, bytes.data, bytes.size);
	else
		return false;
	return true;
}

static void add_address(struct slice bytes, struct extract_output *output)
{
	struct observable observable = {
		.type = OBSERVABLE_ADDRESS,
		.where = WHERE_CERTIFICATE_NAME,
	};

	if (read_address(bytes, &observable.address))
		output->add(output, &observable);
}

static void add_names(struct slice names, struct extract_output *output)
{
	struct der_item name;

	while (der_next(&names, &name)) {
		if (name.tag == GENERAL_NAME_DNS)
			(void)extract_add_host(output, WHERE_CERTIFICATE_NAME, name.content, 0, 0);
		else if (name.tag == GENERAL_NAME_ADDRESS)
			add_address(name.content, output);
	}
}

// Letters, digits, '-' and '_', and not digits only: so is an address no name.
static bool is_label(struct slice label, bool is_last)
{
	bool is_number = true;

	for (size_t i = 0; i < label.size; i++) {
		uint8_t byte = label.data[i];

		if (!ascii_is_letter(byte) && !ascii_is_digit(byte) && byte != '-' && byte != '_')
			return false;
		is_number = is_number && ascii_is_digit(byte);
	}
	return label.size > 0 && (!is_last || !is_number);
}

// Two labels or more, the first of which may be '*'; or an address.
static bool is_host_name(struct slice name)
{
	struct address address;
	bool has_dot = slice_starts_with(name, "*.");

	if (normalize_address(name, &address) == 0)
		return true;
	if (has_dot)
		name = slice_from(name, 2);
	for (;;) {
		size_t label_bytes = slice_find(name, '.');
		bool is_last = label_bytes == name.size;

		if (!is_label(slice_first(name, label_bytes), is_last))
			return false;
		if (is_last)
			return has_dot;
		has_dot = true;
		name = slice_from(name, label_bytes + 1);
	}
}

static bool is_same_name(struct slice one, struct slice other)
{
	if (one.size != other.size)
		return false;
	for (size_t i = 0; i < one.size; i++)
		if (ascii_lower(one.data[i]) != ascii_lower(other.data[i]))
			return false;
	return true;
}

static bool is_same_address(struct slice bytes, const struct address *wanted)
{
	struct address address;

	return read_address(bytes, &address) && address_equal(&address, wanted);
}

static bool is_among(struct slice names, struct slice wanted)
{
	struct address address;
	bool is_address = normalize_address(wanted, &address) == 0;
	struct der_item name;

	while (der_next(&names, &name))
		if ((name.tag == GENERAL_NAME_DNS && is_same_name(name.content, wanted)) ||
		    (name.tag == GENERAL_NAME_ADDRESS && is_address &&
		     is_same_address(name.content, &address)))
			return true;
	return false;
}

static void add_common_names(const struct certificate *certificate, struct extract_output *output)
{
	struct slice rest = certificate->subject;
	char text[NAME_BYTES_MAX];

	for (unsigned i = 0; i < CERTIFICATE_COMMON_NAMES_MAX; i++) {
		size_t size = certificate_name_next_common(&rest, text, sizeof(text));
		struct slice name = slice_of(text, size);

		if (size == 0)
			return;
		if (is_host_name(name) && !is_among(certificate->names, name))
			(void)extract_add_host(output, WHERE_CERTIFICATE_NAME, name, 0, 0);
	}
}

static void tell_name(struct slice parts, enum observable_where where,
                      struct extract_output *output)
{
	char text[CERTIFICATE_NAME_BYTES_MAX];
	int size = certificate_name_write(parts, text);

	if (size > 0)
		output->tell(output, where, slice_of(text, (size_t)size));
	else if (size < 0)
		output->messages_malformed++;
}

void certificate_tell(struct slice der, struct extract_output *output)
{
	struct certificate certificate;

	add_digests(der, output);
	if (!certificate_read(der, &certificate)) {
		output->messages_malformed++;
		return;
	}
	if (output->tell != NULL) {
		tell_name(certificate.subject, WHERE_CERTIFICATE_SUBJECT, output);
		tell_name(certificate.issuer, WHERE_CERTIFICATE_ISSUER, output);
	}
	add_names(certificate.names, output);
	add_common_names(&certificate, output);
}
