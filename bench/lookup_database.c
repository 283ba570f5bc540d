#include "bench/lookup_database.h"

#include <time.h>

double lookup_now_s(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int add_value(struct build *build, const struct observable *value, uint32_t id)
{
	const struct entry_terms terms = {
		.kinds = value->type == OBSERVABLE_URL ? ENTRY_EXACT : ENTRY_EXACT | ENTRY_PARENT,
		.schemes = URL_SCHEME_HTTP | URL_SCHEME_HTTPS,
		.action = ACTION_DROP,
	};
	const struct prefix host = {value->address, 128};

	switch (value->type) {
	case OBSERVABLE_ADDRESS:
		return build_add_prefix(build, &host, id, &terms);
	case OBSERVABLE_NAME:
		return build_add_name(build, value->text, id, &terms);
	case OBSERVABLE_URL:
		return build_add_url(build, slice_from(value->text, strlen("http://")), id, &terms);
	default:
		return build_add_hash(build, value->algorithm, value->text, id);
	}
}

int lookup_database_add(struct build *build, enum lookup_values_kind kind, uint64_t first,
                        uint64_t count)
{
	uint8_t text[LOOKUP_VALUE_BYTES];
	struct observable value;
	int error = 0;

	for (uint64_t i = first; i < first + count && error == 0; i++) {
		struct indicator indicator = {
			.source = slice_text("bench"),
			.created_ns = TIMESTAMP_MIN,
			.modified_ns = TIMESTAMP_MIN,
			.valid_from_ns = TIMESTAMP_MIN,
			.valid_until_ns = TIMESTAMP_MAX,
			.line = i,
			.action = ACTION_ALERT,
			.confidence = CONFIDENCE_NONE,
		};
		uint32_t id;

		lookup_values_make(kind, i, text, &value);
		// The entry as it stood in a list: an address or digest as long as its text.
		indicator.value = value.text.size > 0 ? value.text : slice_text("192.0.2.201");
		if (kind == VALUES_URL)
			indicator.value = slice_from(value.text, strlen("http://"));
		error = build_add_indicator(build, &indicator, &id);
		if (error == 0)
			error = add_value(build, &value, id);
	}
	return error;
}

int lookup_database_build(enum lookup_values_kind kind, uint64_t count, int fd,
                          struct build_figures *ret_figures, double *ret_s)
{
	AUTO(build) build = NULL;
	uint8_t text[LOOKUP_VALUE_BYTES];
	struct observable value;
	double start = lookup_now_s();
	double making_s;
	int error = build_create(&build);

	for (uint64_t i = 0; i < count; i++)
		lookup_values_make(kind, i, text, &value);
	making_s = lookup_now_s() - start;
	if (error == 0)
		error = lookup_database_add(build, kind, 0, count);
	if (error == 0)
		error = build_write(build, fd, NULL, NULL, ret_figures);
	*ret_s = lookup_now_s() - start - 2 * making_s;
	return error;
}
