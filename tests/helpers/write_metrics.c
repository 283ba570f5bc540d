// Writes what the table of metrics gives: `write_metrics text FACTOR` an exposition of sample
// figures, `write_metrics rows` the rows of docs/metrics.md.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/metrics.h"
#include "tests/helpers/sample_figures.h"

static void write_text(unsigned long factor)
{
	struct daemon_figures *figures = calloc(1, sizeof(*figures));
	struct buffer text = {0};

	if (figures == NULL)
		abort();
	sample_figures(figures, factor);
	metrics_render(figures, &text);
	(void)fwrite(text.data, 1, text.size, stdout);
	buffer_close(&text);
	free(figures);
}

static void write_labels(const struct metric *metric)
{
	static const char *const labels[METRIC_OF_COUNT] = {
		[METRIC_OF_DAEMON] = NULL,   [METRIC_OF_RELOAD] = NULL,
		[METRIC_OF_DATABASE] = NULL, [METRIC_OF_WORKER] = "worker",
		[METRIC_OF_LINK] = "device", [METRIC_OF_XDP] = "device",
	};
	const char *first = labels[metric->of];

	(void)printf("%s", first != NULL ? first : "");
	if (metric->label == NULL)
		return;
	(void)printf("%s%s (", first != NULL ? ", " : "", metric->label);
	for (unsigned i = 0; i < metric->count; i++)
		(void)printf("%s%s", i > 0 ? " " : "", metric->label_name(i));
	(void)printf(")");
}

static void write_rows(void)
{
	for (unsigned i = 0; i < metrics_count; i++) {
		const struct metric *metric = &metrics[i];

		(void)printf("| `%s` | %s | %s | ", metric->name, metric_type_name(metric->type),
		             metric->unit != NULL ? metric->unit : "");
		write_labels(metric);
		(void)printf(" | %s. |\n", metric->help);
	}
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "text") == 0)
		write_text(strtoul(argv[2], NULL, 10));
	else if (argc == 2 && strcmp(argv[1], "rows") == 0)
		write_rows();
	else
		return 2;
	return 0;
}
