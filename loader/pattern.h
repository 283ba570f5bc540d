// loader/pattern.h — STIX patterns: text in, tree out.
//
// The whole grammar of STIX 2.1, section 9 (Patterning). pattern_parse() fills the tree, all of
// it in an arena; plan.c reads it. What is not grammar but refused by the OASIS validator, too,
// is refused here: a qualifier twice on one observation, a hash of the wrong form.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

enum {
	PATTERN_BYTES_MAX = 1024 * 1024,
	PATTERN_DEPTH_MAX = 64, // nested parentheses
};

enum pattern_operator {
	PATTERN_EQUAL,
	PATTERN_NOT_EQUAL,
	PATTERN_GREATER,
	PATTERN_LESS,
	PATTERN_GREATER_OR_EQUAL,
	PATTERN_LESS_OR_EQUAL,
	PATTERN_IN,
	PATTERN_IS_LIKE,
	PATTERN_IS_MATCHED,
	PATTERN_ISSUBSET,
	PATTERN_ISSUPERSET,
	PATTERN_EXISTS,
};

enum pattern_literal_kind {
	PATTERN_STRING,
	PATTERN_INTEGER,
	PATTERN_FLOAT,
	PATTERN_BOOLEAN,
	PATTERN_BINARY,
	PATTERN_HEX,
	PATTERN_TIMESTAMP,
};

// A string without its escapes; of others what stands between the quotes, or the digits.
struct pattern_literal {
	enum pattern_literal_kind kind;
	struct slice text;
	struct pattern_literal *next; // of a set
};

enum pattern_step_kind { PATTERN_KEY, PATTERN_INDEX, PATTERN_ANY_INDEX };

// One step of an object path: ".key", "[3]", "[*]".
struct pattern_step {
	enum pattern_step_kind kind;
	struct slice text; // the key without quotes and escapes, or the digits
	struct pattern_step *next;
};

struct pattern_comparison {
	struct slice object_type;
	struct pattern_step *path;
	bool is_negated; // NOT
	enum pattern_operator comparison_operator;
	struct pattern_literal
		*literals; // one, or those of a set (may be none), or none for EXISTS
};

enum pattern_qualifier_kind { PATTERN_WITHIN, PATTERN_REPEATS, PATTERN_START_STOP };

struct pattern_qualifier {
	enum pattern_qualifier_kind kind;
	struct slice value; // seconds, times, or the START timestamp
	struct slice stop;  // PATTERN_START_STOP
	struct pattern_qualifier *next;
};

enum pattern_node_kind {
	PATTERN_COMPARISON,
	PATTERN_COMPARISON_AND,
	PATTERN_COMPARISON_OR,
	PATTERN_OBSERVATION, // its child is the comparison expression between [ and ]
	PATTERN_OBSERVATION_AND,
	PATTERN_OBSERVATION_OR,
	PATTERN_FOLLOWEDBY,
};

// Children are two or more, except for PATTERN_OBSERVATION's one and a comparison's none: a run
// of equal operators is one node, however long.
struct pattern_node {
	enum pattern_node_kind kind;
	struct pattern_node *children;
	struct pattern_node *next;             // sibling
	struct pattern_comparison *comparison; // PATTERN_COMPARISON
	struct pattern_qualifier *qualifiers;  // observation expressions
};

struct pattern_error {
	const char *message; // static
	size_t offset;       // bytes from the start of the pattern
};

// Returns 0 and sets *ret_root (in the arena; its slices lie in the arena or in `text`), or
// -EINVAL and sets *ret_error, or -ENOMEM.
int pattern_parse(struct slice text, struct arena *arena, struct pattern_node **ret_root,
                  struct pattern_error *ret_error);
