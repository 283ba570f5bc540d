#include "loader/config_text.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum { RANGE_SIDE_BYTES = 24 };

// The digits that `text` begins with; *ret_rest is what stands behind them.
static int read_digits(const char *text, uint64_t *ret_number, const char **ret_rest)
{
	uint64_t number = 0;
	const char *digit = text;

	for (; *digit >= '0' && *digit <= '9'; digit++) {
		if (number > (UINT64_MAX - 9) / 10)
			return -ERANGE;
		number = number * 10 + (uint64_t)(*digit - '0');
	}
	if (digit == text)
		return -EINVAL;
	*ret_number = number;
	*ret_rest = digit;
	return 0;
}

struct unit {
	char letter;
	uint64_t factor;
};

// A number with one letter of `units` behind it, or none.
static int read_with_unit(const char *text, const struct unit units[], uint64_t *ret_number)
{
	const char *rest;
	uint64_t number;
	int error = read_digits(text, &number, &rest);

	if (error < 0)
		return error;
	if (*rest == '\0') {
		*ret_number = number;
		return 0;
	}
	for (const struct unit *unit = units; unit->letter != '\0' && rest[1] == '\0'; unit++) {
		if (*rest != unit->letter)
			continue;
		if (number > UINT64_MAX / unit->factor)
			return -ERANGE;
		*ret_number = number * unit->factor;
		return 0;
	}
	return -EINVAL;
}

int config_text_number(const char *text, uint64_t *ret_number)
{
	static const struct unit none[] = {{'\0', 0}};

	return read_with_unit(text, none, ret_number);
}

int config_text_duration(const char *text, uint64_t *ret_seconds)
{
	static const struct unit units[] = {
		{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 24 * 3600}, {'w', 7 * 24 * 3600},
		{'\0', 0}};

	return read_with_unit(text, units, ret_seconds);
}

int config_text_size(const char *text, uint64_t *ret_bytes)
{
	static const struct unit units[] = {{'K', UINT64_C(1) << 10},
	                                    {'M', UINT64_C(1) << 20},
	                                    {'G', UINT64_C(1) << 30},
	                                    {'\0', 0}};

	return read_with_unit(text, units, ret_bytes);
}

int config_text_percent(const char *text, uint64_t *ret_percent)
{
	static const struct unit units[] = {{'%', 1}, {'\0', 0}};

	return read_with_unit(text, units, ret_percent);
}

// The Admiralty code (NATO AJP-2.1): reliability of the source.
static int read_reliability(const char *text, uint64_t *ret_figure)
{
	static const uint8_t of_letter[] = {100, 80, 60, 40, 20, 50};
	uint64_t figure;

	if (text[0] >= 'A' && text[0] <= 'F' && text[1] == '\0') {
		*ret_figure = of_letter[text[0] - 'A'];
		return 0;
	}
	int error = config_text_number(text, &figure);
	if (error < 0)
		return error;
	if (figure > 100)
		return -ERANGE;
	*ret_figure = figure;
	return 0;
}

int config_text_reliability(const char *text, uint8_t *ret_reliability)
{
	uint64_t figure;
	int error = read_reliability(text, &figure);

	if (error == 0)
		*ret_reliability = (uint8_t)figure;
	return error;
}

static int read_two_sides(const char *text, int (*read_figure)(const char *, uint64_t *),
                          struct figure_range *ret_range)
{
	const char *dash = strchr(text, '-');
	char first[RANGE_SIDE_BYTES];
	struct figure_range range;

	if ((size_t)(dash - text) >= sizeof(first))
		return -EINVAL;
	memcpy(first, text, (size_t)(dash - text));
	first[dash - text] = '\0';
	int error = read_figure(first, &range.min);
	if (error == 0)
		error = read_figure(dash + 1, &range.max);
	if (error < 0)
		return error;
	if (range.min > range.max)
		range = (struct figure_range){range.max, range.min};
	*ret_range = range;
	return 0;
}

int config_text_range(const char *text, int (*read_figure)(const char *, uint64_t *),
                      struct figure_range *ret_range)
{
	bool is_least = strncmp(text, ">=", 2) == 0;
	bool is_most = strncmp(text, "<=", 2) == 0;
	uint64_t figure;

	if (!is_least && !is_most && strchr(text, '-') != NULL)
		return read_two_sides(text, read_figure, ret_range);
	if (is_least || is_most)
		text += 2;
	while (*text == ' ')
		text++;
	int error = read_figure(text, &figure);
	if (error == 0)
		*ret_range = (struct figure_range){
			.min = is_most ? 0 : figure,
			.max = is_least ? UINT64_MAX : figure,
		};
	return error;
}

int config_text_reliability_range(const char *text, struct figure_range *ret_range)
{
	struct figure_range range;
	int error = config_text_range(text, read_reliability, &range);

	if (error < 0)
		return error;
	if (range.max > 100)
		range.max = 100;
	*ret_range = range;
	return 0;
}

int config_text_bool(const char *text, bool *ret_bool)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*ret_bool = i % 2 == 1;
			return 0;
		}
	}
	return -EINVAL;
}
