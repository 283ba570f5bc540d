#include "loader/config_document.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/arena.h"
#include "base/buffer.h"

enum { FIELD_BYTES_MAX = 256 };

struct place {
	const char *field;
	uint32_t line;
};

struct config_document {
	struct arena arena;
	struct place *places; // sorted by field once the walk is done
	size_t place_count, place_capacity;
	const struct cyaml_schema_value *schema;
	void *data; // libcyaml's
	bool has_mistakes;
};

struct walk {
	struct config_document *document;
	yaml_document_t *yaml;
	struct report *report;
	bool *was_seen;      // by node: one that is met twice is an alias
	struct buffer alone; // yaml_node_pair_t *: single words where a list is expected
	char field[FIELD_BYTES_MAX];
	bool is_broken; // so that libcyaml would refuse it
	bool is_out_of_memory;
};

static const cyaml_config_t cyaml_settings = {
	.mem_fn = cyaml_mem,
	.log_level = CYAML_LOG_ERROR,
	.flags = CYAML_CFG_NO_ALIAS,
};

static void tell(struct report *report, const char *field, uint64_t line, const char *what)
{
	report_add(report, &(struct problem){
				   .reason = "mistake in the configuration",
				   .consequence = "nothing is done",
				   .object = slice_text(field),
				   .detail = slice_text(what),
				   .line = line,
			   });
}

static void mistake(struct walk *walk, const yaml_node_t *node, const char *what)
{
	tell(walk->report, walk->field, node->start_mark.line + 1, what);
	walk->document->has_mistakes = walk->is_broken = true;
}

static void remember(struct walk *walk, const yaml_node_t *node)
{
	struct config_document *document = walk->document;

	if (document->place_count == document->place_capacity) {
		size_t capacity = document->place_capacity == 0 ? 64 : 2 * document->place_capacity;
		struct place *places = realloc(document->places, capacity * sizeof(*places));

		if (places == NULL) {
			walk->is_out_of_memory = true;
			return;
		}
		document->places = places;
		document->place_capacity = capacity;
	}
	struct slice field = arena_copy(&document->arena, slice_text(walk->field));
	if (field.data == NULL)
		walk->is_out_of_memory = true;
	else
		document->places[document->place_count++] = (struct place){
			(const char *)field.data, (uint32_t)node->start_mark.line + 1};
}

static void check_text(struct walk *walk, const yaml_node_t *node)
{
	if (node->type != YAML_SCALAR_NODE) {
		mistake(walk, node, "one value is expected here");
		return;
	}
	if (node->data.scalar.length == 0)
		mistake(walk, node, "is empty");
	for (size_t i = 0; i < node->data.scalar.length; i++) {
		uint8_t byte = node->data.scalar.value[i];

		if (byte < 0x20 || byte == 0x7f) {
			mistake(walk, node, "holds a control character");
			return;
		}
	}
}

static const cyaml_schema_field_t *find_field(const cyaml_schema_value_t *schema, struct slice key,
                                              unsigned *ret_index)
{
	const cyaml_schema_field_t *field = schema->mapping.fields;

	for (unsigned i = 0; field[i].key != NULL; i++) {
		if (slice_is(key, field[i].key)) {
			*ret_index = i;
			return &field[i];
		}
	}
	return NULL;
}

// Appends to the field's name; false when it does not fit.
static bool enter(struct walk *walk, size_t size, const char *dot, struct slice key)
{
	int added = snprintf(walk->field + size, sizeof(walk->field) - size, "%s%.*s",
	                     size > 0 ? dot : "", SLICE_FORMAT(slice_first(key, FIELD_BYTES_MAX)));

	return added >= 0 && (size_t)added < sizeof(walk->field) - size;
}

static struct slice key_of(const yaml_node_t *key)
{
	return key->type == YAML_SCALAR_NODE
	               ? slice_of(key->data.scalar.value, key->data.scalar.length)
	               : slice_text("");
}

// A key that is none, and is left out of what libcyaml reads: the rest can still be checked.
static void mistaken_key(struct walk *walk, const yaml_node_t *key, const char *what)
{
	bool was_broken = walk->is_broken;

	mistake(walk, key, what);
	walk->is_broken = was_broken;
}

// The schema of a mapping's entry, which becomes the walk's field; NULL when the key is a mistake.
static const cyaml_schema_value_t *enter_key(struct walk *walk, const yaml_node_t *key,
                                             const cyaml_schema_value_t *schema,
                                             uint64_t *was_there)
{
	unsigned index = 0;
	size_t size = strlen(walk->field);
	const cyaml_schema_field_t *field = find_field(schema, key_of(key), &index);
	bool fits = enter(walk, size, ".", key_of(key));

	if (field == NULL || !fits) {
		mistaken_key(walk, key, "no such field is known");
		return NULL;
	}
	if ((*was_there & UINT64_C(1) << index) != 0) {
		mistaken_key(walk, key, "is there twice");
		return NULL;
	}
	*was_there |= UINT64_C(1) << index;
	return &field->value;
}

