#include "loader/taxii1_message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/temporary_file.h"
#include "base/timestamp.h"
#include "loader/taxii1_listing.h"

enum { WAIT_MAX_S = 86400 };

struct reading {
	struct xml_reader *xml;
	const struct taxii1_visitor *visitor;
	struct report *report;
	struct taxii1_message *message;
	struct arena scratch;
	EVP_MD_CTX *digest;
	char binding[TAXII1_TEXT_BYTES]; // of the block at hand
};

static void copy_text(struct slice text, char *ret_text, size_t size)
{
	(void)snprintf(ret_text, size, "%.*s", SLICE_FORMAT(slice_first(text, size)));
}

// ---- small parts -----------------------------------------------------------------------------

static int read_service(struct reading *reading, const struct xml_node *node)
{
	return taxii1_listing_service(reading->message, node);
}

static int read_collection(struct reading *reading, const struct xml_node *node)
{
	return taxii1_listing_collection(reading->message, node);
}

static int read_status_text(struct reading *reading, const struct xml_node *node)
{
	copy_text(xml_tree_text(node), reading->message->text, sizeof(reading->message->text));
	return 0;
}

// -1 for what is no wait.
static int64_t read_wait(const char *text)
{
	int64_t wait_s = strtoll(text, NULL, 10);

	if (wait_s < 0)
		return -1;
	return wait_s < WAIT_MAX_S ? wait_s : WAIT_MAX_S;
}

static int read_status_detail(struct reading *reading, const struct xml_node *node)
{
	struct taxii1_message *message = reading->message;
	const struct xml_node *detail = xml_tree_child(node, "Detail");

	for (; detail != NULL; detail = xml_tree_sibling(detail)) {
		struct slice name = xml_tree_attribute(detail, "name");
		char text[TAXII1_TEXT_BYTES];

		copy_text(xml_tree_text(detail), text, sizeof(text));
		if (slice_is(name, "ESTIMATED_WAIT"))
			message->wait_s = read_wait(text);
		else if (slice_is(name, "RESULT_ID"))
			memcpy(message->result_id, text, sizeof(text));
	}
	return 0;
}

static int read_end(struct reading *reading, const struct xml_node *node)
{
	(void)xml_tree_time(xml_tree_text(node), &reading->message->end_ns);
	return 0;
}

static int read_label(struct reading *reading, const struct xml_node *node)
{
	int64_t label_ns;

	if (xml_tree_time(xml_tree_text(node), &label_ns) &&
	    label_ns > reading->message->newest_label_ns)
		reading->message->newest_label_ns = label_ns;
	return 0;
}

static int read_binding(struct reading *reading, const struct xml_node *node)
{
	copy_text(xml_tree_attribute(node, "binding_id"), reading->binding,
	          sizeof(reading->binding));
	return 0;
}

// What is taken as a tree, in which message.
static const struct {
	enum taxii1_kind kind;
	const char *element;
	int (*read)(struct reading *reading, const struct xml_node *node);
} parts[] = {
	{TAXII1_COLLECTIONS, "Collection", read_collection},
	{TAXII1_DISCOVERY, "Service_Instance", read_service},
	{TAXII1_POLL, "Content_Binding", read_binding},
	{TAXII1_POLL, "Inclusive_End_Timestamp", read_end},
	{TAXII1_POLL, "Timestamp_Label", read_label},
	{TAXII1_STATUS, "Message", read_status_text},
	{TAXII1_STATUS, "Status_Detail", read_status_detail},
};

// ---- a block's content -----------------------------------------------------------------------

static bool is_stix(struct slice root)
{
	return slice_is(root, "STIX_Package") || slice_is(root, "Observables");
}

static void tell_content(struct reading *reading, struct slice what)
{
	report_add(reading->report, &(struct problem){
					    .reason = "content block of no known format",
					    .object = slice_text(reading->binding),
					    .detail = what,
					    .line = xml_reader_line(reading->xml),
				    });
}

static int keep_run(const struct reading *reading, int *file, bool *has_text)
{
	struct slice text = xml_reader_text(reading->xml);
	int error = 0;

	if (!*has_text && slice_trim(text).size == 0)
		return 0;
	*has_text = true;
	if (reading->visitor == NULL)
		return 0;
	if (*file < 0)
		error = temporary_file_open(file);
	return error == 0 ? temporary_file_write(*file, text) : error;
}

static int hand_on(struct reading *reading, int file)
{
	if (file < 0)
		return 0;
	if (lseek(file, 0, SEEK_SET) < 0)
		return -errno;
	return reading->visitor->text(reading->visitor->context, file,
	                              slice_text(reading->binding));
}

static int add_to_digest(const struct reading *reading, struct slice text)
{
	return EVP_DigestUpdate(reading->digest, text.data, text.size) == 1 ? 0 : -ENOMEM;
}

static int add_attribute_to_digest(void *context, const struct xml_attribute *attribute)
{
	return add_to_digest(context, attribute->value);
}

// Names, values and texts, however many runs they come in: enough to know it again.
static int add_event_to_digest(struct reading *reading, enum xml_event event)
{
	int error = 0;

	if (event == XML_TEXT)
		return add_to_digest(reading, xml_reader_text(reading->xml));
	if (event != XML_ELEMENT)
		return 0;
	error = add_to_digest(reading, xml_reader_name(reading->xml));
	return error == 0
	               ? xml_reader_each_attribute(reading->xml, add_attribute_to_digest, reading)
	               : error;
}

