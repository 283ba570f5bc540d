#include "loader/taxii1_listing.h"

#include <errno.h>

static const char xml_binding[] = "urn:taxii.mitre.org:message:xml:1.1";

bool taxii1_listing_is_true(struct slice text)
{
	return slice_is(text, "true") || slice_is(text, "1");
}

static int copy_slice(struct taxii1_message *message, struct slice text, struct slice *ret_copy)
{
	*ret_copy = arena_copy(&message->arena, text);
	return ret_copy->data != NULL ? 0 : -ENOMEM;
}

// Over HTTP, and in the binding that this client speaks? What is not told is taken to be.
static bool is_usable(const struct xml_node *service)
{
	const struct xml_node *binding = xml_tree_child(service, "Message_Binding");
	struct slice protocol = xml_tree_child_text(service, "Protocol_Binding");

	if (protocol.size > 0 && !slice_is(protocol, "urn:taxii.mitre.org:protocol:http:1.0") &&
	    !slice_is(protocol, "urn:taxii.mitre.org:protocol:https:1.0"))
		return false;
	if (binding == NULL)
		return true;
	for (; binding != NULL; binding = xml_tree_sibling(binding))
		if (slice_is(xml_tree_text(binding), xml_binding))
			return true;
	return false;
}

int taxii1_listing_service(struct taxii1_message *message, const struct xml_node *node)
{
	struct slice available = xml_tree_attribute(node, "available");
	struct taxii1_service *service;

	if (message->service_count == TAXII1_SERVICES_MAX)
		return 0;
	service = arena_allocate(&message->arena, sizeof(*service));
	if (service == NULL)
		return -ENOMEM;
	*service = (struct taxii1_service){
		.is_usable = (available.size == 0 || taxii1_listing_is_true(available)) &&
	                     is_usable(node),
		.next = message->services,
	};
	message->services = service;
	message->service_count++;
	int error = copy_slice(message, xml_tree_attribute(node, "service_type"), &service->type);
	return error == 0 ? copy_slice(message, xml_tree_child_text(node, "Address"),
	                               &service->address)
	                  : error;
}

int taxii1_listing_collection(struct taxii1_message *message, const struct xml_node *node)
{
	const struct xml_node *poll = xml_tree_child(node, "Polling_Service");
	struct slice available = xml_tree_attribute(node, "available");
	struct taxii1_collection *collection;

	if (message->collection_count == TAXII1_COLLECTIONS_MAX)
		return 0;
	while (poll != NULL && !is_usable(poll))
		poll = xml_tree_sibling(poll);
	collection = arena_allocate(&message->arena, sizeof(*collection));
	if (collection == NULL)
		return -ENOMEM;
	*collection = (struct taxii1_collection){
		.is_data_set = slice_is(xml_tree_attribute(node, "collection_type"), "DATA_SET"),
		.is_available = available.size == 0 || taxii1_listing_is_true(available),
		.next = message->collections,
	};
	message->collections = collection;
	message->collection_count++;
	int error = copy_slice(message, xml_tree_attribute(node, "collection_name"),
	                       &collection->name);
	if (error == 0)
		error = copy_slice(message, xml_tree_child_text(node, "Description"),
		                   &collection->description);
	if (error == 0)
		error = copy_slice(message, xml_tree_child_text(poll, "Address"),
		                   &collection->poll_address);
	return error;
}
