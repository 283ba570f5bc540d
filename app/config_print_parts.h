// app/config_print_parts.h — what the files config_print*.c share: lines of YAML.
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "loader/config_sensor.h"

// "key: "text"", nothing for NULL.
void config_print_text(FILE *file, const char *key, const char *text);
// "key: ["a", "b"]", nothing for none.
void config_print_words(FILE *file, const char *key, const char *const words[], unsigned count);
void config_print_flag(FILE *file, const char *key, bool flag);

// All of `sensor:`, nothing when there is none.
void config_print_sensor(FILE *file, const struct sensor_config *sensor);
