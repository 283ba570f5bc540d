// Hosts files (hosts(5)) as block lists: "0.0.0.0 name [name ...]".
#include <errno.h>

#include "engine/address.h"
#include "base/utf8.h"
#include "engine/normalize.h"
#include "loader/list_batch.h"
#include "loader/reader.h"
#include "loader/text_line.h"

enum { LINES_LOOKED_AT = 64 };

// Where block lists send their names. Another address would be a mapping that means something.
static bool is_sink(struct slice text)
{
	static const struct address loopback6 = {.octets = {[15] = 1}};
	static const struct address none = {.octets = {0}};
	struct address address;

	if (normalize_address(text, &address) < 0)
		return false;
	if (address_is_ipv4(&address))
		return address_ipv4(&address) == 0 || address_ipv4(&address) >> 24 == 127;
	return address_equal(&address, &loopback6) || address_equal(&address, &none);
}

// The part before a comment.
static struct slice content(struct slice line)
{
	return slice_trim(slice_first(line, slice_find(line, '#')));
}

static bool is_hosts_line(struct slice line)
{
	struct slice address = text_line_word(&line);
	struct slice name = text_line_word(&line);
	char text[NAME_BYTES_MAX + 1];

	return is_sink(address) && normalize_name(name, text) > 0;
}

// Of the machine itself, not of a block list.
static bool is_own_line(struct slice line)
{
	struct slice address = text_line_word(&line);

	return slice_starts_with(address, "fe80:") || slice_starts_with(address, "ff0") ||
	       slice_is(address, "255.255.255.255");
}

static bool recognises(struct slice head)
{
	unsigned lines = 0;
	unsigned entries = 0;

	head = utf8_skip_mark(head);
	while (head.size > 0 && lines < LINES_LOOKED_AT) {
		struct slice line = slice_first(head, slice_find(head, '\n'));

		head = slice_from(head, line.size + 1);
		line = content(line);
		if (line.size == 0 || is_own_line(line))
			continue;
		lines++;
		entries += is_hosts_line(line);
	}
	return entries > 0 && 2 * entries > lines;
}

// What every hosts file has for the machine itself.
static bool is_own_name(struct slice name)
{
	static const char *const names[] = {
		"localhost",     "localhost.localdomain",
		"local",         "broadcasthost",
		"ip6-localhost", "ip6-loopback",
		"ip6-localnet",  "ip6-mcastprefix",
		"ip6-allnodes",  "ip6-allrouters",
		"ip6-allhosts",  "0.0.0.0",
		"localhost6",    "localhost6.localdomain6",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (slice_is(name, names[i]))
			return true;
	return false;
}

static void note(struct feed *feed, const char *reason, struct slice object)
{
	const struct problem problem = {
		.reason = reason,
		.object = object,
		.line = feed_input_line_number(feed->input),
	};

	report_add(&feed->summary->report, &problem);
}

static int read_names(struct feed *feed, struct list_batch *batch, struct slice line)
{
	uint64_t line_number = feed_input_line_number(feed->input);
	struct slice name = text_line_word(&line);
	int result = 0;

	if (name.size == 0)
		note(feed, "no name behind the address", name);
	while (name.size > 0 && result >= 0) {
		struct candidate candidate = list_value_candidate(name, line_number);

		candidate.kind = VALUE_NAME;
		if (is_own_name(name))
			note(feed, "the machine's own name", name);
		else
			result = list_batch_add(batch, &candidate);
		name = text_line_word(&line);
	}
	return result;
}

static int read_line(struct feed *feed, struct list_batch *batch, struct slice line)
{
	line = content(line);
	if (line.size == 0)
		return 0;

	struct slice whole = line;
	struct slice first = text_line_word(&line);
	struct address address;

	if (is_sink(first))
		return read_names(feed, batch, line);
	note(feed,
	     is_own_line(whole)                        ? "the machine's own name"
	     : normalize_address(first, &address) == 0 ? "hosts entry with a real address"
	                                               : "not a hosts entry",
	     whole);
	return 0;
}

static int read(struct feed *feed)
{
	return list_batch_read_lines(feed, read_line);
}

const struct reader_ops read_hosts = {
	.format = FEED_HOSTS,
	.name = "hosts file",
	.recognises = recognises,
	.read = read,
};
