#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "app/command.h"
#include "app/database_source.h"
#include "app/problems.h"
#include "app/text.h"
#include "app/time_argument.h"
#include "app/xdp_verbs.h"
#include "base/log.h"

struct load_values {
	struct xdp_place place;
	const char *database_path;
	bool is_dry_run;
	bool is_generic;
};

static int set_database(void *context, const char *path)
{
	struct load_values *values = context;

	if (values->database_path != NULL)
		return -EEXIST;
	values->database_path = path;
	return 0;
}

static const struct option load_options[] = {
	XDP_PLACE_OPTIONS(load_values, place),
	{OPTION_FLAG, 0, "dry-run", .offset = offsetof(struct load_values, is_dry_run),
         .help = "count what would be dropped, and drop nothing"},
	{OPTION_FLAG, 0, "generic", .offset = offsetof(struct load_values, is_generic),
         .help = "do not try the driver's own XDP"},
	{OPTION_END},
};

static const struct command_line load_line = {
	"sekisho xdp load",
	"[options] DB -i DEVICE",
	"Puts the XDP program on an interface and fills it with what the database says must be "
	"dropped by its address; where it is already, brings its maps up to date. It works on its "
	"own, without 'sekisho run'.",
	load_options,
	set_database,
};

static void print_figures(const struct load_values *values,
                          const struct xdp_mirror_figures *figures)
{
	char time[TIMESTAMP_TEXT_BYTES];

	log_info("%s: %s hosts and %s networks are dropped%s", values->place.device,
	         text_count(figures->hosts).text, text_count(figures->networks).text,
	         values->is_dry_run ? " (dry run: only counted)" : "");
	if (figures->is_difference)
		log_info("%s: %s added, %s removed", values->place.device,
		         text_count(figures->added).text, text_count(figures->removed).text);
	if (figures->left_out > 0)
		log_warning("%s: %s entries left out: other ports of what is listed already, which "
		            "only 'sekisho run' tells apart",
		            values->place.device, text_count(figures->left_out).text);
	if (figures->next_change_ns == TIMESTAMP_MAX)
		return;
	timestamp_format(figures->next_change_ns, 0, time);
	log_info("%s: the validity of an indicator begins or ends at %s: load again then",
	         values->place.device, time);
}

static int mirror(const struct load_values *values, struct xdp *xdp,
                  const struct database *database, uint32_t generation)
{
	struct xdp_mirror_figures figures;
	struct report report = {0};
	int error = xdp_mirror(xdp, database, generation, time_argument_now_ns(), &report,
	                       &figures);

	if (error < 0)
		xdp_log_error(&values->place, error, &report);
	else
		print_figures(values, &figures);
	report_clear(&report);
	return error;
}

// A program that nobody stands behind: it never becomes stale.
static int open_program(const struct load_values *values, struct xdp **ret_xdp)
{
	const struct xdp_open_options options = {
		.device = values->place.device,
		.pin_path = values->place.pin_path,
		.purpose = XDP_FILTER,
		.is_dry_run = values->is_dry_run,
		.is_generic = values->is_generic,
	};
	struct report report = {0};
	int error = xdp_open(&options, &report, ret_xdp);

	if (error < 0)
		xdp_log_error(&values->place, error, &report);
	else
		problems_warn(values->place.device, &report);
	report_clear(&report);
	return error;
}

// What is there now. Returns 0, -ENOENT (nothing), -EBUSY (a daemon's, which lives), or an error.
static int look(const struct load_values *values, uint32_t *ret_generation)
{
	struct xdp_status status;
	struct report report = {0};
	int error = xdp_status(values->place.device, values->place.pin_path, &report, &status);

	if (error < 0 && error != -ENOENT)
		xdp_log_error(&values->place, error, &report);
	report_clear(&report);
	if (error < 0)
		return error;
	if (status.has_heartbeat && !status.is_stale) {
		log_error("%s: 'sekisho run' works with it: give the database to that",
		          values->place.device);
		return -EBUSY;
	}
	*ret_generation = status.generation;
	return 0;
}

static int load(const struct load_values *values)
{
	AUTO(database) database = NULL;
	AUTO(xdp) xdp = NULL;
	uint32_t generation = 0;
	struct report unloading = {0};
	int found, error;

	if (database_source_open(values->database_path, &database) < 0)
		return EXIT_FAILED;
	found = look(values, &generation);
	if (found != 0 && found != -ENOENT)
		return EXIT_FAILED;
	error = open_program(values, &xdp);
	if (error < 0)
		return EXIT_FAILED;
	error = mirror(values, xdp, database, generation + 1);
	if (error < 0 && found == -ENOENT)
		(void)xdp_unload(values->place.device, values->place.pin_path, &unloading);
	report_clear(&unloading);
	return error < 0 ? EXIT_FAILED : EXIT_FOUND;
}

static int run(int argc, char **argv)
{
	struct load_values values = {0};
	enum options_outcome outcome = options_parse(&load_line, argc, argv, &values);

	if (outcome != OPTIONS_READ)
		return outcome == OPTIONS_HELP ? EXIT_FOUND : EXIT_FAILED;
	if (!xdp_place_is_given(&load_line, &values.place))
		return EXIT_FAILED;
	if (values.database_path == NULL) {
		options_complain(&load_line, "which database?");
		return EXIT_FAILED;
	}
	return load(&values);
}

const struct command command_xdp_load = {
	.name = "load",
	.summary = "put it on an interface with a database",
	.run = run,
};
