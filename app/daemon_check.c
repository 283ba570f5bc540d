#include "app/daemon_check.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/daemon_devices.h"
#include "app/daemon_privileges.h"
#include "app/daemon_seccomp.h"
#include "app/problems.h"
#include "base/log.h"

// Interfaces are asked for by name; PCI addresses and DPDK's virtual devices are not the kernel's.
static unsigned check_device(const struct sensor_config *sensor, const char *device)
{
	if (device == NULL || strcmp(sensor->backend, "dpdk") == 0)
		return 0;
	if (strcmp(sensor->backend, "replay") == 0) {
		if (access(device, R_OK) == 0)
			return 0;
		log_error("%s: %s", device, strerror(errno));
		return 1;
	}
	if (if_nametoindex(device) != 0)
		return 0;
	log_error("there is no interface %s ('sekisho ports' shows what there is)", device);
	return 1;
}

static unsigned check_links(const struct sensor_config *sensor)
{
	unsigned failures = 0;

	for (unsigned i = 0; i < sensor->link_count; i++) {
		const struct sensor_link_config *link = &sensor->links[i];

		(void)printf("link: %s%s%s\n", link->device, link->peer != NULL ? " - " : "",
		             link->peer != NULL ? link->peer : "");
		failures += check_device(sensor, link->device);
		failures += check_device(sensor, link->peer);
	}
	return failures;
}

// One that is not there is waited for; one that is damaged would not be taken.
static unsigned check_database(const struct config *config)
{
	const char *path = config->database_path;
	struct report report = {.input = path};
	AUTO(database) database = NULL;
	struct database_info info;
	int error = database_open(path, &report, &database);

	if (error == -ENOENT) {
		log_warning("there is no database %s: %s passes until there is one", path,
		            config->sensor->is_fail_closed ? "nothing" : "everything");
		report_clear(&report);
		return 0;
	}
	if (error == 0)
		error = database_verify(database, config->sensor->public_key_path, &report);
	if (error < 0 && report.count == 0)
		log_error("%s: %s", path, strerror(-error));
	else if (error < 0)
		problems_error(path, &report);
	report_clear(&report);
	if (error < 0)
		return 1;
	database_info(database, &info);
	(void)printf("database: %s, %" PRIu64 " indicators\n", path, info.indicators);
	return 0;
}

// Before there is a database, too: without its key none would be taken.
static unsigned check_key(const struct sensor_config *sensor)
{
	if (sensor->public_key_path == NULL || access(sensor->public_key_path, R_OK) == 0)
		return 0;
	log_error("sensor.public-key %s: %s", sensor->public_key_path, strerror(errno));
	return 1;
}

static unsigned check_workers(const struct sensor_config *sensor)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	unsigned failures = 0;

	for (unsigned i = 0; sensor->cpus != NULL && i < sensor->worker_count; i++) {
		if (sensor->cpus[i] < cpus)
			continue;
		log_error("sensor.cpus: there is no CPU %u, they are 0 to %ld", sensor->cpus[i],
		          cpus - 1);
		failures++;
	}
	if (strcmp(sensor->backend, "pcap") != 0 || sensor->worker_count == 1)
		return failures;
	log_error("sensor.workers: the backend pcap has one worker; af-packet shares packets "
	          "among several");
	return failures + 1;
}

static unsigned check_user(const struct sensor_config *sensor)
{
	struct daemon_identity identity;
	int error = daemon_identity_find(sensor->user, &identity);

	if (error == 0)
		return 0;
	log_error("sensor.user %s: %s", sensor->user,
	          error == -ENOENT ? "there is no such user" : strerror(-error));
	return 1;
}

static unsigned check_folder(const char *what, const char *path)
{
	struct stat status;

	if (path == NULL)
		return 0;
	(void)printf("%s: %s\n", what, path);
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return 0;
	log_error("%s: no such folder", path);
	return 1;
}

static unsigned check_hits(const struct sensor_config *sensor)
{
	const char *slash = strrchr(sensor->hits_path, '/');
	char folder[PROBLEM_TEXT_BYTES];

	(void)printf("hits: %s\n",
	             strcmp(sensor->hits_path, "-") == 0 ? "standard output" : sensor->hits_path);
	if (slash == NULL || slash == sensor->hits_path)
		return 0;
	(void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - sensor->hits_path),
	               sensor->hits_path);
	if (access(folder, F_OK) == 0)
		return 0;
	log_error("%s: %s", folder, strerror(errno));
	return 1;
}

unsigned daemon_check(const struct config *config, bool is_dry_run)
{
	const struct sensor_config *sensor = config->sensor;

	(void)printf("sensor: %s\nmode: %s by %s, %u worker%s%s\n", sensor->name,
	             sensor_mode_name(sensor->mode), sensor->backend, sensor->worker_count,
	             sensor->worker_count == 1 ? "" : "s", is_dry_run ? ", dry run" : "");
	if (sensor->mode != SENSOR_TAP)
		(void)printf("without database or workers: %s passes\n",
		             sensor->is_fail_closed ? "nothing" : "everything");
	(void)printf("helper process: %s\nsystem call filter: %s\n",
	             daemon_devices_need_xdp(sensor) ? "with CAP_BPF and CAP_NET_ADMIN" : "none",
	             daemon_seccomp_is_there() ? "yes" : "not in this build");
	return check_workers(sensor) + check_links(sensor) + check_key(sensor) +
	       check_database(config) + check_user(sensor) + check_hits(sensor) +
	       check_folder("sightings", sensor->sightings_path);
}