static void check_missing(struct walk *walk, const yaml_node_t *node,
                          const cyaml_schema_value_t *schema, uint64_t was_there)
{
	const cyaml_schema_field_t *field = schema->mapping.fields;
	size_t size = strlen(walk->field);

	for (unsigned i = 0; field[i].key != NULL; i++) {
		if ((field[i].value.flags & CYAML_FLAG_OPTIONAL) != 0 ||
		    (was_there & UINT64_C(1) << i) != 0)
			continue;
		(void)enter(walk, size, ".", slice_text(field[i].key));
		mistake(walk, node, "is missing");
		walk->field[size] = '\0';
	}
}

// One word where a list is expected becomes a list later: the document must not move meanwhile.
static bool is_list_of_one(struct walk *walk, yaml_node_pair_t *pair,
                           const cyaml_schema_value_t *schema)
{
	const yaml_node_t *node = yaml_document_get_node(walk->yaml, pair->value);

	if (schema->type != CYAML_SEQUENCE || node->type != YAML_SCALAR_NODE ||
	    schema->sequence.entry->type != CYAML_STRING)
		return false;
	buffer_append(&walk->alone, &pair, sizeof(pair));
	return true;
}

// Follows the schema, which is few levels deep, however deep the document is.
static void check_value(struct walk *walk, int node_id, const cyaml_schema_value_t *schema)
{
	yaml_node_t *node = yaml_document_get_node(walk->yaml, node_id);
	size_t size = strlen(walk->field);
	uint64_t was_there = 0;

	if (walk->was_seen[node_id]) {
		mistake(walk, node, "aliases (*name) are not taken");
		return;
	}
	walk->was_seen[node_id] = true;
	remember(walk, node);
	if (schema->type == CYAML_MAPPING && node->type == YAML_MAPPING_NODE) {
		yaml_node_pair_t *kept = node->data.mapping.pairs.start;

		for (const yaml_node_pair_t *pair = kept; pair < node->data.mapping.pairs.top;
		     pair++) {
			const yaml_node_t *key = yaml_document_get_node(walk->yaml, pair->key);
			const cyaml_schema_value_t *value = enter_key(walk, key, schema,
			                                              &was_there);

			if (value != NULL) {
				*kept = *pair;
				if (is_list_of_one(walk, kept, value))
					value = value->sequence.entry;
				check_value(walk, kept->value, value);
				kept++;
			}
			walk->field[size] = '\0';
		}
		node->data.mapping.pairs.top = kept;
		check_missing(walk, node, schema, was_there);
	} else if (schema->type == CYAML_SEQUENCE && node->type == YAML_SEQUENCE_NODE) {
		const yaml_node_item_t *items = node->data.sequence.items.start;
		size_t count = (size_t)(node->data.sequence.items.top - items);

		for (size_t i = 0; i < count; i++) {
			(void)snprintf(walk->field + size, sizeof(walk->field) - size, "[%zu]", i);
			check_value(walk, items[i], schema->sequence.entry);
			walk->field[size] = '\0';
		}
	} else if (schema->type == CYAML_MAPPING) {
		mistake(walk, node, "fields with values are expected here (name: value)");
	} else if (schema->type == CYAML_SEQUENCE) {
		mistake(walk, node, "a list is expected here");
	} else {
		check_text(walk, node);
	}
}

static int make_lists(struct walk *walk)
{
	yaml_node_pair_t **alone = (yaml_node_pair_t **)(void *)walk->alone.data;

	for (size_t i = 0; i < walk->alone.size / sizeof(alone[0]); i++) {
		int list = yaml_document_add_sequence(walk->yaml, NULL, YAML_FLOW_SEQUENCE_STYLE);

		if (list == 0 ||
		    yaml_document_append_sequence_item(walk->yaml, list, alone[i]->value) == 0)
			return -ENOMEM;
		alone[i]->value = list;
	}
	return walk->alone.failed ? -ENOMEM : 0;
}

static int append_to_buffer(void *context, unsigned char *bytes, size_t size)
{
	struct buffer *buffer = context;

	buffer_append(buffer, bytes, size);
	return !buffer->failed;
}

