// Finding a collection: by discovery, by collection management, or as the configuration has it.
#include <errno.h>

#include "base/buffer.h"
#include "loader/http_url.h"
#include "loader/taxii1.h"

static void pass_on(struct report *report, const struct report *heard)
{
	for (unsigned i = 0; i < heard->reason_count; i++) {
		const struct report_reason *reason = &heard->reasons[i];

		report_note(report, reason->reason, slice_text(reason->examples[0].object), "%s",
		            reason->examples[0].detail);
	}
}

// What a question to a service of unknown kind gave: -EBADMSG says that it is another kind, which
// nobody needs to be told.
static int ask_quietly(struct taxii1 *taxii, const char *url, struct buffer *request,
                       enum taxii1_kind wanted, struct taxii1_message *ret_message)
{
	struct report unheard = {0};
	struct taxii1 quiet = *taxii;
	int error;

	quiet.report = &unheard;
	error = taxii1_ask(&quiet, url, request, ret_message, NULL);
	if (error == 0 && ret_message->kind != wanted) {
		taxii1_message_close(ret_message);
		error = -EBADMSG;
	}
	if (error != 0 && error != -EBADMSG)
		pass_on(taxii->report, &unheard);
	report_clear(&unheard);
	return error;
}

static int copy_url(struct taxii1 *taxii, struct slice address, struct taxii1_target *target)
{
	struct buffer reference = {0};
	struct buffer url = {0};
	int error;

	buffer_append_slice(&reference, address);
	buffer_append_byte(&reference, '\0');
	error = reference.failed ? -ENOMEM
	                         : http_url_join(taxii->fetch->source->address,
	                                         (const char *)reference.data, &url);
	if (error == 0) {
		target->url = (const char *)arena_copy(&target->arena, buffer_slice(&url)).data;
		error = target->url != NULL ? 0 : -ENOMEM;
	} else if (error == -EINVAL) {
		report_note(taxii->report, "address of a service is no URL", address, "%s", "");
		error = -EBADMSG;
	}
	buffer_close(&reference);
	buffer_close(&url);
	return error;
}

static struct slice service_address(const struct taxii1_message *discovery, const char *type)
{
	for (const struct taxii1_service *service = discovery->services; service != NULL;
	     service = service->next)
		if (service->is_usable && slice_is(service->type, type))
			return service->address;
	return slice_text("");
}

static void tell_collections(const struct taxii1_message *message, struct buffer *text)
{
	if (text == NULL)
		return;
	buffer_format(text, "collections: %u\n", message->collection_count);
	for (const struct taxii1_collection *collection = message->collections; collection != NULL;
	     collection = collection->next)
		buffer_format(text, "  %.*s  (%s%s)\n", SLICE_FORMAT(collection->name),
		              collection->is_data_set ? "data set" : "data feed",
		              collection->is_available ? "" : ", not available");
}

// The one of that name, or the only one.
static const struct taxii1_collection *choose(struct taxii1 *taxii,
                                              const struct taxii1_message *message)
{
	const char *wanted = taxii->fetch->source->collection;
	const struct taxii1_collection *found = NULL;
	unsigned count = 0;

	for (const struct taxii1_collection *collection = message->collections; collection != NULL;
	     collection = collection->next) {
		if (wanted != NULL ? !slice_is(collection->name, wanted)
		                   : !collection->is_available)
			continue;
		found = collection;
		count++;
	}
	if (count == 1)
		return found;
	report_note(taxii->report, "no such collection", slice_text(wanted != NULL ? wanted : ""),
	            "%u of %u fit", count, message->collection_count);
	return NULL;
}

// From what collection management says. `poll_address`: of a poll service for those that tell none.
static int find_in_collections(struct taxii1 *taxii, const struct taxii1_message *message,
                               struct slice poll_address, struct taxii1_target *target)
{
	const struct taxii1_collection *collection = choose(taxii, message);

	if (collection == NULL)
		return -ENOENT;
	target->collection = (const char *)arena_copy(&target->arena, collection->name).data;
	if (target->collection == NULL)
		return -ENOMEM;
	if (collection->poll_address.size > 0)
		poll_address = collection->poll_address;
	if (poll_address.size == 0) {
		report_note(taxii->report, "collection cannot be polled", collection->name, "%s",
		            "");
		return -ENOENT;
	}
	return copy_url(taxii, poll_address, target);
}

// The source's address is that of a poll service: the collection must be known.
static int find_by_configuration(struct taxii1 *taxii, struct taxii1_target *target)
{
	const struct source_config *source = taxii->fetch->source;

	if (source->collection == NULL) {
		report_note(taxii->report, "no collection", slice_text(source->name), "%s",
		            "the address is of no discovery or collection management service");
		return -ENOENT;
	}
	target->url = (const char *)arena_copy(&target->arena, slice_text(source->address)).data;
	target->collection =
		(const char *)arena_copy(&target->arena, slice_text(source->collection)).data;
	return target->url != NULL && target->collection != NULL ? 0 : -ENOMEM;
}

// Asks the collection management service at `url`. -EBADMSG: there is none.
static int find_by_management(struct taxii1 *taxii, const char *url, struct slice poll_address,
                              struct buffer *text, struct taxii1_target *target)
{
	struct taxii1_message collections;
	struct buffer request = {0};
	int error;

	taxii1_request_collections(&request);
	error = ask_quietly(taxii, url, &request, TAXII1_COLLECTIONS, &collections);
	if (error != 0)
		return error;
	tell_collections(&collections, text);
	error = find_in_collections(taxii, &collections, poll_address, target);
	taxii1_message_close(&collections);
	return error;
}

static int find_by_discovery(struct taxii1 *taxii, const struct taxii1_message *discovery,
                             struct buffer *text, struct taxii1_target *target)
{
	struct slice management = service_address(discovery, "COLLECTION_MANAGEMENT");
	struct slice poll = service_address(discovery, "POLL");
	int error = -EBADMSG;

	if (text != NULL)
		buffer_format(text, "services: %u\n", discovery->service_count);
	if (management.size > 0) {
		error = copy_url(taxii, management, target);
		if (error == 0)
			error = find_by_management(taxii, target->url, poll, text, target);
	}
	if (error != -EBADMSG || poll.size == 0)
		return error;
	error = find_by_configuration(taxii, target);
	return error == 0 ? copy_url(taxii, poll, target) : error;
}

static int find(struct taxii1 *taxii, struct buffer *text, struct taxii1_target *target)
{
	const char *address = taxii->fetch->source->address;
	struct taxii1_message discovery;
	struct buffer request = {0};
	int error;

	taxii1_request_discovery(&request);
	error = ask_quietly(taxii, address, &request, TAXII1_DISCOVERY, &discovery);
	if (error == 0) {
		error = find_by_discovery(taxii, &discovery, text, target);
		taxii1_message_close(&discovery);
		return error;
	}
	if (error == -EBADMSG)
		error = find_by_management(taxii, address, slice_text(""), text, target);
	return error == -EBADMSG ? find_by_configuration(taxii, target) : error;
}

int taxii1_target_find(struct taxii1 *taxii, struct buffer *text, struct taxii1_target *ret_target)
{
	struct taxii1_target target = {0};
	int error = find(taxii, text, &target);

	if (error == 0)
		*ret_target = target;
	else
		taxii1_target_close(&target);
	return error;
}

void taxii1_target_close(struct taxii1_target *target)
{
	arena_close(&target->arena);
	*target = (struct taxii1_target){0};
}
