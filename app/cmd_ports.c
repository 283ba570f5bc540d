#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/options.h"
#include "base/buffer.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/report.h"
#include "dataplane/ports.h"

struct ports_values {
	bool has_json;
};

static const struct option ports_options[] = {
	{OPTION_FLAG, 0, "json", .offset = offsetof(struct ports_values, has_json),
         .help = "one JSON object a line"},
	{OPTION_END},
};

static const struct command_line ports_line = {
	"sekisho ports",
	"[options]",
	"Says what this machine offers to listen on: its interfaces, the backends of this build, "
	"the "
	"rights of this process, what the kernel has; and what would help where something is "
	"missing.",
	ports_options,
	NULL,
};

static const char *const headings[OFFER_ABOUT_COUNT] = {
	[OFFER_INTERFACE] = "Interfaces",     [OFFER_CARD] = "Network cards for DPDK",
	[OFFER_BACKEND] = "Backends",         [OFFER_RIGHT] = "Rights of this process",
	[OFFER_KERNEL] = "Kernel and memory",
};

struct ports {
	bool has_json;
	int heading;        // that was printed last, -1: none
	bool has_interface; // that can be listened on
	bool has_card;      // likewise
	bool can_listen;    // and a backend is there that would
	struct buffer json;
};

static void print_row(struct ports *ports, const struct port_offer *offer)
{
	char name[PROBLEM_TEXT_BYTES];

	if (ports->heading != (int)offer->about)
		(void)printf("%s%s\n", ports->heading < 0 ? "" : "\n", headings[offer->about]);
	ports->heading = (int)offer->about;
	report_printable(slice_text(offer->name), name);
	(void)printf("  %-3s  %-28s  %s\n", offer->is_usable ? "yes" : "no", name, offer->words);
	if (offer->help[0] != '\0')
		(void)printf("%37s%s\n", "-> ", offer->help);
}

static void append_field(struct buffer *json, const char *name, const char *text)
{
	buffer_format(json, ",\"%s\":", name);
	json_text_append(json, slice_text(text));
}

static void print_json(struct ports *ports, const struct port_offer *offer)
{
	struct buffer *json = &ports->json;

	buffer_clear(json);
	buffer_format(json, "{\"about\":\"%s\"", offer_about_name(offer->about));
	append_field(json, "name", offer->name);
	buffer_format(json, ",\"usable\":%s,\"inline\":%s", offer->is_usable ? "true" : "false",
	              offer->can_forward ? "true" : "false");
	append_field(json, "words", offer->words);
	append_field(json, "help", offer->help);
	buffer_append_text(json, "}\n");
	(void)fwrite(json->data, 1, json->size, stdout);
}

// DPDK listens on cards, the others on interfaces; a replay on neither.
static bool is_listener(const struct port_offer *offer, bool has_interface, bool has_card)
{
	if (offer->about != OFFER_BACKEND || strcmp(offer->name, "replay") == 0)
		return false;
	return strcmp(offer->name, "dpdk") == 0 ? has_card : has_interface;
}

static void show(void *context, const struct port_offer *offer)
{
	struct ports *ports = context;

	if (offer->is_usable) {
		ports->has_interface |= offer->about == OFFER_INTERFACE;
		ports->has_card |= offer->about == OFFER_CARD;
		// Backends come after the devices.
		ports->can_listen |= is_listener(offer, ports->has_interface, ports->has_card);
	}
	if (ports->has_json)
		print_json(ports, offer);
	else
		print_row(ports, offer);
}

static int show_ports(const struct ports_values *values)
{
	struct ports ports = {.has_json = values->has_json, .heading = -1};
	int error = ports_list(show, &ports);
	bool has_memory = !ports.json.failed;

	buffer_close(&ports.json);
	if (error < 0 || !has_memory) {
		log_error("cannot list the interfaces: %s",
		          has_memory ? strerror(-error) : "out of memory");
		return EXIT_FAILED;
	}
	return ports.can_listen ? EXIT_FOUND : EXIT_NOTHING;
}

static int run(int argc, char **argv)
{
	struct ports_values values = {0};

	switch (options_parse(&ports_line, argc, argv, &values)) {
	case OPTIONS_HELP:
		return EXIT_FOUND;
	case OPTIONS_READ:
		return show_ports(&values);
	case OPTIONS_WRONG:
		break;
	}
	return EXIT_FAILED;
}

const struct command command_ports = {
	.name = "ports",
	.summary = "list what this machine offers to listen on",
	.run = run,
};
