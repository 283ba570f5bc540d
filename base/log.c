#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE_BYTES = 4096 };

static const char *const level_words[] = {
	[LOG_ERROR] = "error: ",
	[LOG_WARNING] = "warning: ",
	[LOG_INFO] = "",
};

void log_write(enum log_level level, const char *format, ...)
{
	char line[LINE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	for (char *byte = line; *byte != '\0'; byte++)
		if ((unsigned char)*byte < ' ' || *byte == 0x7f)
			*byte = '?';
	(void)fprintf(stderr, "sekisho: %s%s\n", level_words[level], line);
}
