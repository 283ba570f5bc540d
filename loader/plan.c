#include "loader/plan.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "loader/pattern.h"
#include "loader/screening.h"

static const char not_matchable_yet[] = "not matchable yet";
static const char is_negative[] = "negative pattern: " SCREENING_HELD;
static const char not_visible[] = "not visible on a network";

struct planner {
	struct arena *arena;
	struct plan *plan;
	size_t capacity;
};

// Only the first reason is kept: it stands for the pattern.
static int leave_out(struct planner *planner, const char *reason, struct slice detail)
{
	if (planner->plan->reason != NULL)
		return 0;
	planner->plan->reason = reason;
	planner->plan->detail = detail;
	return 0;
}

static int hold(struct planner *planner, struct slice detail)
{
	planner->plan->is_held = true;
	return leave_out(planner, is_negative, detail);
}

static int add_value(struct planner *planner, const struct candidate *value)
{
	struct plan *plan = planner->plan;

	if (plan->value_count == planner->capacity) {
		size_t capacity = planner->capacity > 0 ? 2 * planner->capacity : 4;
		struct candidate *values = arena_allocate(planner->arena,
		                                          capacity * sizeof(*values));

		if (values == NULL)
			return -ENOMEM;
		if (plan->value_count > 0)
			memcpy(values, plan->values, plan->value_count * sizeof(*values));
		plan->values = values;
		planner->capacity = capacity;
	}
	plan->values[plan->value_count++] = *value;
	return 0;
}

static struct slice folded(struct planner *planner, struct slice text)
{
	struct slice copy = arena_copy(planner->arena, text);
	uint8_t *bytes = (uint8_t *)copy.data;

	for (size_t i = 0; i < copy.size; i++)
		bytes[i] = (uint8_t)tolower(bytes[i]);
	return copy;
}

static bool has_like_wildcard(struct slice text)
{
	return slice_find(text, '%') < text.size || slice_find(text, '_') < text.size;
}

// "LIKE '%.example.com'": any name below, which the exact table answers.
static bool is_like_parent(struct slice text)
{
	return slice_starts_with(text, "%.") && text.size > 2 &&
	       !has_like_wildcard(slice_from(text, 2));
}

// "LIKE 'http://host/path/%'": a prefix that ends at a cut, which the exact table answers, too.
static bool is_like_prefix(struct slice text)
{
	struct slice prefix = slice_first(text, text.size > 0 ? text.size - 1 : 0);
	bool has_scheme = slice_starts_with(prefix, "http://") ||
	                  slice_starts_with(prefix, "https://");
	struct slice host = slice_from(prefix, slice_starts_with(prefix, "https://") ? 8 : 7);

	if (!has_scheme || !slice_ends_with(text, "%") || has_like_wildcard(prefix) ||
	    slice_find(prefix, '*') < prefix.size)
		return false;
	return (slice_ends_with(prefix, "/") || slice_ends_with(prefix, "?")) &&
	       slice_find(host, '/') > 0 && slice_find(host, '/') < host.size;
}

static int add_like_name(struct planner *planner, struct slice text)
{
	struct candidate value = {.kind = VALUE_NAME, .name_kinds = ENTRY_EXACT};

	value.text = folded(planner, text);
	if (value.text.data == NULL)
		return -ENOMEM;
	if (is_like_parent(value.text)) {
		value.name_kinds = ENTRY_BELOW;
		value.text = slice_from(value.text, 2);
	} else if (has_like_wildcard(text)) {
		value.kind = VALUE_LIKE;
		value.pattern_type = OBSERVABLE_NAME;
	}
	return add_value(planner, &value);
}

static int add_like_url(struct planner *planner, struct slice text)
{
	struct candidate value = {.kind = VALUE_URL, .text = text};

	if (is_like_prefix(text)) {
		value.text = arena_copy(planner->arena, text);
		if (value.text.data == NULL)
			return -ENOMEM;
		((uint8_t *)value.text.data)[text.size - 1] = '*';
		value.has_wildcards = true;
	} else if (has_like_wildcard(text)) {
		value.kind = VALUE_LIKE;
		value.pattern_type = OBSERVABLE_URL;
	}
	return add_value(planner, &value);
}

