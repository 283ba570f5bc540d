// Messages of a TAXII 1.1 client (XML Message Binding, sections 3.1, 3.3, 3.9 and 3.12).
#include <inttypes.h>
#include <sys/random.h>

#include "base/buffer.h"
#include "base/timestamp.h"
#include "loader/taxii1.h"

#define NAME_SPACE "xmlns:t=\"http://taxii.mitre.org/messages/taxii_xml_binding-1.1\""

// Unlike any other message of this client: that is all it is for.
static void append_message_id(struct buffer *request)
{
	uint64_t id = 0;

	if (getrandom(&id, sizeof(id), GRND_NONBLOCK) < 0)
		id = (uint64_t)(uintptr_t)request->data;
	buffer_format(request, " message_id=\"%" PRIu64 "\"", id);
}

static void append_attribute(struct buffer *request, const char *name, const char *value)
{
	buffer_format(request, " %s=\"", name);
	for (; *value != '\0'; value++) {
		switch (*value) {
		case '<':
			buffer_append_text(request, "&lt;");
			break;
		case '&':
			buffer_append_text(request, "&amp;");
			break;
		case '"':
			buffer_append_text(request, "&quot;");
			break;
		default:
			buffer_append_byte(request, (uint8_t)*value);
		}
	}
	buffer_append_byte(request, '"');
}

void taxii1_request_discovery(struct buffer *request)
{
	buffer_append_text(request, "<t:Discovery_Request " NAME_SPACE);
	append_message_id(request);
	buffer_append_text(request, "/>");
}

void taxii1_request_collections(struct buffer *request)
{
	buffer_append_text(request, "<t:Collection_Information_Request " NAME_SPACE);
	append_message_id(request);
	buffer_append_text(request, "/>");
}

// Whatever the binding: a server that knows only one would refuse a list of others.
void taxii1_request_poll(const char *collection, int64_t begin_ns, struct buffer *request)
{
	char begin[TIMESTAMP_TEXT_BYTES];

	buffer_append_text(request, "<t:Poll_Request " NAME_SPACE);
	append_message_id(request);
	append_attribute(request, "collection_name", collection);
	buffer_append_byte(request, '>');
	if (begin_ns != TIMESTAMP_MIN) {
		timestamp_format(begin_ns, 6, begin);
		buffer_format(request,
		              "<t:Exclusive_Begin_Timestamp>%s</t:Exclusive_Begin_Timestamp>",
		              begin);
	}
	buffer_append_text(request, "<t:Poll_Parameters allow_asynch=\"false\">"
	                            "<t:Response_Type>FULL</t:Response_Type>"
	                            "</t:Poll_Parameters></t:Poll_Request>");
}

void taxii1_request_part(const char *collection, const char *result_id, uint64_t part,
                         struct buffer *request)
{
	buffer_append_text(request, "<t:Poll_Fulfillment " NAME_SPACE);
	append_message_id(request);
	append_attribute(request, "collection_name", collection);
	append_attribute(request, "result_id", result_id);
	buffer_format(request, " result_part_number=\"%" PRIu64 "\"/>", part);
}
