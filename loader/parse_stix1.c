// STIX 1.0 to 1.2 XML with CybOX 2: packages, one inside the other, in TAXII 1.1 content blocks, or
// observables alone.
#include <errno.h>
#include <string.h>

#include "loader/stix1.h"
#include "base/utf8.h"

enum { HEAD_SEARCH_BYTES = 64 * 1024 };

static void tell_element(struct stix1_reader *reader, const char *reason, const char *consequence,
                         struct slice detail)
{
	report_add(&reader->feed->summary->report,
	           &(struct problem){
			   .reason = reason,
			   .consequence = consequence,
			   .object = xml_reader_attribute(reader->xml, "id"),
			   .detail = detail,
			   .line = xml_reader_line(reader->xml),
		   });
}

static int enter_package(struct stix1_reader *reader)
{
	const struct stix1_package *outer = reader->package;
	struct stix1_package *package;
	unsigned count = 0;

	reader->object_count++;
	for (; outer != NULL; outer = outer->outer)
		count++;
	if (count == STIX1_PACKAGES_MAX) {
		tell_element(reader, "packages nested too deep",
		             "read, with what the outer one says", slice_text(""));
		return 0;
	}
	package = arena_allocate(&reader->kept, sizeof(*package));
	if (package == NULL)
		return -ENOMEM;
	*package = (struct stix1_package){
		.outer = reader->package,
		.depth = xml_reader_depth(reader->xml),
	};
	reader->package = package;
	return 0;
}

static void leave_element(struct stix1_reader *reader)
{
	if (reader->package != NULL && xml_reader_depth(reader->xml) == reader->package->depth)
		reader->package = (struct stix1_package *)reader->package->outer;
}

// Everything kept is forgotten but the packages that are open, which are made anew.
static int forget_kept(struct stix1_reader *reader)
{
	struct stix1_package open[STIX1_PACKAGES_MAX];
	unsigned count = 0;

	for (const struct stix1_package *package = reader->package; package != NULL;
	     package = package->outer) {
		open[count] = *package;
		open[count].title = arena_copy(&reader->scratch, package->title);
		open[count].creator = arena_copy(&reader->scratch, package->creator);
		if (open[count].title.data == NULL || open[count].creator.data == NULL)
			return -ENOMEM;
		count++;
	}
	arena_reset(&reader->kept);
	stix1_index_close(&reader->index);
	reader->first_pending = reader->last_pending = NULL;
	reader->package = NULL;
	while (count-- > 0) {
		struct stix1_package *package = arena_allocate(&reader->kept, sizeof(*package));

		if (package == NULL)
			return -ENOMEM;
		*package = open[count];
		package->outer = reader->package;
		package->title = arena_copy(&reader->kept, open[count].title);
		package->creator = arena_copy(&reader->kept, open[count].creator);
		if (package->title.data == NULL || package->creator.data == NULL)
			return -ENOMEM;
		reader->package = package;
	}
	return 0;
}

static int settle_early(struct stix1_reader *reader)
{
	if (reader->kept.total_bytes < STIX1_KEPT_BYTES_MAX)
		return 0;
	tell_element(reader, "a very large package is read in parts",
	             "read, but references between the parts are not found", slice_text(""));
	int error = stix1_settle(reader);
	return error == 0 ? forget_kept(reader) : error;
}

static int read_observable(struct stix1_reader *reader, const struct xml_node *observable)
{
	reader->feed->summary->objects++;
	reader->object_count++;
	return stix1_observable_read(reader, observable);
}

// What is taken as a tree, wherever it stands; what is not named here is gone through.
static const struct {
	const char *element;
	int (*read)(struct stix1_reader *reader, const struct xml_node *tree);
} trees[] = {
	{"Header", stix1_context_header}, {"Indicator", stix1_indicator_read},
	{"Observable", read_observable},  {"STIX_Header", stix1_context_header},
	{"TTP", stix1_context_ttp},
};

