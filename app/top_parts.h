// app/top_parts.h — the tables of the screen of `sekisho top`.
//
// `sum` is all workers as they are now, `grown` what came between the two readings. Each part is
// left out when the sensor tells nothing of it.
#pragma once

#include "app/top_screen.h"

void top_parts_workers(const struct top_view *view, const struct sensor_figures *grown,
                       struct buffer *text);
void top_parts_drops(const struct top_view *view, const struct sensor_figures *sum,
                     const struct sensor_figures *grown, struct buffer *text);
void top_parts_tables(const struct top_view *view, const struct sensor_figures *sum,
                      struct buffer *text);
void top_parts_time(const struct top_view *view, const struct sensor_figures *grown,
                    struct buffer *text);
void top_parts_xdp(const struct top_view *view, struct buffer *text);
