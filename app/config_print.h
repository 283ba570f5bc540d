// app/config_print.h — the configuration in effect, as YAML.
#pragma once

#include <stdio.h>

#include "loader/config.h"

// Defaults included; of secrets only where they are.
void config_print(FILE *file, const struct config *config);
