#include "app/config_print_parts.h"

// A text in double quotes (YAML 1.2, section 5.7). The configuration holds no control bytes.
static void print_quoted(FILE *file, const char *text)
{
	(void)fputc('"', file);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			(void)fputc('\\', file);
		(void)fputc(*text, file);
	}
	(void)fputc('"', file);
}

void config_print_text(FILE *file, const char *key, const char *text)
{
	if (text == NULL)
		return;
	(void)fprintf(file, "%s: ", key);
	print_quoted(file, text);
	(void)fputc('\n', file);
}

void config_print_words(FILE *file, const char *key, const char *const words[], unsigned count)
{
	if (count == 0)
		return;
	(void)fprintf(file, "%s: [", key);
	for (unsigned i = 0; i < count; i++) {
		(void)fputs(i > 0 ? ", " : "", file);
		print_quoted(file, words[i]);
	}
	(void)fprintf(file, "]\n");
}

void config_print_flag(FILE *file, const char *key, bool flag)
{
	(void)fprintf(file, "%s: %s\n", key, flag ? "yes" : "no");
}
