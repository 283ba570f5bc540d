// What stands around indicators: headers, TTPs, and who says it.
#include "loader/stix1.h"

#include <errno.h>

enum { TITLE_BYTES_MAX = 1024 };

struct slice stix1_context_title(struct slice title)
{
	struct slice cut = slice_first(title, TITLE_BYTES_MAX);

	while (cut.size < title.size && cut.size > 0 && (title.data[cut.size] & 0xc0) == 0x80)
		cut.size--;
	return cut;
}

static struct slice creator_of(const struct xml_node *source)
{
	const struct xml_node *identity = xml_tree_child(source, "Identity");
	struct slice id = xml_tree_attribute(identity, "id");

	if (id.size == 0)
		id = xml_tree_attribute(identity, "idref");
	if (id.size == 0)
		id = xml_tree_child_text(identity, "Name");
	return id.size > 0 ? id : xml_tree_text(xml_tree_find(identity, "NameElement"));
}

int stix1_context_creator(struct stix1_reader *reader, const struct xml_node *source,
                          struct slice *ret_creator)
{
	*ret_creator = arena_copy(&reader->kept, creator_of(source));
	return ret_creator->data != NULL ? 0 : -ENOMEM;
}

int stix1_context_ttp(struct stix1_reader *reader, const struct xml_node *node)
{
	struct slice id = arena_copy(&reader->kept, xml_tree_attribute(node, "id"));
	const struct xml_node *malware = xml_tree_find(node, "Malware_Instance");
	struct slice title = xml_tree_child_text(node, "Title");
	struct stix1_entry *entry;

	if (id.data == NULL)
		return -ENOMEM;
	if (id.size == 0)
		return 0;
	if (title.size == 0)
		title = xml_tree_child_text(malware, "Name");
	if (title.size == 0)
		title = xml_tree_child_text(malware, "Title");
	entry = stix1_index_define(&reader->index, id);
	if (entry == NULL)
		return -ENOMEM;
	entry->title = arena_copy(&reader->kept, stix1_context_title(title));
	return entry->title.data != NULL ? 0 : -ENOMEM;
}

// A header stands first in its package: what it says holds for all that follows.
int stix1_context_header(struct stix1_reader *reader, const struct xml_node *header)
{
	const struct xml_node *intent = xml_tree_child(header, "Package_Intent");
	struct stix1_package *package = reader->package;
	struct slice title = xml_tree_child_text(header, "Title");
	enum tlp tlp;

	if (package == NULL)
		return 0;
	tlp = stix1_marking_tlp(reader, xml_tree_child(header, "Handling"), title);
	if (tlp > package->tlp)
		package->tlp = tlp;
	for (; intent != NULL; intent = xml_tree_sibling(intent))
		package->is_watchlist |= slice_starts_with(xml_tree_text(intent), "Indicators");
	if (title.size > 0)
		package->title = arena_copy(&reader->kept, stix1_context_title(title));
	if (title.size > 0 && package->title.data == NULL)
		return -ENOMEM;

	const struct xml_node *source = xml_tree_child(header, "Information_Source");
	return source != NULL ? stix1_context_creator(reader, source, &package->creator) : 0;
}