// The object path as it is written, for people.
static struct slice describe(struct planner *planner, const struct pattern_comparison *comparison)
{
	size_t room = comparison->object_type.size + 1;
	char *text;
	size_t size;

	for (const struct pattern_step *step = comparison->path; step != NULL; step = step->next)
		room += step->text.size + 4;
	text = arena_allocate(planner->arena, room);
	if (text == NULL)
		return slice_of(NULL, 0);

	size = comparison->object_type.size;
	memcpy(text, comparison->object_type.data, size);
	for (const struct pattern_step *step = comparison->path; step != NULL; step = step->next) {
		bool is_key = step->kind == PATTERN_KEY;

		text[size++] = !is_key ? '[' : step == comparison->path ? ':' : '.';
		if (step->text.size > 0)
			memcpy(text + size, step->text.data, step->text.size);
		size += step->text.size;
		if (!is_key)
			text[size++] = ']';
	}
	return slice_of(text, size);
}

static int not_yet(struct planner *planner, const struct pattern_comparison *comparison)
{
	return leave_out(planner, not_matchable_yet, describe(planner, comparison));
}

static bool is_set_of_strings(const struct pattern_comparison *comparison)
{
	for (const struct pattern_literal *literal = comparison->literals; literal != NULL;
	     literal = literal->next)
		if (literal->kind != PATTERN_STRING)
			return false;
	return comparison->literals != NULL;
}

static bool is_equality(const struct pattern_comparison *comparison)
{
	return comparison->comparison_operator == PATTERN_EQUAL ||
	       comparison->comparison_operator == PATTERN_IN;
}

static int add_each(struct planner *planner, const struct pattern_comparison *comparison,
                    struct candidate value)
{
	for (const struct pattern_literal *literal = comparison->literals; literal != NULL;
	     literal = literal->next) {
		value.text = literal->text;
		int error = add_value(planner, &value);
		if (error < 0)
			return error;
	}
	return 0;
}

static bool is_network(struct slice text)
{
	return slice_find(text, '/') < text.size && !slice_ends_with(text, "/32") &&
	       !slice_ends_with(text, "/128");
}

static int plan_address(struct planner *planner, const struct pattern_comparison *comparison)
{
	struct candidate value = {.kind = VALUE_ADDRESS};
	struct slice text = comparison->literals->text;

	switch (comparison->comparison_operator) {
	case PATTERN_ISSUPERSET:
		// What is observed is one address: it contains a network of one address only.
		if (is_network(text))
			return leave_out(planner, "no single address contains a network", text);
		return add_each(planner, comparison, value);
	case PATTERN_ISSUBSET:
		return add_each(planner, comparison, value);
	case PATTERN_EQUAL:
	case PATTERN_IN:
		value.network_remark = "network after = taken as ISSUBSET";
		return add_each(planner, comparison, value);
	default:
		return not_yet(planner, comparison);
	}
}

static int plan_text(struct planner *planner, const struct pattern_comparison *comparison,
                     enum observable_type type)
{
	bool is_name = type == OBSERVABLE_NAME;
	struct candidate value = {
		.kind = is_name ? VALUE_NAME : VALUE_URL,
		// Only the name itself realises the pattern; names below it are told besides.
		.name_kinds = ENTRY_EXACT | ENTRY_PARENT | ENTRY_BESIDE,
	};

	if (is_equality(comparison))
		return add_each(planner, comparison, value);
	if (comparison->comparison_operator == PATTERN_IS_LIKE)
		return is_name ? add_like_name(planner, comparison->literals->text)
		               : add_like_url(planner, comparison->literals->text);
	if (comparison->comparison_operator != PATTERN_IS_MATCHED)
		return not_yet(planner, comparison);
	value.kind = VALUE_MATCHES;
	value.pattern_type = type;
	return add_each(planner, comparison, value);
}

