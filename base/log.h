// base/log.h — the one logger: lines to standard error.
//
// base, engine and the parsers return errors instead; app and the top loops of threads log
// once, with what was being done. Any thread may log.
#pragma once

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO };

// Writes "sekisho: <level>: <text>\n"; LOG_INFO has no level word. Control bytes of the text
// are replaced, so that an input cannot write to the terminal.
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_write(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_info(...)    log_write(LOG_INFO, __VA_ARGS__)
