#include "base/timestamp.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

// Reads exactly `digits` digits and then `terminator` (0 for none); moves `text` behind them.
static int take_number(struct slice *text, unsigned digits, char terminator)
{
	int value = 0;

	if (text->size < digits + (terminator != 0))
		return -EINVAL;
	for (unsigned i = 0; i < digits; i++) {
		uint8_t digit = text->data[i];

		if (digit < '0' || digit > '9')
			return -EINVAL;
		value = value * 10 + (digit - '0');
	}
	if (terminator != 0 && (text->data[digits] | 0x20) != (terminator | 0x20))
		return -EINVAL;
	*text = slice_from(*text, digits + (terminator != 0));
	return value;
}

static int64_t take_fraction_ns(struct slice *text)
{
	int64_t unit_ns = NS_PER_S / 10;
	int64_t fraction_ns = 0;

	if (text->size == 0 || text->data[0] != '.')
		return 0;
	*text = slice_from(*text, 1);
	while (text->size > 0 && text->data[0] >= '0' && text->data[0] <= '9') {
		fraction_ns += unit_ns * (text->data[0] - '0');
		unit_ns /= 10;
		*text = slice_from(*text, 1);
	}
	return fraction_ns;
}

// "Z", "+09:00" or "-05:30", and nothing behind it.
static int take_offset_s(struct slice text, int *ret_offset_s)
{
	if (text.size == 1 && (text.data[0] | 0x20) == 'z') {
		*ret_offset_s = 0;
		return 0;
	}
	if (text.size != 6 || (text.data[0] != '+' && text.data[0] != '-'))
		return -EINVAL;

	int sign = text.data[0] == '-' ? -1 : 1;
	struct slice rest = slice_from(text, 1);
	int hours = take_number(&rest, 2, ':');
	int minutes = take_number(&rest, 2, 0);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return -EINVAL;
	*ret_offset_s = sign * (hours * 3600 + minutes * 60);
	return 0;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool is_date(int year, int month, int day)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (year < 0 || month < 1 || month > 12 || day < 1)
		return false;
	return day <= days[month - 1] + (month == 2 && is_leap(year));
}

// Days since 1970-01-01 in the Gregorian calendar. Years begin in March here, so that the leap day
// is a year's last.
static int64_t days_since_epoch(int year, int month, int day)
{
	static const int days_before[] = {306, 337, 0, 31, 61, 92, 122, 153, 184, 214, 245, 275};
	int64_t years = year - (month < 3);

	return years * 365 + years / 4 - years / 100 + years / 400 + days_before[month - 1] + day -
	       1 - 719468;
}

int timestamp_parse(struct slice text, int64_t *ret_ns)
{
	int year = take_number(&text, 4, '-');
	int month = take_number(&text, 2, '-');
	int day = take_number(&text, 2, 't');
	int hour = take_number(&text, 2, ':');
	int minute = take_number(&text, 2, ':');
	int second = take_number(&text, 2, 0);
	int offset_s;

	// Second 60 is a leap second, and counts as the next minute's first.
	if (!is_date(year, month, day) || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
	    second < 0 || second > 60)
		return -EINVAL;

	int64_t fraction_ns = take_fraction_ns(&text);
	if (take_offset_s(text, &offset_s) < 0)
		return -EINVAL;
	if (year < 1678 || year > 2261) {
		*ret_ns = year < 1678 ? TIMESTAMP_MIN : TIMESTAMP_MAX;
		return 0;
	}
	int64_t time_s = ((days_since_epoch(year, month, day) * 24 + hour) * 60 + minute) * 60;

	*ret_ns = (time_s + second - offset_s) * NS_PER_S + fraction_ns;
	return 0;
}

void timestamp_format(int64_t time_ns, unsigned digits, char ret_text[TIMESTAMP_TEXT_BYTES])
{
	int64_t fraction_ns = time_ns % NS_PER_S;
	time_t seconds = time_ns / NS_PER_S;
	struct tm parts;
	char date[24];
	char fraction[16] = "";

	if (fraction_ns < 0) {
		fraction_ns += NS_PER_S;
		seconds--;
	}
	gmtime_r(&seconds, &parts);
	(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &parts);
	(void)snprintf(fraction, sizeof(fraction), ".%09lld", (long long)fraction_ns);
	fraction[digits > 0 ? digits + 1 : 0] = '\0';
	(void)snprintf(ret_text, TIMESTAMP_TEXT_BYTES, "%s%sZ", date, fraction);
}
