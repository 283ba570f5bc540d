#include "loader/config_schema.h"

#define TEXT(key, type, member)                                                                \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 0, \
	                       CYAML_UNLIMITED)
#define REQUIRED(key, type, member) \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 0, CYAML_UNLIMITED)
#define LIST(key, type, member, entry)                                                    \
	CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, \
	                     &(entry), 0, CYAML_UNLIMITED)

static const cyaml_schema_value_t word_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, CYAML_UNLIMITED),
};

static const cyaml_schema_field_t type_fields[] = {
	REQUIRED("theirs", struct raw_word, theirs),
	REQUIRED("ours", struct raw_word, ours),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t type_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_word, type_fields),
};

static const cyaml_schema_field_t source_fields[] = {
	REQUIRED("name", struct raw_source, name),
	REQUIRED("kind", struct raw_source, kind),
	REQUIRED("address", struct raw_source, address),
	TEXT("collection", struct raw_source, collection),
	TEXT("format", struct raw_source, format),
	TEXT("columns", struct raw_source, columns),
	TEXT("group", struct raw_source, group),
	TEXT("role", struct raw_source, role),
	TEXT("tlp", struct raw_source, tlp),
	TEXT("reliability", struct raw_source, reliability),
	TEXT("interval", struct raw_source, interval),
	TEXT("full-resync", struct raw_source, full_resync),
	TEXT("snapshot", struct raw_source, snapshot),
	TEXT("subdomains", struct raw_source, subdomains),
	TEXT("hide-source", struct raw_source, hide_source),
	TEXT("plain-names", struct raw_source, plain_names),
	TEXT("attachments-only", struct raw_source, attachments_only),
	TEXT("enabled", struct raw_source, enabled),
	TEXT("username", struct raw_source, username),
	TEXT("password-file", struct raw_source, password_file),
	TEXT("password-env", struct raw_source, password_env),
	TEXT("token-file", struct raw_source, token_file),
	TEXT("token-env", struct raw_source, token_env),
	TEXT("token-header", struct raw_source, token_header),
	TEXT("client-cert", struct raw_source, client_cert),
	TEXT("client-key", struct raw_source, client_key),
	TEXT("ca-file", struct raw_source, ca_file),
	TEXT("proxy", struct raw_source, proxy),
	TEXT("timeout", struct raw_source, timeout),
	TEXT("retries", struct raw_source, retries),
	TEXT("pages-max", struct raw_source, pages_max),
	TEXT("body-max", struct raw_source, body_max),
	LIST("types", struct raw_source, types, type_schema),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t source_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_source, source_fields),
};

static const cyaml_schema_field_t row_fields[] = {
	TEXT("name", struct raw_row, name),
	LIST("group", struct raw_row, group, word_schema),
	LIST("source", struct raw_row, source, word_schema),
	TEXT("reliability", struct raw_row, reliability),
	LIST("threat", struct raw_row, threat, word_schema),
	TEXT("confidence", struct raw_row, confidence),
	LIST("tlp", struct raw_row, tlp, word_schema),
	TEXT("age", struct raw_row, age),
	LIST("type", struct raw_row, type, word_schema),
	TEXT("sources", struct raw_row, sources),
	TEXT("posters", struct raw_row, posters),
	TEXT("known-benign", struct raw_row, known_benign),
	TEXT("promoted", struct raw_row, promoted),
	REQUIRED("action", struct raw_row, action),
	LIST("tags", struct raw_row, tags, word_schema),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t row_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_row, row_fields),
};

static const cyaml_schema_field_t guard_fields[] = {
	TEXT("loss-max", struct raw_guards, loss_max),
	TEXT("gain-max", struct raw_guards, gain_max),
	TEXT("change-min", struct raw_guards, change_min),
	TEXT("clock-ahead", struct raw_guards, clock_ahead),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t own_fields[] = {
	LIST("networks", struct raw_own, networks, word_schema),
	LIST("names", struct raw_own, names, word_schema),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t link_fields[] = {
	REQUIRED("device", struct raw_link, device),
	TEXT("peer", struct raw_link, peer),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t link_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_link, link_fields),
};

static const cyaml_schema_field_t sensor_fields[] = {
	TEXT("name", struct raw_sensor, name),
	TEXT("mode", struct raw_sensor, mode),
	TEXT("backend", struct raw_sensor, backend),
	LIST("links", struct raw_sensor, links, link_schema),
	TEXT("workers", struct raw_sensor, workers),
	LIST("cpus", struct raw_sensor, cpus, word_schema),
	TEXT("fail", struct raw_sensor, fail),
	TEXT("dry-run", struct raw_sensor, dry_run),
	TEXT("resets", struct raw_sensor, resets),
	TEXT("nxdomain", struct raw_sensor, nxdomain),
	TEXT("checksums", struct raw_sensor, checksums),
	TEXT("local-dns", struct raw_sensor, local_dns),
	TEXT("promiscuous", struct raw_sensor, promiscuous),
	TEXT("busy-poll", struct raw_sensor, busy_poll),
	TEXT("stale", struct raw_sensor, stale),
	TEXT("flow-memory", struct raw_sensor, flow_memory),
	TEXT("stream-memory", struct raw_sensor, stream_memory),
	TEXT("buffer", struct raw_sensor, buffer),
	TEXT("rate", struct raw_sensor, rate),
	LIST("dpdk-arguments", struct raw_sensor, dpdk_arguments, word_schema),
	TEXT("xdp-generic", struct raw_sensor, xdp_generic),
	TEXT("xdp-copy", struct raw_sensor, xdp_copy),
	TEXT("xdp-flow-slots", struct raw_sensor, xdp_flow_slots),
	TEXT("xdp-pins", struct raw_sensor, xdp_pins),
	TEXT("hits", struct raw_sensor, hits),
	TEXT("sightings", struct raw_sensor, sightings),
	TEXT("window", struct raw_sensor, window),
	TEXT("control", struct raw_sensor, control),
	TEXT("metrics", struct raw_sensor, metrics),
	TEXT("user", struct raw_sensor, user),
	TEXT("public-key", struct raw_sensor, public_key),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t config_fields[] = {
	TEXT("store", struct raw_config, store),
	TEXT("database", struct raw_config, database),
	TEXT("sign-key", struct raw_config, sign_key),
	CYAML_FIELD_MAPPING("own", CYAML_FLAG_OPTIONAL, struct raw_config, own, own_fields),
	LIST("sources", struct raw_config, sources, source_schema),
	LIST("policy", struct raw_config, policy, row_schema),
	CYAML_FIELD_MAPPING("guards", CYAML_FLAG_OPTIONAL, struct raw_config, guards, guard_fields),
	CYAML_FIELD_MAPPING_PTR("sensor", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                                struct raw_config, sensor, sensor_fields),
	TEXT("retention", struct raw_config, retention),
	TEXT("overlay-max", struct raw_config, overlay_max),
	CYAML_FIELD_END,
};

const struct cyaml_schema_value config_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_config, config_fields),
};
