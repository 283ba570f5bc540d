// Writes the sample hits in each form: write_sample COUNT SHUFFLE MEMORY-BYTES FOLDER
#include <string.h>

#include "tests/helpers/sample_hits.h"

static FILE *open_in(const char *folder, const char *name)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return fopen(path, "w");
}

static int write_all(struct sightings *sightings, const char *folder)
{
	struct table_options table = {.width = 150};
	struct stix_summary summary;
	struct stix_options stix[] = {
		{.sensor = "sensor \"one\"\x01"},
		{.sensor = "sensor", .has_all = true, .observed_max = 3},
		{.sensor = "sensor", .has_indicators = true},
	};
	FILE *files[] = {open_in(folder, "plain.stix.json"), open_in(folder, "all.stix.json"),
	                 open_in(folder, "indicators.stix.json")};
	FILE *json = open_in(folder, "hits.json");
	FILE *text = open_in(folder, "table.txt");
	int error = 0;

	for (unsigned i = 0; i < 3; i++) {
		error |= sightings_write_stix(sightings, files[i], &stix[i], &summary);
		error |= fclose(files[i]);
	}
	error |= sightings_write_json(sightings, json);
	error |= sightings_write_table(sightings, text, &table);
	return error | fclose(json) | fclose(text);
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;

	struct sightings *sightings = sample_sightings((uint32_t)strtoul(argv[1], NULL, 10),
	                                               (uint32_t)strtoul(argv[2], NULL, 10),
	                                               strtoul(argv[3], NULL, 10));
	int error = write_all(sightings, argv[4]);

	sightings_free(sightings);
	return error != 0;
}
