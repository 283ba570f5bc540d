#include "loader/xml_tree.h"

#include <errno.h>

#include "base/timestamp.h"

static const char schema_instance[] = "http://www.w3.org/2001/XMLSchema-instance";

struct growth {
	struct arena *arena;
	size_t used_bytes;
	struct xml_node *node; // whose attributes are being read
	struct xml_tree_attribute **next_attribute;
};

static int copy(struct growth *growth, struct slice text, struct slice *ret_copy)
{
	growth->used_bytes += text.size;
	if (growth->used_bytes > XML_TREE_BYTES_MAX)
		return -EFBIG;
	*ret_copy = arena_copy(growth->arena, text);
	return ret_copy->data != NULL ? 0 : -ENOMEM;
}

static int add_attribute(void *context, const struct xml_attribute *found)
{
	struct growth *growth = context;
	struct xml_tree_attribute *attribute = arena_allocate(growth->arena, sizeof(*attribute));

	if (attribute == NULL)
		return -ENOMEM;
	*attribute = (struct xml_tree_attribute){
		.is_instance = slice_is(found->name_space, schema_instance),
	};
	growth->used_bytes += sizeof(*attribute);
	int error = copy(growth, found->name, &attribute->name);
	if (error == 0)
		error = copy(growth, found->value, &attribute->value);
	if (error != 0)
		return error;
	*growth->next_attribute = attribute;
	growth->next_attribute = &attribute->next;
	return 0;
}

static int add_element(struct growth *growth, const struct xml_reader *reader,
                       struct xml_node *parent, struct xml_node **ret_node)
{
	struct xml_node *node = arena_allocate(growth->arena, sizeof(*node));

	if (node == NULL)
		return -ENOMEM;
	*node = (struct xml_node){.parent = parent, .line = xml_reader_line(reader)};
	growth->used_bytes += sizeof(*node);
	growth->next_attribute = &node->attributes;
	int error = copy(growth, xml_reader_name(reader), &node->name);
	if (error == 0)
		error = xml_reader_each_attribute(reader, add_attribute, growth);
	if (error != 0)
		return error;
	if (parent != NULL && parent->last_child != NULL)
		parent->last_child->next = node;
	else if (parent != NULL)
		parent->children = node;
	if (parent != NULL)
		parent->last_child = node;
	*ret_node = node;
	return 0;
}

// Text comes in one run, or in several with elements and comments between them. Only the first
// runs of an element with many children are joined: what follows is white space.
static int add_text(struct growth *growth, const struct xml_reader *reader, struct xml_node *node)
{
	struct slice run = xml_reader_text(reader);
	struct slice before = node->text;
	uint8_t *joined;

	if (slice_trim(run).size == 0)
		return 0;
	if (before.size == 0)
		return copy(growth, run, &node->text);
	growth->used_bytes += before.size + run.size;
	if (growth->used_bytes > XML_TREE_BYTES_MAX)
		return -EFBIG;
	joined = arena_allocate(growth->arena, before.size + run.size);
	if (joined == NULL)
		return -ENOMEM;
	memcpy(joined, before.data, before.size);
	memcpy(joined + before.size, run.data, run.size);
	node->text = slice_of(joined, before.size + run.size);
	return 0;
}

// Reads on to the end of what is too large.
static int pass_over(struct xml_reader *reader, unsigned depth)
{
	enum xml_event event;
	int error;

	while ((error = xml_reader_next(reader, &event)) == 0) {
		if (event == XML_END_OF_DOCUMENT ||
		    (event == XML_ELEMENT_END && xml_reader_depth(reader) <= depth))
			return -EFBIG;
	}
	return error;
}

static int take_event(struct growth *growth, struct xml_reader *reader, enum xml_event event,
                      struct xml_node **node)
{
	switch (event) {
	case XML_ELEMENT:
		return add_element(growth, reader, *node, node);
	case XML_ELEMENT_END:
		*node = (*node)->parent;
		return 0;
	case XML_TEXT:
		return add_text(growth, reader, *node);
	case XML_END_OF_DOCUMENT:
		break;
	}
	return -EBADMSG;
}

int xml_tree_read(struct xml_reader *reader, struct arena *arena, struct xml_node **ret_root)
{
	struct growth growth = {.arena = arena};
	unsigned depth = xml_reader_depth(reader);
	struct xml_node *root = NULL;
	struct xml_node *node = NULL;

	int error = add_element(&growth, reader, NULL, &root);
	node = root;
	while (error == 0 && node != NULL) {
		enum xml_event event;

		error = xml_reader_next(reader, &event);
		if (error != 0)
			return error;
		error = take_event(&growth, reader, event, &node);
	}
	if (error == -EFBIG)
		return pass_over(reader, depth);
	if (error == 0)
		*ret_root = root;
	return error;
}

const struct xml_node *xml_tree_child(const struct xml_node *node, const char *name)
{
	if (node == NULL)
		return NULL;
	for (const struct xml_node *child = node->children; child != NULL; child = child->next)
		if (slice_is(child->name, name))
			return child;
	return NULL;
}

const struct xml_node *xml_tree_sibling(const struct xml_node *node)
{
	for (const struct xml_node *next = node->next; next != NULL; next = next->next)
		if (slice_equal(next->name, node->name))
			return next;
	return NULL;
}

const struct xml_node *xml_tree_find(const struct xml_node *node, const char *name)
{
	const struct xml_node *at = node;

	while (at != NULL) {
		if (at != node && slice_is(at->name, name))
			return at;
		if (at->children != NULL) {
			at = at->children;
			continue;
		}
		while (at != node && at->next == NULL)
			at = at->parent;
		at = at != node ? at->next : NULL;
	}
	return NULL;
}

struct slice xml_tree_text(const struct xml_node *node)
{
	return node != NULL ? slice_trim(node->text) : slice_text("");
}

struct slice xml_tree_child_text(const struct xml_node *node, const char *name)
{
	return xml_tree_text(xml_tree_child(node, name));
}

static struct slice find_attribute(const struct xml_node *node, const char *name, bool is_instance)
{
	if (node == NULL)
		return slice_text("");
	for (const struct xml_tree_attribute *attribute = node->attributes; attribute != NULL;
	     attribute = attribute->next)
		if (attribute->is_instance == is_instance && slice_is(attribute->name, name))
			return slice_trim(attribute->value);
	return slice_text("");
}

struct slice xml_tree_attribute(const struct xml_node *node, const char *name)
{
	return find_attribute(node, name, false);
}

struct slice xml_tree_type(const struct xml_node *node)
{
	struct slice type = find_attribute(node, "type", true);

	return slice_from(type, slice_find(type, ':') < type.size ? slice_find(type, ':') + 1 : 0);
}

bool xml_tree_time(struct slice text, int64_t *ret_ns)
{
	char zoned[TIMESTAMP_TEXT_BYTES + 1];

	if (timestamp_parse(text, ret_ns) == 0)
		return true;
	if (text.size == 0 || text.size >= sizeof(zoned) - 1)
		return false;
	memcpy(zoned, text.data, text.size);
	zoned[text.size] = 'Z';
	return timestamp_parse(slice_of(zoned, text.size + 1), ret_ns) == 0;
}
