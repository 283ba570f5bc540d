// loader/xml_tree.h — one element of a feed with all that is in it, in an arena.
//
// For objects that are small beside their feed: a reader streams the feed and takes each object as
// a tree. Bounded: an element of more than XML_TREE_BYTES_MAX is passed over.
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "loader/xml_reader.h"

enum { XML_TREE_BYTES_MAX = 16 * 1024 * 1024 };

struct xml_tree_attribute {
	struct slice name; // local
	struct slice value;
	bool is_instance; // of the XML Schema instance name space: xsi:type
	struct xml_tree_attribute *next;
};

struct xml_node {
	struct slice name; // local
	struct slice text; // of its own: all runs of it, joined
	uint64_t line;
	struct xml_tree_attribute *attributes;
	struct xml_node *parent; // NULL: the tree's root
	struct xml_node *children;
	struct xml_node *last_child;
	struct xml_node *next;
};

// Reads the element that the reader has just given, up to its end. Returns 0, or as
// xml_reader_next(), or -EFBIG: larger than the bound, and passed over.
int xml_tree_read(struct xml_reader *reader, struct arena *arena, struct xml_node **ret_root);

// NULL when there is none of that local name; `node` may be NULL.
const struct xml_node *xml_tree_child(const struct xml_node *node, const char *name);
// The next one of the same name behind `node`.
const struct xml_node *xml_tree_sibling(const struct xml_node *node);
// The first of that name anywhere below, in the document's order.
const struct xml_node *xml_tree_find(const struct xml_node *node, const char *name);

// Texts without the spaces around them; empty when there is none. `node` may be NULL.
struct slice xml_tree_text(const struct xml_node *node);
struct slice xml_tree_child_text(const struct xml_node *node, const char *name);
struct slice xml_tree_attribute(const struct xml_node *node, const char *name);

// Sets *ret_ns when the text is a time of XML Schema; without a zone it is UTC, which is what most
// tools mean. False, and nothing set, otherwise.
bool xml_tree_time(struct slice text, int64_t *ret_ns);

// xsi:type without its prefix.
struct slice xml_tree_type(const struct xml_node *node);