// "SHA-256", and how people misspell it: "sha256", "SHA_256".
static bool hash_algorithm_by_name(struct slice name, enum hash_algorithm *ret_algorithm)
{
	static const char *const names[HASH_ALGORITHM_COUNT] = {
		[HASH_MD5] = "md5",
		[HASH_SHA1] = "sha1",
		[HASH_SHA256] = "sha256",
		[HASH_SHA512] = "sha512",
	};
	char text[8];
	size_t size = 0;

	for (size_t i = 0; i < name.size; i++) {
		if (name.data[i] == '-' || name.data[i] == '_')
			continue;
		if (size == sizeof(text))
			return false;
		text[size++] = (char)tolower(name.data[i]);
	}
	for (unsigned i = 0; i < HASH_ALGORITHM_COUNT; i++) {
		if (!slice_is(slice_of(text, size), names[i]))
			continue;
		*ret_algorithm = i;
		return true;
	}
	return false;
}

// Of a file, or of a certificate.
static int plan_hash(struct planner *planner, const struct pattern_comparison *comparison)
{
	const struct pattern_step *key = comparison->path->next;
	struct candidate value = {.kind = VALUE_HASH, .is_hash_algorithm_known = true};

	if (!slice_is(comparison->path->text, "hashes") || key == NULL || key->next != NULL ||
	    key->kind != PATTERN_KEY || !is_equality(comparison))
		return not_yet(planner, comparison);
	if (!hash_algorithm_by_name(key->text, &value.hash_algorithm))
		return leave_out(planner, "hash algorithm not supported", key->text);
	return add_each(planner, comparison, value);
}

static int plan_object(struct planner *planner, const struct pattern_comparison *comparison)
{
	struct slice type = comparison->object_type;
	bool is_value = slice_is(comparison->path->text, "value") && comparison->path->next == NULL;

	if (slice_is(type, "file") || slice_is(type, "x509-certificate"))
		return plan_hash(planner, comparison);
	if (is_value && (slice_is(type, "ipv4-addr") || slice_is(type, "ipv6-addr")))
		return plan_address(planner, comparison);
	if (is_value && slice_is(type, "domain-name"))
		return plan_text(planner, comparison, OBSERVABLE_NAME);
	if (is_value && slice_is(type, "url"))
		return plan_text(planner, comparison, OBSERVABLE_URL);
	return not_yet(planner, comparison);
}

// NULL when objects of that type pass by a network sensor.
static const char *reason_against_type(struct slice type)
{
	static const char *const visible[] = {
		"artifact", "autonomous-system", "domain-name", "email-addr", "email-message",
		"file",     "ipv4-addr",         "ipv6-addr",   "mac-addr",   "network-traffic",
		"url",      "x509-certificate",
	};
	static const char *const hidden[] = {
		"directory", "mutex", "process", "software", "user-account", "windows-registry-key",
	};

	for (size_t i = 0; i < sizeof(visible) / sizeof(visible[0]); i++)
		if (slice_is(type, visible[i]))
			return NULL;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (slice_is(type, hidden[i]))
			return not_visible;
	return "object type not known";
}

// x NOT != 'a' says what is the case.
static bool is_negated(const struct pattern_comparison *comparison)
{
	return comparison->is_negated != (comparison->comparison_operator == PATTERN_NOT_EQUAL);
}

// Whatever joins them: nothing in it says what is the case. Recursion as in plan_node().
static bool is_all_negated(const struct pattern_node *node)
{
	if (node->kind == PATTERN_COMPARISON)
		return is_negated(node->comparison);
	for (const struct pattern_node *child = node->children; child != NULL; child = child->next)
		if (!is_all_negated(child))
			return false;
	return true;
}

static int plan_comparison(struct planner *planner, const struct pattern_comparison *comparison)
{
	const char *against = reason_against_type(comparison->object_type);

	if (against != NULL)
		return leave_out(planner, against, comparison->object_type);
	if (is_negated(comparison))
		return hold(planner, describe(planner, comparison));
	if (comparison->comparison_operator == PATTERN_EXISTS)
		return not_yet(planner, comparison);
	if (comparison->literals == NULL)
		return leave_out(planner, "an empty set can never hold",
		                 describe(planner, comparison));
	if (!is_set_of_strings(comparison))
		return not_yet(planner, comparison);
	return plan_object(planner, comparison);
}

