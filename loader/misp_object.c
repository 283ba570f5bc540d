// Objects, whose attributes say together what is meant: an address and its ports.
#include "loader/misp.h"

#include "loader/misp_type.h"

// What an element of a list may be.
struct element {
	struct json_value attributes; // with is_object
	struct json_value inner;      // with has_inner
	bool is_object;               // it has attributes
	bool has_inner;               // it is an object around an attribute or an object
};

static struct element look_at(struct json_value root)
{
	struct json_walk walk = json_reader_walk(root);
	struct element element = {0};
	struct json_value value;
	struct slice key;

	while (json_reader_next_member(&walk, &key, &value)) {
		enum json_type type = json_reader_type(value);

		if (slice_is(key, "Attribute") && type == JSON_ARRAY) {
			element.is_object = true;
			element.attributes = value;
		}
		if (type == JSON_OBJECT &&
		    (slice_is(key, "Attribute") || slice_is(key, "Object"))) {
			element.has_inner = true;
			element.inner = value;
		}
	}
	return element;
}

static void reset(struct misp_reader *reader)
{
	misp_tags_inherit(&reader->object.tags, &reader->event.tags);
	reader->object.is_deleted = false;
	reader->object.has_ports = false;
	reader->object.port_count = 0;
}

static void add_port(struct misp_object *object, struct slice digits)
{
	unsigned port = 0;

	for (size_t i = 0; i < digits.size && port <= UINT16_MAX; i++)
		port = digits.data[i] >= '0' && digits.data[i] <= '9'
		               ? port * 10 + (unsigned)(digits.data[i] - '0')
		               : UINT16_MAX + 1;
	if (port > 0 && port <= UINT16_MAX && object->port_count < MISP_PORTS_MAX)
		object->ports[object->port_count++] = (uint16_t)port;
}

// The port of an attribute that is one, unless it was deleted.
static void read_port(struct misp_object *object, struct json_value attribute)
{
	struct json_walk walk = json_reader_walk(attribute);
	struct slice port = slice_of(NULL, 0);
	bool is_port = false;
	bool is_deleted = false;
	struct json_value value;
	struct slice key;

	while (json_reader_next_member(&walk, &key, &value)) {
		if (slice_is(key, "type"))
			is_port = slice_is(misp_text(value), "port");
		else if (slice_is(key, "value"))
			port = misp_text(value);
		else if (slice_is(key, "deleted"))
			is_deleted = misp_is_true(value);
	}
	if (is_port && !is_deleted)
		add_port(object, port);
}

static void read_ports(struct misp_object *object, struct json_value attributes)
{
	struct json_walk walk = json_reader_walk(attributes);
	struct json_value attribute;

	while (json_reader_next_item(&walk, &attribute))
		if (json_reader_type(attribute) == JSON_OBJECT)
			read_port(object, attribute);
	object->has_ports = object->port_count > 0;
}

static int read_object(struct misp_reader *reader, struct json_value root,
                       struct json_value attributes)
{
	struct json_walk walk = json_reader_walk(root);
	struct json_value value;
	struct slice key;
	int error = 0;

	while (json_reader_next_member(&walk, &key, &value)) {
		if (slice_is(key, "deleted"))
			reader->object.is_deleted = misp_is_true(value);
		else if (slice_is(key, "Tag"))
			misp_tags_read(&reader->object.tags, value);
		else if (slice_is(key, "name") && slice_is(misp_text(value), "ip-port"))
			read_ports(&reader->object, attributes);
	}
	misp_event_note_tags(reader, &reader->object.tags);
	walk = json_reader_walk(attributes);
	while (error == 0 && json_reader_next_item(&walk, &value))
		error = misp_attribute_read(reader, value);
	return error;
}

int misp_object_read(struct misp_reader *reader, struct json_value root)
{
	reset(reader);
	if (json_reader_type(root) != JSON_OBJECT)
		return misp_attribute_read(reader, root);

	struct element element = look_at(root);
	if (element.has_inner && !element.is_object) {
		root = element.inner;
		element = look_at(root);
	}
	return element.is_object ? read_object(reader, root, element.attributes)
	                         : misp_attribute_read(reader, root);
}
