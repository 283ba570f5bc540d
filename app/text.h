// app/text.h — figures as people read them.
#pragma once

#include <stdint.h>

enum { FIGURE_TEXT_BYTES = 32 };

// A figure as text, to be passed to printf in the same expression.
struct figure_text {
	char text[FIGURE_TEXT_BYTES];
};

struct figure_text text_count(uint64_t count);         // "2,100,000"
struct figure_text text_size(uint64_t bytes);          // "512 B", "1.8 GB" (powers of 1000)
struct figure_text text_rate(double per_second);       // "950", "2.3 M"
struct figure_text text_duration(int64_t duration_ns); // "0.012 s", "75.3 s"
