#include "loader/judge_sources.h"

#include <errno.h>
#include <stdlib.h>

struct reading {
	const struct config *config;
	struct judge_sources sources;
};

static int make_room(struct judge_sources *sources, uint32_t source_id)
{
	size_t wanted = (size_t)source_id + 1;
	struct judge_source *grown;

	if (wanted <= sources->count)
		return 0;
	grown = reallocarray(sources->sources, wanted, sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	memset(grown + sources->count, 0, (wanted - sources->count) * sizeof(*grown));
	sources->sources = grown;
	sources->count = wanted;
	return 0;
}

static int take_source(void *context, const struct store_source *stored)
{
	struct reading *reading = context;
	const struct source_config *configured = config_source(reading->config, stored->name);
	const char *group = configured != NULL ? configured->group : stored->group;
	struct judge_source source = {
		.source_id = stored->source_id,
		.role = configured != NULL ? configured->role : stored->role,
		.reliability = configured != NULL ? configured->reliability : stored->reliability,
		.has_same_subdomains = configured != NULL && configured->has_same_subdomains,
		.is_hidden = configured != NULL && configured->is_hidden,
	};
	int error = make_room(&reading->sources, stored->source_id);

	if (error < 0)
		return error;
	source.name = arena_copy(&reading->sources.arena, slice_text(stored->name));
	source.group = arena_copy(&reading->sources.arena, slice_text(group));
	if (source.name.data == NULL || source.group.data == NULL)
		return -ENOMEM;
	source.role = policy_role(source.role, source.group);
	reading->sources.sources[source.source_id] = source;
	return 0;
}

int judge_sources_read(struct store *store, const struct config *config,
                       struct judge_sources *ret_sources)
{
	struct reading reading = {.config = config};
	int error = store_source_each(store, take_source, &reading);

	if (error < 0) {
		judge_sources_close(&reading.sources);
		return error;
	}
	*ret_sources = reading.sources;
	return 0;
}

void judge_sources_close(struct judge_sources *sources)
{
	arena_close(&sources->arena);
	free(sources->sources);
	*sources = (struct judge_sources){};
}

const struct judge_source *judge_sources_get(const struct judge_sources *sources,
                                             uint32_t source_id)
{
	static const struct judge_source nobody;

	return source_id < sources->count ? &sources->sources[source_id] : &nobody;
}
