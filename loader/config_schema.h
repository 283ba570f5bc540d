// loader/config_schema.h — the configuration as it is written: texts, not yet understood.
//
// Filled by libcyaml, read by config*.c, freed with cyaml_free(). NULL: not there.
#pragma once

#include <cyaml/cyaml.h>

// The texts are UTF-8 without control bytes, and not empty (loader/config_document.h).
struct raw_word {
	const char *theirs, *ours;
};

struct raw_source {
	const char *name, *kind, *address, *collection, *format, *columns, *group, *role, *tlp;
	const char *plain_names, *attachments_only;
	const char *reliability, *interval, *full_resync, *snapshot, *subdomains, *hide_source;
	const char *enabled, *username, *password_file, *password_env, *token_file, *token_env;
	const char *token_header, *client_cert, *client_key, *ca_file, *proxy, *timeout, *retries,
		*pages_max;
	const char *body_max;
	struct raw_word *types;
	unsigned types_count;
};

struct raw_row {
	const char *name, *reliability, *confidence, *age, *sources, *posters;
	const char *known_benign, *promoted, *action;
	const char **group, **source, **threat, **tlp, **type, **tags;
	unsigned group_count, source_count, threat_count, tlp_count, type_count, tags_count;
};

struct raw_guards {
	const char *loss_max, *gain_max, *change_min, *clock_ahead;
};

struct raw_own {
	const char **networks, **names;
	unsigned networks_count, names_count;
};

struct raw_link {
	const char *device, *peer;
};

struct raw_sensor {
	const char *name, *mode, *backend, *workers, *fail, *dry_run, *resets, *nxdomain;
	const char *promiscuous, *busy_poll, *stale, *flow_memory, *stream_memory, *buffer, *rate;
	const char *xdp_generic, *xdp_copy, *xdp_flow_slots, *xdp_pins, *hits, *sightings, *window;
	const char *control, *metrics, *user, *public_key, *checksums, *local_dns;
	const char **cpus, **dpdk_arguments;
	struct raw_link *links;
	unsigned cpus_count, dpdk_arguments_count, links_count;
};

struct raw_config {
	const char *store, *database, *sign_key, *retention, *overlay_max;
	struct raw_own own;
	struct raw_guards guards;
	struct raw_sensor *sensor;
	struct raw_source *sources;
	struct raw_row *policy;
	unsigned sources_count, policy_count;
};

extern const struct cyaml_schema_value config_schema;
