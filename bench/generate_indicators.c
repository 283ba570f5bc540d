// Writes a feed of many indicators, none of which stands in what generate_traffic writes. The same
// seed gives the same bytes everywhere.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "app/options.h"
#include "bench/traffic_random.h"
#include "engine/address.h"
#include "engine/normalize.h"

enum indicator_kind {
	KIND_IPV4,
	KIND_IPV6,
	KIND_NETWORK,
	KIND_NAME,
	KIND_URL,
	KIND_HASH,
	KIND_MIXED, // all of them in turn
	KIND_COUNT,
};

enum output_format { FORMAT_TEXT, FORMAT_STIX, FORMAT_COUNT };

enum { VALUE_BYTES = 256, WRITE_BUFFER_BYTES = 1 << 20 };

struct indicator_values {
	const char *output_path;
	uint64_t seed;
	uint64_t count;
	int kind;
	int format;
};

static const char *kind_name(unsigned kind)
{
	static const char *const names[KIND_COUNT] = {"ipv4", "ipv6", "network", "name",
	                                              "url",  "hash", "mixed"};

	return names[kind];
}

static const char *format_name(unsigned format)
{
	return format == FORMAT_TEXT ? "text" : "stix";
}

#define FIELD(name) offsetof(struct indicator_values, name)

static const struct option indicator_options[] = {
	{OPTION_TEXT, 'o', "output", "FILE", .offset = FIELD(output_path),
         .help = "write to FILE (default: standard output)"},
	{OPTION_NUMBER, 0, "seed", "N", .offset = FIELD(seed), .max = UINT64_MAX,
         .help = "seed (default: 1)"},
	{OPTION_NUMBER, 'n', "count", "N", .offset = FIELD(count), .min = 1, .max = UINT32_MAX,
         .help = "indicators (default: 1000)"},
	{OPTION_CHOICE, 0, "kind", "KIND", .offset = FIELD(kind), .choice_count = KIND_COUNT,
         .choice_name = kind_name, .help = "what they are (default: mixed);"},
	{OPTION_CHOICE, 0, "format", "FORMAT", .offset = FIELD(format),
         .choice_count = FORMAT_COUNT, .choice_name = format_name,
         .help = "a text list or a STIX 2.1 bundle (default: text);"},
	{OPTION_END},
};

static const struct command_line indicator_line = {
	"generate_indicators",
	"[options]",
	"Writes a feed of many indicators, none of which is in the generated traffic.",
	indicator_options,
	NULL,
};

// Outside of what the traffic uses: public unicast only (the traffic's addresses are private,
// shared or documentation).
static struct address draw_ipv4(struct traffic_random *random)
{
	for (;;) {
		const uint32_t value = (uint32_t)traffic_random_next(random);
		const uint8_t octets[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16),
		                           (uint8_t)(value >> 8), (uint8_t)value};
		const uint8_t first = octets[0];

		if (first == 0 || first == 10 || first == 127 || first >= 224 ||
		    (first == 100 && (octets[1] & 0xc0) == 64) ||
		    (first == 203 && octets[1] == 0) || (first == 198 && octets[1] == 51) ||
		    first == 192)
			continue;
		return address_from_ipv4(octets);
	}
}

static struct address draw_ipv6(struct traffic_random *random)
{
	struct address address = {{0x24, 0x00}}; // APNIC's block, not 2001:db8::/32
	const uint64_t words[2] = {traffic_random_next(random), traffic_random_next(random)};

	memcpy(address.octets + 1, words, 7);
	memcpy(address.octets + 8, words + 1, 8);
	return address;
}

