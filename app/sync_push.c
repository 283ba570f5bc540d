#include "app/sync_push.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/control.h"
#include "base/log.h"
#include "loader/config_sensor.h"

// The database is written already, and sources wait for their turn.
enum { PUSH_TIMEOUT_MS = 30000 };

static const char *first_words(const struct report *report)
{
	if (report->reason_count == 0 || report->reasons[0].example_count == 0)
		return "no memory";
	return report->reasons[0].examples[0].detail;
}

static void push(const char *control_path, const char *database_path, bool is_quiet)
{
	AUTO_BUFFER request = {0};
	AUTO_BUFFER answer = {0};
	struct report report = {0};
	int error = -1;

	buffer_format(&request, "push %s", database_path);
	buffer_append_byte(&request, '\0');
	if (!request.failed)
		error = control_ask(control_path, (const char *)request.data, PUSH_TIMEOUT_MS,
		                    &answer, &report);
	if (error < 0)
		log_info("%s: the sensor was not told of the new database: %s", control_path,
		         first_words(&report));
	else if (!is_quiet)
		(void)printf("sensor: the new database is in force\n");
	(void)fflush(stdout);
	report_clear(&report);
}

void sync_push(const struct config *config, bool is_quiet)
{
	const struct sensor_config *sensor = config->sensor;
	const char *control_path;
	char *database_path;

	if (sensor == NULL || sensor->link_count == 0)
		return;
	control_path = sensor->control_path != NULL ? sensor->control_path : CONTROL_PATH_DEFAULT;
	if (access(control_path, F_OK) < 0)
		return;
	database_path = realpath(config->database_path, NULL); // the sensor's folder is another
	if (database_path != NULL)
		push(control_path, database_path, is_quiet);
	free(database_path);
}
