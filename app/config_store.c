#include <errno.h>
#include <string.h>

#include "app/config_source.h"
#include "app/problems.h"
#include "app/text.h"
#include "base/log.h"

int config_source_store(const struct config *config, enum store_mode mode, struct store **ret_store)
{
	struct report report = {.input = config->store_path};
	int error = store_open(config->store_path, mode, &report, ret_store);

	if (error == -ENOENT)
		log_error("%s: there is no store yet: 'sekisho sync' makes it", config->store_path);
	else if (error < 0 && report.count == 0)
		log_error("%s: %s", config->store_path, strerror(-error));
	else if (error < 0)
		problems_error(config->store_path, &report);
	report_clear(&report);
	return error;
}

int config_source_open(const char *path, enum store_mode mode, struct config **ret_config,
                       struct store **ret_store)
{
	AUTO(config) config = NULL;
	int error = config_source_read(path, &config);

	if (error == 0)
		error = config_source_store(config, mode, ret_store);
	if (error == 0)
		*ret_config = TAKE(config);
	return error;
}

static int warn_left(void *context, const struct store_source *source)
{
	const struct config *config = context;

	if (source->live > 0 && config_source(config, source->name) == NULL)
		log_warning("%s: is not in %s, and what lives of it (%s) stays in effect: "
		            "'sekisho source withdraw %s' ends that",
		            source->name, config->path, text_count(source->live).text,
		            source->name);
	return 0;
}

int config_source_warn_left(const struct config *config, struct store *store)
{
	return store_source_each(store, warn_left, (void *)(uintptr_t)config);
}
