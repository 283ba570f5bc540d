// CybOX objects (Properties by xsi:type): what of them passes by a network sensor.
#include "loader/stix1.h"

#include <errno.h>
#include <strings.h>

typedef int add_fn(struct stix1_reader *reader, struct stix1_term *parent,
                   const struct xml_node *properties);

static const char not_yet[] = "not matchable yet";

static bool is_any_of(struct slice text, const char *const names[])
{
	for (size_t i = 0; names[i] != NULL; i++)
		if (text.size == strlen(names[i]) &&
		    strncasecmp((const char *)text.data, names[i], text.size) == 0)
			return true;
	return false;
}

int stix1_object_address(struct stix1_reader *reader, struct stix1_term *parent,
                         const struct xml_node *address)
{
	static const char *const matchable[] = {
		"", "ipv4-addr", "ipv6-addr", "ipv4-net", "ipv6-net", "cidr", NULL,
	};
	static const struct candidate like = {.kind = VALUE_ADDRESS};
	const struct xml_node *value = xml_tree_child(address, "Address_Value");
	struct slice category = xml_tree_attribute(address, "category");

	if (value == NULL)
		return stix1_term_unmatched(reader, parent, address, "object without a value",
		                            address->name);
	if (slice_is(category, "e-mail") || slice_find(value->text, '@') < value->text.size)
		return stix1_term_unmatched(reader, parent, value,
		                            "e-mail address: not matchable yet",
		                            xml_tree_text(value));
	if (!is_any_of(category, matchable))
		return stix1_term_unmatched(reader, parent, value,
		                            "address of a kind not matchable yet", category);
	if (slice_is(xml_tree_attribute(address, "is_spoofed"), "true"))
		return stix1_term_unmatched(reader, parent, value,
		                            "spoofed address: not looked for",
		                            xml_tree_text(value));
	return stix1_field_add(reader, parent, value, &like);
}

int stix1_object_name(struct stix1_reader *reader, struct stix1_term *parent,
                      const struct xml_node *field)
{
	// Only the name itself realises the pattern; names below it are told as parent.
	static const struct candidate like = {
		.kind = VALUE_NAME,
		.name_kinds = ENTRY_EXACT | ENTRY_PARENT,
	};

	return stix1_field_add(reader, parent, field, &like);
}

static int add_name(struct stix1_reader *reader, struct stix1_term *parent,
                    const struct xml_node *properties)
{
	const struct xml_node *value = xml_tree_child(properties, "Value");

	if (value == NULL)
		value = xml_tree_child(properties, "Hostname_Value");
	if (value == NULL)
		return stix1_term_unmatched(reader, parent, properties, "object without a value",
		                            properties->name);
	if (slice_is(xml_tree_attribute(properties, "type"), "TLD"))
		return stix1_term_unmatched(reader, parent, value,
		                            "a top-level domain: not looked for",
		                            xml_tree_text(value));
	return stix1_object_name(reader, parent, value);
}

// A URI of no stated type may be a bare name.
static int add_uri(struct stix1_reader *reader, struct stix1_term *parent,
                   const struct xml_node *properties)
{
	static const char *const names[] = {"domain name", "domainname", "fqdn", NULL};
	static const char *const others[] = {"general urn", "urn", NULL};
	const struct xml_node *value = xml_tree_child(properties, "Value");
	struct slice type = xml_tree_attribute(properties, "type");
	struct candidate like = {.kind = VALUE_URL};

	if (value == NULL)
		return stix1_term_unmatched(reader, parent, properties, "object without a value",
		                            properties->name);
	if (is_any_of(type, names))
		return stix1_object_name(reader, parent, value);
	if (is_any_of(type, others))
		return stix1_term_unmatched(reader, parent, value, "URI that is no URL", type);
	if (type.size == 0 && xml_tree_attribute(value, "condition").size == 0 &&
	    value->text.size > 0 && memmem(value->text.data, value->text.size, "://", 3) == NULL)
		like.kind = VALUE_ANY;
	return stix1_field_add(reader, parent, value, &like);
}

// "MD5", "SHA-256" … Sets what is known, or gives false: not one that is compiled.
static bool read_algorithm(struct slice name, struct candidate *like)
{
	static const struct {
		const char *names[4];
		enum hash_algorithm algorithm;
	} known[] = {
		{{"md5", NULL}, HASH_MD5},
		{{"sha1", "sha-1", NULL}, HASH_SHA1},
		{{"sha256", "sha-256", NULL}, HASH_SHA256},
		{{"sha512", "sha-512", NULL}, HASH_SHA512},
	};
	static const char *const open[] = {"", "other", NULL}; // the length will tell

	if (is_any_of(name, open))
		return true;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!is_any_of(name, known[i].names))
			continue;
		like->is_hash_algorithm_known = true;
		like->hash_algorithm = known[i].algorithm;
		return true;
	}
	return false;
}

