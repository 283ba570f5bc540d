// OpenIOC 1.0 and 1.1: indicators of compromise as trees of AND and OR over host and network
// artefacts. One document is one indicator; what a network sensor sees of it are its values.
#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "loader/intake.h"
#include "loader/openioc_item.h"
#include "loader/reader.h"
#include "loader/screening.h"
#include "loader/versioned.h"
#include "loader/xml_tree.h"

enum { VALUE_TEXT_BYTES_MAX = 2048, UUID_SIZE = 36 };

struct openioc_reader {
	struct feed *feed;
	struct versioned versioned;
	struct arena arena;   // of the document at hand
	struct buffer values; // const struct candidate *, of it
	struct slice id;      // of it
	uint64_t document_count;
};

static void tell(struct openioc_reader *reader, const struct xml_node *node, const char *reason,
                 const char *consequence, struct slice detail)
{
	report_add(&reader->feed->summary->report, &(struct problem){
							   .reason = reason,
							   .consequence = consequence,
							   .object = reader->id,
							   .detail = detail,
							   .line = node->line,
						   });
}

// Some tools leave the content empty and write the value where the item's id belongs.
static struct slice value_of(struct openioc_reader *reader, const struct xml_node *item)
{
	struct slice content = xml_tree_child_text(item, "Content");
	struct slice id = xml_tree_attribute(item, "id");
	bool is_uuid = id.size == UUID_SIZE && id.data[8] == '-' && id.data[13] == '-';

	if (content.size > 0 || id.size == 0 || is_uuid)
		return content;
	tell(reader, item, "item without content: its id taken for it", "kept", id);
	return id;
}

static int add_item(struct openioc_reader *reader, const struct xml_node *item)
{
	struct slice search = xml_tree_attribute(xml_tree_child(item, "Context"), "search");
	struct candidate *value = arena_allocate(&reader->arena, sizeof(*value));
	const char *reason;

	if (value == NULL)
		return -ENOMEM;
	*value = (struct candidate){.text = value_of(reader, item), .line = item->line};
	int result = openioc_item_read(item, search, &reader->arena, value, &reason);
	if (result < 0)
		return result;
	if (result == 0 && slice_ends_with(slice_text(reason), SCREENING_HELD))
		screening_hold(reader->feed->options->screening, reader->id, value->text, reason);
	if (result == 0)
		tell(reader, item, reason, "that item is skipped", search);
	else
		buffer_append(&reader->values, &value, sizeof(value));
	return reader->values.failed ? -ENOMEM : 0;
}

static bool is_part(const struct xml_node *node)
{
	return slice_is(node->name, "Indicator") || slice_is(node->name, "IndicatorItem");
}

static unsigned part_count(const struct xml_node *indicator)
{
	unsigned count = 0;

	for (const struct xml_node *child = indicator->children; child; child = child->next)
		count += is_part(child);
	return count;
}

// Recursion is as deep as the XML, which its reader bounds.
static int add_parts(struct openioc_reader *reader, const struct xml_node *indicator)
{
	bool has_or = slice_is(xml_tree_attribute(indicator, "operator"), "OR") ||
	              slice_is(xml_tree_attribute(indicator, "operator"), "or");
	int error = 0;

	if (!has_or && part_count(indicator) > 1) {
		const struct xml_node *first = xml_tree_find(indicator, "Context");

		tell(reader, indicator, "AND: not matchable yet", "that part is skipped",
		     xml_tree_attribute(first, "search"));
		return 0;
	}
	for (const struct xml_node *child = indicator->children; child != NULL && error == 0;
	     child = child->next) {
		if (slice_is(child->name, "IndicatorItem"))
			error = add_item(reader, child);
		else if (slice_is(child->name, "Indicator"))
			error = add_parts(reader, child);
	}
	return error;
}

// The links of that kind, as a list in the arena.
static int read_links(struct openioc_reader *reader, const struct xml_node *links,
                      const char *const kinds[], struct slice *ret_list)
{
	const struct xml_node *link = xml_tree_child(links, "link");
	struct buffer list = {0};

	for (; link != NULL; link = xml_tree_sibling(link)) {
		struct slice text = xml_tree_text(link);

		for (size_t i = 0; kinds[i] != NULL && text.size > 0; i++) {
			if (!slice_is(xml_tree_attribute(link, "rel"), kinds[i]))
				continue;
			if (list.size > 0)
				buffer_append_byte(&list, '\n');
			for (size_t j = 0; j < text.size; j++)
				buffer_append_byte(&list,
				                   text.data[j] == '\n' ? ' ' : text.data[j]);
		}
	}
	*ret_list = arena_copy(&reader->arena, buffer_slice(&list));
	bool is_failed = list.failed || ret_list->data == NULL;
	buffer_close(&list);
	return is_failed ? -ENOMEM : 0;
}

// The values as the document has them, joined.
static int join_values(struct openioc_reader *reader, struct slice *ret_text)
{
	const struct candidate *const *values = (const void *)reader->values.data;
	size_t count = reader->values.size / sizeof(values[0]);
	struct buffer text = {0};

	for (size_t i = 0; i < count; i++) {
		if (text.size + values[i]->text.size > VALUE_TEXT_BYTES_MAX) {
			buffer_append_text(&text, text.size > 0 ? " OR ..." : "...");
			break;
		}
		if (i > 0)
			buffer_append_text(&text, " OR ");
		buffer_append_slice(&text, values[i]->text);
	}
	*ret_text = arena_copy(&reader->arena, buffer_slice(&text));
	bool is_failed = text.failed || ret_text->data == NULL;
	buffer_close(&text);
	return is_failed ? -ENOMEM : 0;
}

