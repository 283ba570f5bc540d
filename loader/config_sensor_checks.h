// loader/config_sensor_checks.h — what of `sensor:` cannot be together.
#pragma once

#include "loader/config_reading.h"
#include "loader/config_sensor.h"

// Mistakes go to `reading`.
void config_sensor_check(struct config_reading *reading, const struct raw_sensor *raw,
                         const struct sensor_config *sensor);