// The document as libcyaml is to read it. Takes the document's content with it, as libyaml does.
static int write_yaml(yaml_document_t *yaml, struct buffer *ret_text)
{
	yaml_emitter_t emitter;

	if (yaml_emitter_initialize(&emitter) == 0)
		return -ENOMEM;
	yaml_emitter_set_output(&emitter, append_to_buffer, ret_text);
	yaml_emitter_set_unicode(&emitter, 1);
	yaml_emitter_set_width(&emitter, -1);
	int is_written = yaml_emitter_open(&emitter) != 0 &&
	                 yaml_emitter_dump(&emitter, yaml) != 0 &&
	                 yaml_emitter_close(&emitter) != 0;
	yaml_emitter_delete(&emitter);
	return is_written ? 0 : -ENOMEM;
}

static int read_data(struct config_document *document, yaml_document_t *yaml, struct report *report)
{
	struct buffer text = {0};
	int error = write_yaml(yaml, &text);

	if (error == 0) {
		cyaml_err_t result = cyaml_load_data(text.data, text.size, &cyaml_settings,
		                                     document->schema, &document->data, NULL);

		if (result != CYAML_OK) {
			tell(report, "", 0, cyaml_strerror(result));
			error = result == CYAML_ERR_OOM ? -ENOMEM : -EINVAL;
		}
	}
	buffer_close(&text);
	return error;
}

static int compare_places(const void *a, const void *b)
{
	const struct place *first = a, *second = b;

	return strcmp(first->field, second->field);
}

static int walk_document(struct config_document *document, yaml_document_t *yaml,
                         struct report *report)
{
	size_t node_count = (size_t)(yaml->nodes.top - yaml->nodes.start);
	struct walk walk = {
		.document = document,
		.yaml = yaml,
		.report = report,
		.was_seen = calloc(node_count + 1, sizeof(bool)),
	};
	int error = walk.was_seen == NULL ? -ENOMEM : 0;

	if (error == 0) {
		check_value(&walk, 1, document->schema);
		error = walk.is_out_of_memory ? -ENOMEM : walk.is_broken ? -EINVAL : 0;
	}
	if (error == 0)
		error = make_lists(&walk);
	if (document->place_count > 0)
		qsort(document->places, document->place_count, sizeof(document->places[0]),
		      compare_places);
	free(walk.was_seen);
	buffer_close(&walk.alone);
	return error;
}

static int tell_no_yaml(const yaml_parser_t *parser, struct report *report)
{
	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	tell(report, "", parser->problem_mark.line + 1,
	     parser->problem != NULL ? parser->problem : "this is no YAML");
	return -EINVAL;
}

static int read_document(struct config_document *document, yaml_parser_t *parser,
                         struct report *report)
{
	yaml_document_t yaml;

	if (yaml_parser_load(parser, &yaml) == 0)
		return tell_no_yaml(parser, report);

	int error = 0;
	if (yaml_document_get_root_node(&yaml) != NULL) {
		error = walk_document(document, &yaml, report);
		if (error == 0)
			error = read_data(document, &yaml, report);
	}
	yaml_document_delete(&yaml);
	return error;
}

int config_document_read(struct slice text, const struct cyaml_schema_value *schema,
                         struct report *report, struct config_document **ret_document)
{
	AUTO(config_document) document = calloc(1, sizeof(*document));
	yaml_parser_t parser;

	if (document == NULL || yaml_parser_initialize(&parser) == 0)
		return -ENOMEM;
	document->schema = schema;
	yaml_parser_set_input_string(&parser, text.data, text.size);
	int error = read_document(document, &parser, report);
	yaml_parser_delete(&parser);
	if (error == 0)
		*ret_document = TAKE(document);
	return error;
}

void config_document_free(struct config_document *document)
{
	if (document == NULL)
		return;
	(void)cyaml_free(&cyaml_settings, document->schema, document->data, 0);
	arena_close(&document->arena);
	free(document->places);
	free(document);
}

const void *config_document_data(const struct config_document *document)
{
	return document->data;
}

bool config_document_has_mistakes(const struct config_document *document)
{
	return document->has_mistakes;
}

static int compare_field(const void *key, const void *element)
{
	const struct place *place = element;

	return strcmp(key, place->field);
}

uint32_t config_document_line(const struct config_document *document, const char *field)
{
	char name[FIELD_BYTES_MAX];

	if (document->place_count == 0)
		return 0;
	(void)snprintf(name, sizeof(name), "%s", field);
	for (;;) {
		const struct place *place = bsearch(name, document->places, document->place_count,
		                                    sizeof(document->places[0]), compare_field);
		char *end = strrchr(name, '.');

		if (place != NULL)
			return place->line;
		if (end == NULL)
			return document->places[0].line;
		*end = '\0';
	}
}