// AND must hold on one object and what it refers to (design: "What counts as a match").
static int plan_conjunction(struct planner *planner, const struct pattern_node *node)
{
	const struct pattern_comparison *first = NULL;

	for (const struct pattern_node *child = node->children; child; child = child->next) {
		if (child->kind != PATTERN_COMPARISON)
			continue;
		if (first == NULL)
			first = child->comparison;
		else if (!slice_equal(first->object_type, child->comparison->object_type))
			return leave_out(planner, "AND of unrelated objects can never hold",
			                 child->comparison->object_type);
	}
	return leave_out(planner, "AND within one observation: not matchable yet",
	                 first != NULL ? first->object_type : slice_of(NULL, 0));
}

static int plan_qualified(struct planner *planner, const struct pattern_qualifier *qualifier)
{
	static const char *const reasons[] = {
		[PATTERN_WITHIN] = "WITHIN: not matchable yet",
		[PATTERN_REPEATS] = "REPEATS: not matchable yet",
		[PATTERN_START_STOP] = "START and STOP: not matchable yet",
	};

	return leave_out(planner, reasons[qualifier->kind], qualifier->value);
}

// Recursion is as deep as the pattern's parentheses, which the parser bounds.
static int plan_node(struct planner *planner, const struct pattern_node *node)
{
	bool is_joined = node->qualifiers != NULL || node->kind == PATTERN_COMPARISON_AND ||
	                 node->kind == PATTERN_OBSERVATION_AND || node->kind == PATTERN_FOLLOWEDBY;
	int error = 0;

	if (is_joined && is_all_negated(node))
		return hold(planner, slice_of(NULL, 0));
	if (node->qualifiers != NULL)
		return plan_qualified(planner, node->qualifiers);
	switch (node->kind) {
	case PATTERN_COMPARISON:
		return plan_comparison(planner, node->comparison);
	case PATTERN_COMPARISON_AND:
		return plan_conjunction(planner, node);
	case PATTERN_OBSERVATION_AND:
		return leave_out(planner, "AND of observations: not matchable yet",
		                 slice_of(NULL, 0));
	case PATTERN_FOLLOWEDBY:
		return leave_out(planner, "FOLLOWEDBY: not matchable yet", slice_of(NULL, 0));
	case PATTERN_COMPARISON_OR:
	case PATTERN_OBSERVATION_OR:
	case PATTERN_OBSERVATION:
		break;
	}
	for (const struct pattern_node *child = node->children; child != NULL && error == 0;
	     child = child->next)
		error = plan_node(planner, child);
	return error;
}

static int plan_invalid(struct arena *arena, const struct pattern_error *why, struct plan *ret_plan)
{
	char text[160];
	int size = snprintf(text, sizeof(text), "%s at byte %zu", why->message, why->offset + 1);

	*ret_plan = (struct plan){.outcome = PLAN_INVALID, .reason = "invalid pattern"};
	ret_plan->detail = arena_copy(arena, slice_of(text, (size_t)size));
	return ret_plan->detail.data != NULL ? 0 : -ENOMEM;
}

int plan_pattern(struct slice pattern, struct arena *arena, struct plan *ret_plan)
{
	struct plan plan = {.outcome = PLAN_VALUES};
	struct planner planner = {.arena = arena, .plan = &plan};
	struct pattern_error why;
	struct pattern_node *root;
	int error = pattern_parse(pattern, arena, &root, &why);

	if (error == -EINVAL)
		return plan_invalid(arena, &why, ret_plan);
	if (error == 0)
		error = plan_node(&planner, root);
	if (error < 0)
		return error;
	if (plan.reason != NULL)
		plan.outcome = plan.value_count > 0 ? PLAN_PARTLY : PLAN_UNMATCHED;
	*ret_plan = plan;
	return 0;
}
