// loader/config_document.h — a YAML file held against a libcyaml schema: all its mistakes, with
// lines.
//
// libcyaml stops at the first mistake and does not tell lines. So the document is walked along the
// schema first: keys that are unknown, twice there or missing, and values of the wrong shape are
// told all at once, and where each field stands is remembered for whoever checks its value. Only
// then libcyaml reads it. One word where a list is expected is a list of one.
#pragma once

#include <cyaml/cyaml.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "base/slice.h"

struct config_document;

enum { CONFIG_BYTES_MAX = 4 << 20 };

// Reads `text` (borrowed for the call) against `schema`. Mistakes go to `report`: the field is the
// problem's object ("sources[2].interval"). Returns 0 and gives the document to the caller
// (config_document_free), also when keys were mistakes and left out; or -EINVAL, or -ENOMEM.
int config_document_read(struct slice text, const struct cyaml_schema_value *schema,
                         struct report *report, struct config_document **ret_document);

// Accepts NULL. Frees the data, too.
void config_document_free(struct config_document *document);
DEFINE_AUTO(config_document, config_document_free)

// What libcyaml read: of the schema's type, owned by the document. NULL when the file is empty.
const void *config_document_data(const struct config_document *document);

// Were keys left out?
bool config_document_has_mistakes(const struct config_document *document);

// The line where a field stands, "sources[2].interval"; of the nearest one around it when it does
// not stand there itself.
uint32_t config_document_line(const struct config_document *document, const char *field);
