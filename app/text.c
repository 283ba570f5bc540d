#include "app/text.h"

#include <stdio.h>
#include <string.h>

#include "base/timestamp.h"

struct figure_text text_count(uint64_t count)
{
	char digits[FIGURE_TEXT_BYTES];
	struct figure_text figure;
	int size = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count);
	char *next = figure.text;

	for (int i = 0; i < size; i++) {
		if (i > 0 && (size - i) % 3 == 0)
			*next++ = ',';
		*next++ = digits[i];
	}
	*next = '\0';
	return figure;
}

struct figure_text text_size(uint64_t bytes)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
	struct figure_text figure;
	double size = (double)bytes / 1000;
	unsigned unit = 0;

	if (bytes < 1000) {
		(void)snprintf(figure.text, sizeof(figure.text), "%u B", (unsigned)bytes);
		return figure;
	}
	while (size >= 999.95 && unit < 5) {
		size /= 1000;
		unit++;
	}
	(void)snprintf(figure.text, sizeof(figure.text), "%.1f %s", size, units[unit]);
	return figure;
}

struct figure_text text_rate(double per_second)
{
	struct figure_text figure;

	if (per_second < 10000)
		(void)snprintf(figure.text, sizeof(figure.text), "%.0f", per_second);
	else if (per_second < 999500)
		(void)snprintf(figure.text, sizeof(figure.text), "%.0f k", per_second / 1e3);
	else if (per_second < 999.5e6)
		(void)snprintf(figure.text, sizeof(figure.text), "%.2f M", per_second / 1e6);
	else
		(void)snprintf(figure.text, sizeof(figure.text), "%.2f G", per_second / 1e9);
	return figure;
}

struct figure_text text_duration(int64_t duration_ns)
{
	struct figure_text figure;
	double seconds = (double)duration_ns / (double)NS_PER_S;

	(void)snprintf(figure.text, sizeof(figure.text), seconds < 1 ? "%.3f s" : "%.1f s",
	               seconds);
	return figure;
}
