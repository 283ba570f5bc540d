// Handling: what a package or an indicator says about sharing it (Data Marking 1.x; TLP, and what
// AIS made of it).
#include "loader/stix1.h"

#include "loader/markings.h"

// The strictest colour of a structure, whatever element says it.
static enum tlp tlp_of_structure(const struct xml_node *structure)
{
	static const char *const names[] = {"TLPMarking", "TLP"};
	enum tlp strictest = markings_tlp_by_name(xml_tree_attribute(structure, "color"));

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct xml_node *found = xml_tree_find(structure, names[i]);
		enum tlp tlp = markings_tlp_by_name(xml_tree_attribute(found, "color"));

		if (tlp > strictest)
			strictest = tlp;
	}
	return strictest;
}

// The usual paths say "this and all below". Others are taken to say the same: a range must never
// become wider.
static bool is_of_everything(struct slice path)
{
	return path.size == 0 || slice_starts_with(path, "//node()") ||
	       slice_starts_with(path, "../../../descendant-or-self::node()") ||
	       slice_starts_with(path, "../../../../descendant-or-self::node()");
}

enum tlp stix1_marking_tlp(struct stix1_reader *reader, const struct xml_node *handling,
                           struct slice object)
{
	const struct xml_node *marking = xml_tree_child(handling, "Marking");
	enum tlp strictest = TLP_NONE;

	for (; marking != NULL; marking = xml_tree_sibling(marking)) {
		struct slice path = xml_tree_child_text(marking, "Controlled_Structure");
		const struct xml_node *structure = xml_tree_child(marking, "Marking_Structure");

		if (!is_of_everything(path))
			report_add(&reader->feed->summary->report,
			           &(struct problem){
					   .reason = "marking of a part taken for the whole",
					   .consequence = "kept, as strict as its strictest part",
					   .object = object,
					   .detail = path,
					   .line = marking->line,
				   });
		for (; structure != NULL; structure = xml_tree_sibling(structure)) {
			enum tlp tlp = tlp_of_structure(structure);

			if (tlp > strictest)
				strictest = tlp;
		}
	}
	return strictest;
}