static int add_hash(struct stix1_reader *reader, struct stix1_term *parent,
                    const struct xml_node *hash)
{
	const struct xml_node *value = xml_tree_child(hash, "Simple_Hash_Value");
	struct slice type = xml_tree_child_text(hash, "Type");
	struct candidate like = {.kind = VALUE_HASH};

	if (value == NULL)
		return stix1_term_unmatched(reader, parent, hash, "fuzzy hash: not matchable",
		                            type);
	if (!read_algorithm(type, &like))
		return stix1_term_unmatched(reader, parent, value, "hash algorithm not supported",
		                            type);
	return stix1_field_add(reader, parent, value, &like);
}

// All hashes of one object are of one file: any of them finds it, and says what it is whatever its
// name and size.
static int add_file(struct stix1_reader *reader, struct stix1_term *parent,
                    const struct xml_node *properties)
{
	const struct xml_node *hashes = xml_tree_child(properties, "Hashes");
	const struct xml_node *hash = xml_tree_child(hashes, "Hash");
	struct stix1_term *any;

	if (hash == NULL)
		return stix1_term_unmatched(reader, parent, properties,
		                            "file without a hash: not matchable yet",
		                            xml_tree_child_text(properties, "File_Name"));
	any = stix1_term_add(reader, parent, STIX1_ANY, properties->line);
	if (any == NULL)
		return -ENOMEM;
	for (; hash != NULL; hash = xml_tree_sibling(hash)) {
		int error = add_hash(reader, any, hash);

		if (error != 0)
			return error;
	}
	return 0;
}

// Links and attachments are objects of their own, elsewhere in the package.
static int add_references(struct stix1_reader *reader, struct stix1_term *parent,
                          const struct xml_node *list)
{
	if (list == NULL)
		return 0;
	for (const struct xml_node *child = list->children; child != NULL; child = child->next) {
		struct slice id = xml_tree_attribute(child, "object_reference");
		int error = id.size > 0 ? stix1_term_reference(reader, parent, child, id) : 0;

		if (error == 0 && id.size == 0 && xml_tree_child(child, "Value") != NULL)
			error = add_uri(reader, parent, child);
		if (error != 0)
			return error;
	}
	return 0;
}

// What a mail links to, or carries, is looked for wherever it is seen; the rest of the mail is not.
static int add_mail(struct stix1_reader *reader, struct stix1_term *parent,
                    const struct xml_node *properties)
{
	struct stix1_term *any = stix1_term_add(reader, parent, STIX1_ANY, properties->line);
	int error = any != NULL ? 0 : -ENOMEM;

	if (error == 0)
		error = add_references(reader, any, xml_tree_child(properties, "Links"));
	if (error == 0)
		error = add_references(reader, any, xml_tree_child(properties, "Attachments"));
	for (const struct xml_node *child = properties->children; child != NULL && error == 0;
	     child = child->next) {
		const struct xml_node *from = xml_tree_child(xml_tree_child(child, "From"),
		                                             "Address_Value");

		if (slice_is(child->name, "Links") || slice_is(child->name, "Attachments"))
			continue;
		error = stix1_term_unmatched(reader, any, child,
		                             "property of a mail: not matchable yet",
		                             from != NULL ? xml_tree_text(from) : child->name);
	}
	return error;
}

static const struct {
	const char *type;
	add_fn *add;
} object_types[] = {
	{"AddressObjectType", stix1_object_address},
	{"ArchiveFileObjectType", add_file},
	{"ArtifactObjectType", add_file},
	{"DNSQueryObjectType", stix1_network_dns_query},
	{"DNSRecordObjectType", stix1_network_dns_record},
	{"DomainNameObjectType", add_name},
	{"EmailMessageObjectType", add_mail},
	{"FileObjectType", add_file},
	{"HTTPSessionObjectType", stix1_network_http},
	{"HostnameObjectType", add_name},
	{"ImageFileObjectType", add_file},
	{"LinkObjectType", add_uri},
	{"NetworkConnectionObjectType", stix1_network_connection},
	{"PDFFileObjectType", add_file},
	{"SocketAddressObjectType", stix1_network_socket},
	{"URIObjectType", add_uri},
	{"UnixFileObjectType", add_file},
	{"WindowsDriverObjectType", add_file},
	{"WindowsExecutableFileObjectType", add_file},
	{"WindowsFileObjectType", add_file},
};

int stix1_object_add(struct stix1_reader *reader, struct stix1_term *parent,
                     const struct xml_node *properties)
{
	static const char *const visible[] = {
		"ASObjectType",
		"NetworkFlowObjectType",
		"NetworkPacketObjectType",
		"PortObjectType",
		"WhoisObjectType",
		"X509CertificateObjectType",
		"DNSCacheObjectType",
		NULL,
	};
	struct slice type = xml_tree_type(properties);

	for (size_t i = 0; i < sizeof(object_types) / sizeof(object_types[0]); i++)
		if (slice_is(type, object_types[i].type))
			return object_types[i].add(reader, parent, properties);
	if (type.size == 0)
		return stix1_term_unmatched(reader, parent, properties, "object without a type",
		                            properties->name);
	return stix1_term_unmatched(reader, parent, properties,
	                            is_any_of(type, visible) ? not_yet : "not visible on a network",
	                            type);
}