static void draw_network(struct traffic_random *random, char ret_value[VALUE_BYTES])
{
	struct prefix prefix = {draw_ipv4(random), (uint8_t)(IPV4_PREFIX_BITS + 16)};

	// Most listed networks are /24.
	if (traffic_random_chance(random, 700))
		prefix.length += 8;
	else
		prefix.length += (uint8_t)traffic_random_below(random, 14);
	for (unsigned bit = prefix.length; bit < 128; bit++)
		prefix.address.octets[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	normalize_format_prefix(&prefix, ret_value);
}

static void draw_name(struct traffic_random *random, char ret_value[VALUE_BYTES])
{
	static const char *const hosts[] = {"www", "login", "mail", "secure", "update", "cdn"};
	static const char *const zones[] = {"test", "invalid", "com.test", "net.test",
	                                    "co.invalid"};
	char host[16] = "";
	const uint64_t site = traffic_random_next(random);

	// A third have a host name below the site's.
	if (traffic_random_chance(random, 333))
		(void)snprintf(host, sizeof(host), "%s.", hosts[traffic_random_below(random, 6)]);
	(void)snprintf(ret_value, VALUE_BYTES, "%sx%" PRIx64 ".%s", host, site >> 20,
	               zones[traffic_random_below(random, 5)]);
}

static void draw_url(struct traffic_random *random, char ret_value[VALUE_BYTES])
{
	char name[VALUE_BYTES];

	draw_name(random, name);
	(void)snprintf(ret_value, VALUE_BYTES, "http%s://%.100s/p%u/gate%u.php?id=%u",
	               traffic_random_chance(random, 500) ? "s" : "", name,
	               traffic_random_below(random, 1000), traffic_random_below(random, 1000),
	               traffic_random_below(random, 1000000));
}

static void draw_hash(struct traffic_random *random, char ret_value[VALUE_BYTES])
{
	for (unsigned i = 0; i < 4; i++)
		(void)snprintf(ret_value + 16 * (size_t)i, 17, "%016" PRIx64,
		               traffic_random_next(random));
}

// Gives the kind drawn: `kind`, or for KIND_MIXED the one whose turn it is.
static enum indicator_kind draw_value(struct traffic_random *random, enum indicator_kind kind,
                                      uint64_t index, char ret_value[VALUE_BYTES])
{
	struct address address;

	if (kind == KIND_MIXED)
		kind = (enum indicator_kind)(index % KIND_MIXED);
	switch (kind) {
	case KIND_IPV4:
	case KIND_IPV6:
		address = kind == KIND_IPV4 ? draw_ipv4(random) : draw_ipv6(random);
		normalize_format_address(&address, ret_value);
		break;
	case KIND_NETWORK:
		draw_network(random, ret_value);
		break;
	case KIND_NAME:
		draw_name(random, ret_value);
		break;
	case KIND_URL:
		draw_url(random, ret_value);
		break;
	default:
		draw_hash(random, ret_value);
	}
	return kind;
}

// A UUID of version 4 from the seed: "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".
static void print_id(FILE *file, const char *type, struct traffic_random *random)
{
	const uint64_t high = traffic_random_next(random), low = traffic_random_next(random);

	(void)fprintf(file,
	              "%s--%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-8%03" PRIx64 "-%012" PRIx64,
	              type, high >> 32, high >> 16 & 0xffff, high & 0xfff, low >> 48 & 0xfff,
	              low & UINT64_C(0xffffffffffff));
}

static void print_stix(FILE *file, struct traffic_random *random, enum indicator_kind kind,
                       const char *value, uint64_t index)
{
	static const char *const paths[KIND_COUNT] = {
		"ipv4-addr:value",   "ipv6-addr:value", "ipv4-addr:value",
		"domain-name:value", "url:value",       "file:hashes.'SHA-256'",
	};

	(void)fprintf(file, "%s{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"",
	              index > 0 ? ",\n" : "");
	print_id(file, "indicator", random);
	(void)fprintf(file,
	              "\",\"created\":\"2025-10-01T00:00:00.000Z\","
	              "\"modified\":\"2025-10-01T00:00:00.000Z\",\"name\":\"Generated %" PRIu64
	              "\",\"indicator_types\":[\"malicious-activity\"],"
	              "\"pattern\":\"[%s = '%s']\",\"pattern_type\":\"stix\","
	              "\"valid_from\":\"2025-10-01T00:00:00Z\",\"confidence\":%u}",
	              index, paths[kind], value, traffic_random_below(random, 101));
}

static void generate(FILE *file, const struct indicator_values *values)
{
	struct traffic_random random = {values->seed ^ UINT64_C(0x1d1ca)};
	char value[VALUE_BYTES];

	if (values->format == FORMAT_STIX) {
		(void)fprintf(file, "{\"type\":\"bundle\",\"id\":\"");
		print_id(file, "bundle", &random);
		(void)fprintf(file, "\",\"objects\":[\n");
	}
	for (uint64_t i = 0; i < values->count; i++) {
		const enum indicator_kind kind =
			draw_value(&random, (enum indicator_kind)values->kind, i, value);

		if (values->format == FORMAT_STIX)
			print_stix(file, &random, kind, value, i);
		else
			(void)fprintf(file, "%s\n", value);
	}
	if (values->format == FORMAT_STIX)
		(void)fprintf(file, "\n]}\n");
}

int main(int argc, char **argv)
{
	struct indicator_values values = {.seed = 1, .count = 1000, .kind = KIND_MIXED};
	FILE *file = stdout;

	switch (options_parse(&indicator_line, argc, argv, &values)) {
	case OPTIONS_HELP:
		return 0;
	case OPTIONS_WRONG:
		return 2;
	default:
		break;
	}
	if (values.output_path != NULL)
		file = fopen(values.output_path, "we");
	if (file == NULL) {
		perror(values.output_path);
		return 2;
	}
	(void)setvbuf(file, NULL, _IOFBF, WRITE_BUFFER_BYTES);
	generate(file, &values);
	const int has_error = ferror(file);
	if (fclose(file) != 0 || has_error != 0) {
		perror("writing the feed");
		return 2;
	}
	return 0;
}