// Its text may come in several runs (CDATA, escaped), however long. XML is passed over: the reader
// of packages will see it.
static int read_content(struct reading *reading)
{
	unsigned depth = xml_reader_depth(reading->xml);
	enum xml_event event;
	bool has_root = false;
	bool has_text = false;
	int file = -1;
	int error;

	while ((error = xml_reader_next(reading->xml, &event)) == 0) {
		unsigned at = xml_reader_depth(reading->xml);

		if (event == XML_END_OF_DOCUMENT || (event == XML_ELEMENT_END && at <= depth))
			break;
		error = add_event_to_digest(reading, event);
		if (error != 0)
			break;
		if (event == XML_ELEMENT && at == depth + 1) {
			has_root = true;
			if (is_stix(xml_reader_name(reading->xml)))
				reading->message->package_count++;
			else
				tell_content(reading, xml_reader_name(reading->xml));
		}
		if (event == XML_TEXT && !has_root)
			error = keep_run(reading, &file, &has_text);
		if (error != 0)
			break;
	}
	reading->message->text_count += has_text && !has_root;
	if (error == 0 && !has_root)
		error = hand_on(reading, file);
	if (file >= 0)
		(void)close(file);
	return error;
}

// ---- messages --------------------------------------------------------------------------------

static void begin_status(struct reading *reading)
{
	copy_text(xml_reader_attribute(reading->xml, "status_type"), reading->message->status,
	          sizeof(reading->message->status));
}

static void begin_poll(struct reading *reading)
{
	struct taxii1_message *message = reading->message;
	char part[32];

	message->is_more = taxii1_listing_is_true(xml_reader_attribute(reading->xml, "more"));
	copy_text(xml_reader_attribute(reading->xml, "result_id"), message->result_id,
	          sizeof(message->result_id));
	copy_text(xml_reader_attribute(reading->xml, "result_part_number"), part, sizeof(part));
	message->has_part = part[0] != '\0';
	message->part = message->has_part ? strtoull(part, NULL, 10) : 1;
}

static const struct {
	const char *element;
	enum taxii1_kind kind;
	void (*begin)(struct reading *reading); // NULL: its attributes say nothing
} messages[] = {
	{"Collection_Information_Response", TAXII1_COLLECTIONS, NULL},
	{"Discovery_Response", TAXII1_DISCOVERY, NULL},
	{"Poll_Response", TAXII1_POLL, begin_poll},
	{"Status_Message", TAXII1_STATUS, begin_status},
};

static int begin_message(struct reading *reading)
{
	struct slice name = xml_reader_name(reading->xml);

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		if (!slice_is(name, messages[i].element))
			continue;
		reading->message->kind = messages[i].kind;
		if (messages[i].begin != NULL)
			messages[i].begin(reading);
		return 0;
	}
	report_note(reading->report, "not a TAXII 1.1 message", name, "%s", "");
	return -EBADMSG;
}

static int read_part(struct reading *reading, size_t kind)
{
	struct xml_node *tree;
	int error = xml_tree_read(reading->xml, &reading->scratch, &tree);

	if (error == 0)
		error = parts[kind].read(reading, tree);
	arena_reset(&reading->scratch);
	return error == -EFBIG ? 0 : error;
}

static int read_element(struct reading *reading)
{
	enum taxii1_kind kind = reading->message->kind;
	struct slice name = xml_reader_name(reading->xml);

	if (xml_reader_depth(reading->xml) == 0)
		return begin_message(reading);
	if (kind == TAXII1_POLL && slice_is(name, "Content"))
		return read_content(reading);
	if (kind == TAXII1_POLL && slice_is(name, "Content_Block")) {
		reading->message->block_count++;
		reading->binding[0] = '\0';
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].kind == kind && slice_is(name, parts[i].element))
			return read_part(reading, i);
	return 0;
}

static int read_all(struct reading *reading)
{
	enum xml_event event;
	int error;

	while ((error = xml_reader_next(reading->xml, &event)) == 0) {
		if (event == XML_END_OF_DOCUMENT)
			return 0;
		if (event == XML_ELEMENT)
			error = read_element(reading);
		if (error != 0)
			break;
	}
	if (error == -EBADMSG && xml_reader_error(reading->xml)[0] != '\0')
		report_add(reading->report,
		           &(struct problem){
				   .reason = "broken XML in a TAXII message",
				   .detail = slice_text(xml_reader_error(reading->xml)),
				   .line = xml_reader_line(reading->xml),
			   });
	return error;
}

int taxii1_message_read(int file, const struct taxii1_visitor *visitor, struct report *report,
                        struct taxii1_message *ret_message)
{
	AUTO(feed_input) input = NULL;
	AUTO(xml_reader) xml = NULL;
	struct taxii1_message message = {
		.wait_s = -1,
		.end_ns = TIMESTAMP_MIN,
		.newest_label_ns = TIMESTAMP_MIN,
	};

	if (lseek(file, 0, SEEK_SET) < 0)
		return -errno;
	int error = feed_input_open_fd(file, NULL, NULL, &input);
	if (error == 0)
		error = xml_reader_create(input, &xml);
	if (error != 0)
		return error;

	struct reading reading = {
		.xml = xml,
		.visitor = visitor,
		.report = report,
		.message = &message,
		.digest = EVP_MD_CTX_new(),
	};
	error = -ENOMEM;
	if (reading.digest != NULL && EVP_DigestInit_ex(reading.digest, EVP_sha256(), NULL) == 1)
		error = read_all(&reading);
	if (error == 0 && EVP_DigestFinal_ex(reading.digest, message.digest, NULL) != 1)
		error = -ENOMEM;
	EVP_MD_CTX_free(reading.digest);
	arena_close(&reading.scratch);
	if (error == 0)
		*ret_message = message;
	else
		arena_close(&message.arena);
	return error;
}

void taxii1_message_close(struct taxii1_message *message)
{
	arena_close(&message->arena);
}
