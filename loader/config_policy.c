#include <stdio.h>

#include "loader/config_reading.h"
#include "loader/config_text.h"

#define DAY_S UINT64_C(86400)

enum { AGE_DAYS_MAX = 36600, COUNT_MAX = 1000000 };

const char *config_type_name(unsigned observable_type)
{
	static const char *const names[] = {
		[OBSERVABLE_ADDRESS] = "address",
		[OBSERVABLE_NAME] = "name",
		[OBSERVABLE_URL] = "url",
		[OBSERVABLE_HASH] = "hash",
	};

	return names[observable_type];
}

static const char *row_action_name(unsigned action)
{
	return action_name((enum action)action);
}

// Of choices, as bits.
static uint32_t read_bits(struct config_reading *reading, const char *field,
                          const char *const words[], unsigned word_count,
                          const char *(*name_of)(unsigned))
{
	unsigned choice_count = name_of == config_type_name ? OBSERVABLE_TYPE_COUNT : TLP_COUNT;
	uint32_t bits = 0;

	for (unsigned i = 0; i < word_count; i++) {
		int choice = config_read_choice(reading, field, words[i], choice_count, name_of);

		bits |= choice >= 0 ? UINT32_C(1) << choice : 0;
	}
	return bits;
}

static const char *const *read_words(struct config_reading *reading, const char *field,
                                     const char *const words[], unsigned count)
{
	if (count > POLICY_WORDS_MAX)
		config_mistake(reading, field, "more than %d words", POLICY_WORDS_MAX);
	return config_keep_words(reading, words, count);
}

static void read_share(struct config_reading *reading, const char *field, const char *text,
                       uint8_t *min, uint8_t *max)
{
	struct figure_range range;

	if (text == NULL)
		return;
	if (config_text_reliability_range(text, &range) < 0) {
		config_mistake(reading, field, "'%s' is not like >=80, 60-100 or A-B", text);
		return;
	}
	*min = (uint8_t)range.min;
	*max = (uint8_t)range.max;
}

// "<=30d", or "30d".
static void read_age(struct config_reading *reading, const char *text, uint32_t *ret_days)
{
	struct figure_range range;

	if (text == NULL)
		return;
	if (config_text_range(text, config_text_duration, &range) < 0 || range.max == UINT64_MAX)
		config_mistake(reading, "age", "'%s' is not like <=30d", text);
	else if (range.max < DAY_S || range.max > AGE_DAYS_MAX * DAY_S)
		config_mistake(reading, "age", "'%s' is not between 1d and 36600d", text);
	else
		*ret_days = (uint32_t)(range.max / DAY_S);
}

// ">=2", or "2".
static void read_least(struct config_reading *reading, const char *field, const char *text,
                       uint32_t *ret_least)
{
	struct figure_range range;

	if (text == NULL)
		return;
	if (config_text_range(text, config_text_number, &range) < 0 || range.min == 0 ||
	    range.min > COUNT_MAX || (range.max != UINT64_MAX && range.max != range.min))
		config_mistake(reading, field, "'%s' is not like >=2", text);
	else
		*ret_least = (uint32_t)range.min;
}

static int8_t read_whether(struct config_reading *reading, const char *field, const char *text)
{
	bool is_so = false;

	if (text == NULL)
		return -1;
	config_read_bool(reading, field, text, &is_so);
	return is_so ? 1 : 0;
}

static void read_row(struct config_reading *reading, const struct raw_row *raw,
                     struct policy_row *row)
{
	int action = config_read_choice(reading, "action", raw->action, ACTION_COUNT,
	                                row_action_name);

	*row = (struct policy_row){
		.name = raw->name != NULL ? config_keep(reading, raw->name)
	                                  : config_keep(reading, reading->within),
		.line = config_line(reading, ""),
		.groups = read_words(reading, "group", raw->group, raw->group_count),
		.group_count = raw->group_count,
		.sources = read_words(reading, "source", raw->source, raw->source_count),
		.source_count = raw->source_count,
		.threat_types = read_words(reading, "threat", raw->threat, raw->threat_count),
		.threat_type_count = raw->threat_count,
		.observable_types = read_bits(reading, "type", raw->type, raw->type_count,
	                                      config_type_name),
		.tlps = read_bits(reading, "tlp", raw->tlp, raw->tlp_count, config_tlp_name),
		.reliability_max = 100,
		.confidence_max = 100,
		.known_benign = read_whether(reading, "known-benign", raw->known_benign),
		.promoted = read_whether(reading, "promoted", raw->promoted),
		.action = action >= 0 ? (enum action)action : ACTION_IGNORE,
		.tags = read_words(reading, "tags", raw->tags, raw->tags_count),
		.tag_count = raw->tags_count,
	};
	read_share(reading, "reliability", raw->reliability, &row->reliability_min,
	           &row->reliability_max);
	read_share(reading, "confidence", raw->confidence, &row->confidence_min,
	           &row->confidence_max);
	read_age(reading, raw->age, &row->age_max_days);
	read_least(reading, "sources", raw->sources, &row->sources_min);
	read_least(reading, "posters", raw->posters, &row->posters_min);
}

// The first row that leaves nothing to this one; `row` itself when there is none.
static unsigned find_cover(const struct policy_row rows[], unsigned row)
{
	for (unsigned i = 0; i < row; i++)
		if (policy_row_covers(&rows[i], &rows[row]))
			return i;
	return row;
}

// What can never do what it says: rows behind one that fits all that they fit, and drops of what
// the veto set lowers anyway.
static void remark_on_rows(struct config_reading *reading, const struct policy_row rows[],
                           unsigned count)
{
	static const struct policy_row everything = {
		.reliability_max = 100, .confidence_max = 100, .known_benign = -1, .promoted = -1};

	for (unsigned i = 0; i < count; i++) {
		unsigned cover = find_cover(rows, i);

		(void)snprintf(reading->within, sizeof(reading->within), "policy[%u]", i);
		if (cover < i)
			config_remark(reading, "", "is never reached: policy[%u] fits %s", cover,
			              policy_row_covers(&rows[cover], &everything)
			                      ? "everything"
			                      : "all that it fits");
		if (rows[i].action == ACTION_DROP && rows[i].known_benign == 1)
			config_remark(reading, "", "drops nothing: known-benign values cannot be");
	}
	reading->within[0] = '\0';
}

void config_read_policy(struct config_reading *reading, const struct raw_config *raw,
                        struct config *config)
{
	struct policy *policy = config_allocate(reading, 1, sizeof(*policy));
	struct policy_row *rows = config_allocate(reading, raw->policy_count, sizeof(*rows));

	if (raw->policy_count == 0) {
		config->policy = policy_built_in();
		return;
	}
	if (policy == NULL || rows == NULL)
		return;
	if (raw->policy_count > POLICY_ROWS_MAX)
		config_mistake(reading, "policy", "more than %d rows", POLICY_ROWS_MAX);
	for (unsigned i = 0; i < raw->policy_count; i++) {
		(void)snprintf(reading->within, sizeof(reading->within), "policy[%u]", i);
		read_row(reading, &raw->policy[i], &rows[i]);
	}
	remark_on_rows(reading, rows, raw->policy_count);
	*policy = (struct policy){.rows = rows, .row_count = raw->policy_count};
	config->policy = policy;
}
