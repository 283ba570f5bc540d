#include "loader/mail_part.h"

#include <string.h>

enum { BOUNDARY_BYTES_MAX = MAIL_VALUE_BYTES_MAX + 2 };

// A part that holds others, being gone through.
struct container {
	char boundary[BOUNDARY_BYTES_MAX]; // "--" and the boundary
	size_t boundary_size;
	struct slice rest;   // behind the boundary last seen
	bool has_begun;      // the first boundary was seen
	bool is_ended;       // the closing one was
	bool is_alternative; // the parts are the same content, the plainest first
	bool has_plain;      // of an alternative: text/plain was seen
};

struct walk {
	struct slice name;
	struct report *report;
	mail_part_fn *visit;
	void *context;
	unsigned part_count;
	unsigned depth; // containers on the stack
	struct container stack[MAIL_DEPTH_MAX];
};

static void tell(const struct walk *walk, const char *reason, const char *consequence)
{
	report_add(walk->report, &(struct problem){
					 .reason = reason,
					 .consequence = consequence,
					 .object = walk->name,
				 });
}

// Is `line` the container's boundary (RFC 2046, section 5.1.1)? Then *ret_is_last says whether the
// closing one.
static bool is_boundary(const struct container *container, struct slice line, bool *ret_is_last)
{
	struct slice behind = slice_from(line, container->boundary_size);

	if (line.size < container->boundary_size ||
	    memcmp(line.data, container->boundary, container->boundary_size) != 0)
		return false;

	bool is_last = slice_starts_with(behind, "--");
	*ret_is_last = is_last;
	return slice_trim(is_last ? slice_from(behind, 2) : behind).size == 0;
}

// The line end before a boundary belongs to the boundary.
static struct slice without_line_end(struct slice part)
{
	if (slice_ends_with(part, "\n"))
		part.size--;
	if (slice_ends_with(part, "\r"))
		part.size--;
	return part;
}

// Takes what lies before the next boundary off container->rest. False when there is none: then it
// is all that is left.
static bool take_part(struct container *container, struct slice *ret_part)
{
	struct slice rest = container->rest;
	size_t offset = 0;

	while (offset < rest.size) {
		struct slice line = slice_from(rest, offset);
		size_t size = slice_find(line, '\n');
		bool is_last;

		if (is_boundary(container, slice_first(line, size), &is_last)) {
			*ret_part = without_line_end(slice_first(rest, offset));
			container->rest = slice_from(line, size + 1);
			container->is_ended = is_last;
			return true;
		}
		offset += size < line.size ? size + 1 : size;
	}
	*ret_part = rest;
	container->is_ended = true;
	return false;
}

static void enter_container(struct walk *walk, const struct mail_header *header, struct slice body)
{
	char boundary[MAIL_VALUE_BYTES_MAX];
	size_t size = mail_header_parameter(header->content_type, "boundary", boundary);

	if (size == 0) {
		tell(walk, "multipart mail without a boundary", NULL);
		return;
	}
	if (walk->depth == MAIL_DEPTH_MAX) {
		tell(walk, "parts of a mail nested too deeply", NULL);
		return;
	}

	struct container *container = &walk->stack[walk->depth++];
	*container = (struct container){
		.boundary = "--",
		.boundary_size = size + 2,
		.rest = body,
		.is_alternative = mail_header_is(header->content_type, "multipart/alternative"),
	};
	memcpy(container->boundary + 2, boundary, size);
}

static int visit_part(struct walk *walk, const struct mail_header *header, struct slice body,
                      bool is_cut)
{
	struct container *outer = walk->depth > 0 ? &walk->stack[walk->depth - 1] : NULL;
	bool is_plain = header->content_type.size == 0 ||
	                mail_header_is(header->content_type, "text/plain");
	const struct mail_part part = {
		.header = *header,
		.body = body,
		.number = ++walk->part_count,
		.has_plain = outer != NULL && outer->is_alternative && outer->has_plain,
		.is_cut = is_cut,
	};

	if (walk->part_count > MAIL_PARTS_MAX) {
		if (walk->part_count == MAIL_PARTS_MAX + 1)
			tell(walk, "too many parts in a mail", NULL);
		return 0;
	}
	if (outer != NULL)
		outer->has_plain |= is_plain;
	return walk->visit(walk->context, &part);
}

// A message or a part: a container goes onto the stack, what it holds comes later.
static int enter(struct walk *walk, struct slice entity, bool is_cut)
{
	struct mail_header header;
	struct slice body = slice_from(entity, mail_header_read(entity, &header));

	for (unsigned i = 0; mail_header_is(header.content_type, "message/rfc822"); i++) {
		if (i == MAIL_DEPTH_MAX) {
			tell(walk, "parts of a mail nested too deeply", NULL);
			return 0;
		}
		body = slice_from(body, mail_header_read(body, &header));
	}
	if (mail_header_is(header.content_type, "multipart/*")) {
		enter_container(walk, &header, body);
		return 0;
	}
	return visit_part(walk, &header, body, is_cut);
}

static int step(struct walk *walk, struct container *container)
{
	struct slice part;
	bool is_whole = take_part(container, &part);

	if (!container->has_begun) { // what stands before the first boundary is no part
		container->has_begun = true;
		if (!is_whole)
			tell(walk, "multipart mail in which its boundary is not found", NULL);
		return 0;
	}
	if (!is_whole)
		tell(walk, "mail ends within a part", "read to its end");
	return enter(walk, part, !is_whole);
}

int mail_part_each(struct slice message, struct slice name, struct report *report,
                   mail_part_fn *visit, void *context)
{
	struct walk walk = {
		.name = name,
		.report = report,
		.visit = visit,
		.context = context,
	};
	int error = enter(&walk, message, false);

	while (error == 0 && walk.depth > 0) {
		struct container *container = &walk.stack[walk.depth - 1];

		if (container->is_ended)
			walk.depth--;
		else
			error = step(&walk, container);
	}
	return error;
}