static int fill_record(struct openioc_reader *reader, const struct xml_node *document,
                       struct indicator *record)
{
	static const char *const types[] = {"category", "threatcategory", NULL};
	static const char *const groups[] = {"threatgroup", "family", NULL};
	static const char *const reports[] = {"report", NULL};
	const struct xml_node *metadata = xml_tree_child(document, "metadata"); // 1.1
	const struct xml_node *about = metadata != NULL ? metadata : document;
	const struct xml_node *links = xml_tree_child(about, "links");

	record->id = reader->id;
	record->name = slice_first(xml_tree_child_text(about, "short_description"), 1024);
	record->created_by = xml_tree_child_text(about, "authored_by");
	xml_tree_time(xml_tree_child_text(about, "authored_date"), &record->created_ns);
	xml_tree_time(xml_tree_attribute(document, "last-modified"), &record->modified_ns);
	if (record->modified_ns == TIMESTAMP_MIN)
		record->modified_ns = record->created_ns;
	int error = read_links(reader, links, types, &record->threat_types);
	if (error == 0)
		error = read_links(reader, links, groups, &record->labels);
	if (error == 0)
		error = read_links(reader, links, reports, &record->report_names);
	return error == 0 ? join_values(reader, &record->value) : error;
}

static int read_document(struct openioc_reader *reader, const struct xml_node *document)
{
	const struct xml_node *definition = xml_tree_child(document, "definition"); // 1.0
	const struct xml_node *criteria = xml_tree_child(document, "criteria");     // 1.1
	const struct xml_node *indicator =
		xml_tree_child(definition != NULL ? definition : criteria, "Indicator");
	struct indicator record = reader_new_indicator(reader->feed);
	int error = 0;

	reader->feed->summary->objects++;
	reader->document_count++;
	reader->id = xml_tree_attribute(document, "id");
	buffer_clear(&reader->values);
	if (reader->id.size == 0) {
		tell(reader, document, "indicator without an id", NULL,
		     xml_tree_child_text(document, "short_description"));
		return 0;
	}
	for (; indicator != NULL && error == 0; indicator = xml_tree_sibling(indicator))
		error = add_parts(reader, indicator);
	if (error == 0)
		error = fill_record(reader, document, &record);
	if (error != 0)
		return error;
	if (reader->values.size == 0)
		tell(reader, document, "nothing in it is visible on a network", NULL, record.name);
	if (!versioned_is_news(&reader->versioned, &record))
		return 0;
	return versioned_add(&reader->versioned, &record, (const void *)reader->values.data,
	                     reader->values.size / sizeof(const struct candidate *));
}

static int read_tree(struct openioc_reader *reader, struct xml_reader *xml)
{
	struct xml_node *document;
	int error = xml_tree_read(xml, &reader->arena, &document);

	if (error == 0) {
		error = read_document(reader, document);
	} else if (error == -EFBIG) {
		reader->feed->summary->objects++;
		report_add(&reader->feed->summary->report,
		           &(struct problem){
				   .reason = "object larger than 16 MB",
				   .line = xml_reader_line(xml),
			   });
		error = 0;
	}
	arena_reset(&reader->arena);
	return error;
}

static int read_all(struct openioc_reader *reader, struct xml_reader *xml)
{
	enum xml_event event;
	int error;

	while ((error = xml_reader_next(xml, &event)) == 0) {
		if (event == XML_END_OF_DOCUMENT)
			return 0;
		if (event == XML_ELEMENT && (slice_is(xml_reader_name(xml), "ioc") ||
		                             slice_is(xml_reader_name(xml), "OpenIOC")))
			error = read_tree(reader, xml);
		if (error != 0)
			break;
	}
	if (error != -EBADMSG)
		return error;
	report_add(&reader->feed->summary->report,
	           &(struct problem){
			   .reason = "broken XML",
			   .consequence = "what came before is kept",
			   .detail = slice_text(xml_reader_error(xml)),
			   .line = xml_reader_line(xml),
		   });
	return reader->document_count > 0 ? 0 : -EBADMSG;
}

static int openioc_read(struct feed *feed)
{
	AUTO(xml_reader) xml = NULL;
	struct openioc_reader reader = {.feed = feed, .versioned.feed = feed};

	int error = xml_reader_create(feed->input, &xml);
	if (error != 0)
		return error;
	error = read_all(&reader, xml);
	arena_close(&reader.arena);
	buffer_close(&reader.values);
	if (error != 0 || reader.document_count > 0)
		return error;
	report_note(&feed->summary->report, "no OpenIOC document in it", slice_text(""), "%s", "");
	return -EBADMSG;
}

static bool openioc_recognises(struct slice head)
{
	static const char *const names[] = {"schemas.mandiant.com", "openioc.org/schemas",
	                                    "<OpenIOC"};
	struct slice text = head;

	text = utf8_skip_mark(text);
	if (!slice_starts_with(slice_trim(text), "<"))
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (memmem(text.data, text.size, names[i], strlen(names[i])) != NULL)
			return true;
	return false;
}

const struct reader_ops read_openioc = {
	.format = FEED_OPENIOC,
	.name = "OpenIOC",
	.recognises = openioc_recognises,
	.read = openioc_read,
	.is_unmistakable = true,
};
