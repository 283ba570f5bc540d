#include "loader/build_value.h"

#include <errno.h>

#include "loader/intake_value.h"

static int add_address(struct build *build, uint32_t indicator_id, const struct intake_value *value)
{
	struct address_range rest = value->range;
	struct prefix prefix = value->prefix;
	int error = 0;

	if (!value->is_range)
		return build_add_prefix(build, &prefix, indicator_id, &value->terms);
	while (error == 0 && address_range_next(&rest, &prefix))
		error = build_add_prefix(build, &prefix, indicator_id, &value->terms);
	return error;
}

static int add_url(struct build *build, uint32_t indicator_id, const struct intake_value *value)
{
	const struct entry_terms host_terms = {
		.kinds = ENTRY_URL_HOST,
		.action = ACTION_LOG,
	};
	int error = build_add_url(build, value->text, indicator_id, &value->terms);

	if (error < 0 || value->host.size == 0)
		return error;
	return build_add_name(build, value->host, indicator_id, &host_terms);
}

static int add_plain(struct build *build, uint32_t indicator_id, const struct intake_value *value)
{
	switch (value->type) {
	case OBSERVABLE_ADDRESS:
		return add_address(build, indicator_id, value);
	case OBSERVABLE_NAME:
		return build_add_name(build, value->text, indicator_id, &value->terms);
	case OBSERVABLE_URL:
		return add_url(build, indicator_id, value);
	case OBSERVABLE_HASH:
	case OBSERVABLE_TYPE_COUNT:
		break;
	}
	return build_add_hash(build, value->algorithm, value->text, indicator_id);
}

int build_value_add(struct build *build, uint32_t indicator_id, const struct intake_value *value,
                    const char **ret_reason)
{
	int error;

	if (!value->is_pattern)
		error = add_plain(build, indicator_id, value);
	else
		error = build_add_pattern(build, value->type, value->syntax, value->text,
		                          indicator_id, &value->terms, ret_reason);
	if (error == -EINVAL && value->is_pattern)
		return 0;
	return error < 0 ? error : 1;
}
