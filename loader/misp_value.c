// The values of an attribute: one, or the two of a composite type.
#include "loader/intake.h"
#include "loader/misp_attribute.h"

static int add(struct misp_reader *reader, const struct misp_attribute *attribute,
               uint32_t indicator_id, struct candidate candidate)
{
	candidate.is_defanged = true; // as MISP itself mends them
	candidate.object = attribute->id;
	return intake_add(reader->feed, indicator_id, &candidate);
}

static bool parse_port(struct slice digits, uint16_t *ret_port)
{
	unsigned port = 0;

	digits = slice_trim(digits);
	for (size_t i = 0; i < digits.size && port <= UINT16_MAX; i++) {
		if (digits.data[i] < '0' || digits.data[i] > '9')
			return false;
		port = port * 10 + (unsigned)(digits.data[i] - '0');
	}
	if (port == 0 || port > UINT16_MAX)
		return false;
	*ret_port = (uint16_t)port;
	return true;
}

// The addresses of an object with ports are meant with these ports only.
static int add_address(struct misp_reader *reader, const struct misp_attribute *attribute,
                       uint32_t indicator_id, struct slice address)
{
	const struct misp_object *object = &reader->object;
	struct candidate candidate = {.kind = VALUE_ADDRESS, .text = address};
	int taken = 0;

	if (!object->has_ports)
		return add(reader, attribute, indicator_id, candidate);
	for (unsigned i = 0; i < object->port_count && taken >= 0; i++) {
		candidate.port = object->ports[i];

		int result = add(reader, attribute, indicator_id, candidate);
		taken = result < 0 ? result : taken | result;
	}
	return taken;
}

static int add_address_port(struct misp_reader *reader, const struct misp_attribute *attribute,
                            uint32_t indicator_id)
{
	size_t bar = slice_find(attribute->value, '|');
	struct candidate candidate = {
		.kind = VALUE_ADDRESS,
		.text = slice_first(attribute->value, bar),
	};

	if (!parse_port(slice_from(attribute->value, bar + 1), &candidate.port)) {
		misp_attribute_tell(reader, attribute, "port not understood", NULL);
		return 0;
	}
	return add(reader, attribute, indicator_id, candidate);
}

static int add_name(struct misp_reader *reader, const struct misp_attribute *attribute,
                    uint32_t indicator_id, struct slice name)
{
	bool is_domain = attribute->type->form == MISP_DOMAIN ||
	                 attribute->type->form == MISP_DOMAIN_ADDRESS;
	const struct candidate candidate = {
		.kind = VALUE_NAME,
		.text = name,
		.name_kinds = is_domain ? ENTRY_EXACT | ENTRY_PARENT
	                                : ENTRY_EXACT | ENTRY_PARENT | ENTRY_BESIDE,
		.has_wildcards = is_domain,
	};

	return add(reader, attribute, indicator_id, candidate);
}

static int add_domain_address(struct misp_reader *reader, const struct misp_attribute *attribute,
                              uint32_t indicator_id)
{
	size_t bar = slice_find(attribute->value, '|');
	int name = add_name(reader, attribute, indicator_id, slice_first(attribute->value, bar));

	if (name < 0 || bar == attribute->value.size)
		return name;
	int address = add_address(reader, attribute, indicator_id,
	                          slice_from(attribute->value, bar + 1));
	return address < 0 ? address : name | address;
}

static int add_hash(struct misp_reader *reader, const struct misp_attribute *attribute,
                    uint32_t indicator_id)
{
	struct slice hash = attribute->value;
	const uint8_t *bar = memrchr(hash.data, '|', hash.size);

	if (attribute->type->form == MISP_FILE_HASH && bar != NULL)
		hash = slice_from(hash, (size_t)(bar - hash.data) + 1);
	return add(reader, attribute, indicator_id,
	           (struct candidate){
			   .kind = VALUE_HASH,
			   .text = hash,
			   .hash_algorithm = attribute->type->algorithm,
			   .is_hash_algorithm_known = true,
		   });
}

int misp_value_add(struct misp_reader *reader, const struct misp_attribute *attribute,
                   uint32_t indicator_id)
{
	struct slice value = attribute->value;

	switch (attribute->type->form) {
	case MISP_ADDRESS:
		return add_address(reader, attribute, indicator_id, value);
	case MISP_ADDRESS_PORT:
		return add_address_port(reader, attribute, indicator_id);
	case MISP_HOSTNAME_PORT:
		misp_attribute_tell(reader, attribute, "port of a host name", "kept without it");
		return add_name(reader, attribute, indicator_id,
		                slice_first(value, slice_find(value, '|')));
	case MISP_DOMAIN:
	case MISP_HOSTNAME:
		return add_name(reader, attribute, indicator_id, value);
	case MISP_DOMAIN_ADDRESS:
		return add_domain_address(reader, attribute, indicator_id);
	case MISP_URL:
		return add(reader, attribute, indicator_id,
		           (struct candidate){.kind = VALUE_URL, .text = value});
	case MISP_HASH:
	case MISP_FILE_HASH:
		return add_hash(reader, attribute, indicator_id);
	case MISP_UNMATCHED:
	case MISP_PORT:
		break;
	}
	return 0;
}