static int read_tree(struct stix1_reader *reader, size_t kind)
{
	struct xml_node *root;
	int error = xml_tree_read(reader->xml, &reader->scratch, &root);

	if (error == -EFBIG) {
		reader->feed->summary->objects++;
		tell_element(reader, "object larger than 16 MB", "skipped",
		             slice_text(trees[kind].element));
		error = 0;
	} else if (error == 0) {
		reader->list_items = 0;
		error = trees[kind].read(reader, root);
	}
	if (error == 0)
		error = settle_early(reader);
	arena_reset(&reader->scratch);
	return error;
}

// References are followed from where they count; what only repeats an id is nothing by itself.
static bool is_reference(const struct stix1_reader *reader)
{
	return xml_reader_attribute(reader->xml, "idref").size > 0;
}

static bool is_child_of_package(const struct stix1_reader *reader)
{
	return reader->package != NULL &&
	       xml_reader_depth(reader->xml) == reader->package->depth + 1;
}

static int read_element(struct stix1_reader *reader)
{
	struct slice name = xml_reader_name(reader->xml);

	if (slice_is(name, "STIX_Package") || slice_is(name, "Package") ||
	    (slice_is(name, "Report") && !is_reference(reader)))
		return enter_package(reader);
	for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++)
		if (slice_is(name, trees[i].element) && !is_reference(reader) &&
		    (trees[i].read != stix1_context_header || is_child_of_package(reader)))
			return read_tree(reader, i);
	return 0;
}

static int read_document(struct stix1_reader *reader)
{
	enum xml_event event;
	int error;

	while ((error = xml_reader_next(reader->xml, &event)) == 0) {
		if (event == XML_END_OF_DOCUMENT)
			return 0;
		if (event == XML_ELEMENT)
			error = read_element(reader);
		else if (event == XML_ELEMENT_END)
			leave_element(reader);
		if (error != 0)
			return error;
	}
	return error;
}

// What came before the damage stays.
static int tell_broken(struct stix1_reader *reader)
{
	report_add(&reader->feed->summary->report,
	           &(struct problem){
			   .reason = "broken XML",
			   .consequence =
				   "what came before is kept, but for the last few hundred bytes",
			   .detail = slice_text(xml_reader_error(reader->xml)),
			   .line = xml_reader_line(reader->xml),
		   });
	return reader->object_count > 0 ? 0 : -EBADMSG;
}

static int stix1_read(struct feed *feed)
{
	AUTO(xml_reader) xml = NULL;
	struct stix1_reader reader = {.feed = feed, .versioned.feed = feed};

	int error = xml_reader_create(feed->input, &xml);
	if (error != 0)
		return error;
	reader.xml = xml;
	error = read_document(&reader);
	if (error == -EBADMSG)
		error = tell_broken(&reader);
	if (error == 0)
		error = stix1_settle(&reader);
	arena_close(&reader.scratch);
	arena_close(&reader.kept);
	stix1_index_close(&reader.index);
	if (error != 0 || reader.object_count > 0)
		return error;
	report_note(&feed->summary->report, "no STIX package in it", slice_text(""), "%s", "");
	return -EBADMSG;
}

static bool contains(struct slice head, const char *text)
{
	return head.size > 0 && memmem(head.data, head.size, text, strlen(text)) != NULL;
}

static bool stix1_recognises(struct slice head)
{
	struct slice text = head;

	text = utf8_skip_mark(text);
	text = slice_trim(slice_first(text, HEAD_SEARCH_BYTES));
	return slice_starts_with(text, "<") &&
	       (contains(text, "STIX_Package") || contains(text, "http://cybox.mitre.org/cybox-2"));
}

const struct reader_ops read_stix1 = {
	.format = FEED_STIX1,
	.name = "STIX 1",
	.recognises = stix1_recognises,
	.read = stix1_read,
	.is_unmistakable = true,
};
