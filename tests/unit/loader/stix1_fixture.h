// A piece of STIX 1.x given as text, and the terms that come of it, written out.
#pragma once

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "loader/stix1.h"
#include "tests/unit/unit_test.h"

struct stix1_fixture {
	struct feed_options options;
	struct feed_summary summary;
	struct feed feed;
	struct stix1_reader reader;
	struct arena arena; // of the tree
	const struct xml_node *root;
};

static inline void stix1_fixture_open(struct stix1_fixture *fixture, const char *text)
{
	AUTO(feed_input) input = NULL;
	AUTO(xml_reader) xml = NULL;
	struct xml_node *root;
	enum xml_event event;
	int fd = memfd_create("piece", MFD_CLOEXEC);

	*fixture = (struct stix1_fixture){};
	fixture->feed = (struct feed){.options = &fixture->options, .summary = &fixture->summary};
	fixture->reader = (struct stix1_reader){.feed = &fixture->feed};
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(feed_input_open_fd(fd, NULL, NULL, &input), 0);
	assert_int_equal(xml_reader_create(input, &xml), 0);
	assert_int_equal(xml_reader_next(xml, &event), 0);
	assert_int_equal(xml_tree_read(xml, &fixture->arena, &root), 0);
	fixture->root = root;
	close(fd);
}

static inline void stix1_fixture_close(struct stix1_fixture *fixture)
{
	stix1_index_close(&fixture->reader.index);
	arena_close(&fixture->reader.kept);
	arena_close(&fixture->reader.scratch);
	arena_close(&fixture->arena);
	report_clear(&fixture->summary.report);
}

static inline void stix1_fixture_write(const struct stix1_term *term, struct buffer *text)
{
	static const char *const names[] = {[STIX1_ANY] = "any", [STIX1_ALL] = "all"};

	switch (term->kind) {
	case STIX1_VALUE:
		buffer_format(text, "%s%s%.*s", term->value.is_defanged ? "defanged " : "",
		              term->value.kind == VALUE_MATCHES ? "~" : "",
		              SLICE_FORMAT(term->value.text));
		return;
	case STIX1_UNMATCHED:
		buffer_format(text, "<%s: %.*s>", term->reason, SLICE_FORMAT(term->detail));
		return;
	case STIX1_REFERENCE:
		buffer_format(text, "->%.*s", SLICE_FORMAT(term->detail));
		return;
	case STIX1_ANY:
	case STIX1_ALL:
		break;
	}
	buffer_format(text, "%s(", names[term->kind]);
	for (const struct stix1_term *child = term->children; child != NULL; child = child->next) {
		buffer_append_text(text, child != term->children ? ", " : "");
		stix1_fixture_write(child, text);
	}
	buffer_append_text(text, ")");
}

static inline void stix1_fixture_assert(const struct stix1_term *term, const char *expected)
{
	struct buffer text = {};

	stix1_fixture_write(term, &text);
	buffer_append_byte(&text, '\0');
	assert_string_equal((const char *)text.data, expected);
	buffer_close(&text);
}
