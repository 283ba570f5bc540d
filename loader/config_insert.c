#include "loader/config_insert.h"

#include <errno.h>
#include <stdbool.h>
#include <yaml.h>

// Where the new source goes.
struct gap {
	size_t start, end; // bytes of the text that it replaces
	unsigned indent;   // of its dash
	bool needs_key;    // there are no sources yet
};

void config_insert_quoted(struct buffer *buffer, const char *text)
{
	buffer_append_byte(buffer, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buffer_append_byte(buffer, '\\');
		buffer_append_byte(buffer, (uint8_t)*text);
	}
	buffer_append_byte(buffer, '"');
}

static yaml_node_t *find_sources(yaml_document_t *yaml, yaml_node_t *root)
{
	for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
	     pair < root->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = yaml_document_get_node(yaml, pair->key);

		if (key->type == YAML_SCALAR_NODE &&
		    slice_is(slice_of(key->data.scalar.value, key->data.scalar.length), "sources"))
			return yaml_document_get_node(yaml, pair->value);
	}
	return NULL;
}

// A block collection ends where the next token begins, past the comments between; what it holds
// ends where it ends.
static bool has_exact_end(const yaml_node_t *node)
{
	switch (node->type) {
	case YAML_SCALAR_NODE:
		return true;
	case YAML_SEQUENCE_NODE:
		return node->data.sequence.style == YAML_FLOW_SEQUENCE_STYLE;
	case YAML_MAPPING_NODE:
		return node->data.mapping.style == YAML_FLOW_MAPPING_STYLE;
	case YAML_NO_NODE:
		break;
	}
	return false;
}

// libyaml counts characters, we bytes.
static size_t byte_offset(struct slice text, size_t characters)
{
	size_t offset = 0;

	while (offset < text.size && characters > 0) {
		offset++;
		while (offset < text.size && (text.data[offset] & 0xc0) == 0x80)
			offset++;
		characters--;
	}
	return offset;
}

static size_t line_end(struct slice text, size_t offset)
{
	return offset + slice_find(slice_from(text, offset), '\n');
}

// The end of the line on which the last of the sources ends.
static size_t end_of_last(struct slice text, const yaml_document_t *yaml,
                          const yaml_node_t *sources)
{
	size_t end = 0;

	for (const yaml_node_t *node = yaml->nodes.start; node < yaml->nodes.top; node++)
		if (has_exact_end(node) && node->start_mark.index >= sources->start_mark.index &&
		    node->end_mark.index <= sources->end_mark.index && node->end_mark.index > end)
			end = node->end_mark.index;
	end = byte_offset(text, end);
	// A text of several lines ends behind its last line feed.
	if (end > 0 && text.data[end - 1] == '\n')
		end--;
	return line_end(text, end);
}

static int find_gap(struct slice text, yaml_document_t *yaml, struct gap *ret_gap)
{
	yaml_node_t *root = yaml_document_get_root_node(yaml);
	struct gap gap = {.start = text.size, .end = text.size, .indent = 2, .needs_key = true};

	if (root != NULL && (root->type != YAML_MAPPING_NODE ||
	                     root->data.mapping.style == YAML_FLOW_MAPPING_STYLE))
		return -ENOTSUP;
	const yaml_node_t *sources = root != NULL ? find_sources(yaml, root) : NULL;
	if (sources == NULL) {
		*ret_gap = gap;
		return 0;
	}
	if (sources->type != YAML_SEQUENCE_NODE)
		return -ENOTSUP;
	bool is_flow = sources->data.sequence.style == YAML_FLOW_SEQUENCE_STYLE;
	bool is_empty = sources->data.sequence.items.start == sources->data.sequence.items.top;
	gap.needs_key = false;
	if (is_flow && is_empty) {
		gap.start = byte_offset(text, sources->start_mark.index);
		gap.end = byte_offset(text, sources->end_mark.index);
	} else if (is_flow) {
		return -ENOTSUP;
	} else {
		gap.start = gap.end = end_of_last(text, yaml, sources);
		gap.indent = (unsigned)sources->start_mark.column;
	}
	*ret_gap = gap;
	return 0;
}

static void append_source(struct buffer *buffer, unsigned indent, const struct config_pair pairs[],
                          unsigned pair_count)
{
	const char *bullet = "- ";

	for (unsigned i = 0; i < pair_count; i++) {
		if (pairs[i].value == NULL)
			continue;
		buffer_format(buffer, "\n%*s%s%s: ", (int)indent, "", bullet, pairs[i].key);
		config_insert_quoted(buffer, pairs[i].value);
		bullet = "  ";
	}
}

static void fill_gap(struct slice text, const struct gap *gap, const struct config_pair pairs[],
                     unsigned pair_count, struct buffer *ret_text)
{
	struct slice before = slice_first(text, gap->start);

	if (gap->needs_key) {
		while (slice_ends_with(before, "\n"))
			before.size--;
		buffer_append_slice(ret_text, before);
		buffer_append_text(ret_text, before.size > 0 ? "\n\nsources:" : "sources:");
	} else {
		buffer_append_slice(ret_text, before);
	}
	append_source(ret_text, gap->indent, pairs, pair_count);
	buffer_append_slice(ret_text, slice_from(text, gap->end));
	if (!slice_ends_with(buffer_slice(ret_text), "\n"))
		buffer_append_byte(ret_text, '\n');
}

int config_insert_source(struct slice text, const struct config_pair pairs[], unsigned pair_count,
                         struct buffer *ret_text)
{
	yaml_parser_t parser;
	yaml_document_t yaml;
	struct gap gap;
	int error = -EINVAL;

	if (slice_starts_with(text, "\xff\xfe") || slice_starts_with(text, "\xfe\xff"))
		return -ENOTSUP; // UTF-16, which YAML may be
	if (yaml_parser_initialize(&parser) == 0)
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, text.data, text.size);
	if (yaml_parser_load(&parser, &yaml) != 0) {
		error = find_gap(text, &yaml, &gap);
		yaml_document_delete(&yaml);
	}
	yaml_parser_delete(&parser);
	if (error < 0)
		return error;
	fill_gap(text, &gap, pairs, pair_count, ret_text);
	return ret_text->failed ? -ENOMEM : 0;
}
