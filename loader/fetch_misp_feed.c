// A MISP feed: a folder, on a server or here, with manifest.json and a file for each event.
//
// While the manifest stays the same nothing is asked. New events alone are all that is got; when
// one changed or is gone, all of them are, as a complete delivery: an event's file says what is in
// it, not what was taken out.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buffer.h"
#include "loader/feed_input.h"
#include "loader/fetch.h"
#include "loader/fetch_digest.h"
#include "loader/file_list.h"
#include "loader/http_client.h"
#include "loader/http_url.h"
#include "loader/misp_manifest.h"

static const char events_note[] = "misp.events";
static const char digest_note[] = "misp.digest";

enum { PATH_BYTES = 4096 };

// What lies open of one file of the feed.
struct feed_file {
	int fd;
	struct http_answer answer; // with is_http
	bool is_http;
};

static bool is_http(const char *address)
{
	return strncasecmp(address, "http://", 7) == 0 || strncasecmp(address, "https://", 8) == 0;
}

// The folder's `name`, whether the address names the folder or its manifest.
static int make_path(const char *address, const char *name, char ret_path[PATH_BYTES])
{
	static const char manifest[] = "manifest.json";
	size_t size = strlen(address);
	bool is_slash_due;

	if (size >= sizeof(manifest) - 1 &&
	    strcmp(address + size - (sizeof(manifest) - 1), manifest) == 0)
		size -= sizeof(manifest) - 1;
	is_slash_due = size > 0 && address[size - 1] != '/';
	int length = snprintf(ret_path, PATH_BYTES, "%.*s%s%s", (int)size, address,
	                      is_slash_due ? "/" : "", name);
	return length < PATH_BYTES ? 0 : -ENAMETOOLONG;
}

static int open_url(struct fetch *fetch, const char *url, struct report *report,
                    struct feed_file *ret_file)
{
	const struct http_request request = {.url = url};
	struct http_client *client;
	int error = fetch_http_client(fetch, &client);

	if (error == 0)
		error = http_client_request(client, &request, report, &ret_file->answer);
	if (error < 0)
		return error;
	ret_file->is_http = true;
	ret_file->fd = ret_file->answer.body_fd;
	if (ret_file->fd >= 0)
		return 0;
	http_url_note(report, "answer without a body", url, "");
	http_answer_close(&ret_file->answer);
	return -EBADMSG;
}

static int open_file(struct fetch *fetch, const char *path, struct report *report,
                     struct feed_file *ret_file)
{
	ret_file->is_http = false;
	if (is_http(path))
		return open_url(fetch, path, report, ret_file);

	int error = file_list_open(path, &ret_file->fd);
	if (error < 0)
		report_note(report, "file could not be read", slice_text(path), "%s",
		            strerror(-error));
	return error;
}

static void close_file(struct feed_file *file)
{
	if (file->is_http)
		http_answer_close(&file->answer);
	else
		(void)close(file->fd);
}

static int parse_manifest(int fd, struct report *report, struct misp_manifest *manifest)
{
	AUTO(feed_input) input = NULL;
	struct slice text;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int error = feed_input_open(path, NULL, NULL, &input);
	if (error == 0)
		error = feed_input_peek(input, MISP_MANIFEST_BYTES_MAX + 1, &text);
	if (error == 0 && text.size > MISP_MANIFEST_BYTES_MAX) {
		report_note(report, "manifest larger than 256 MB", slice_text(""), "%s", "");
		error = -EFBIG;
	}
	return error == 0 ? misp_manifest_read(manifest, text, report) : error;
}

static int get_manifest(struct fetch *fetch, struct report *report, struct misp_manifest *manifest)
{
	char path[PATH_BYTES];
	struct feed_file file;
	int error = make_path(fetch->source->address, "manifest.json", path);

	if (error == 0)
		error = open_file(fetch, path, report, &file);
	if (error < 0)
		return error;
	error = parse_manifest(file.fd, report, manifest);
	close_file(&file);
	return error;
}

static int digest_events(struct fetch *fetch, struct slice events,
                         char ret_text[FETCH_DIGEST_TEXT_BYTES])
{
	AUTO(fetch_digest) digest = NULL;
	int error = fetch_digest_create(fetch, &digest);

	if (error < 0)
		return error;
	fetch_digest_add(digest, events);
	fetch_digest_text(digest, ret_text);
	return 0;
}

static int read_known(struct fetch *fetch, struct misp_manifest *known)
{
	AUTO_BUFFER text = {0};
	int error = store_source_noted(fetch->store, fetch->source_id, events_note, &text);

	return error == 0 ? misp_manifest_read_text(known, buffer_slice(&text)) : error;
}

// Did an event change, or is one gone? Events that are only new do not count.
static bool has_changes(const struct misp_manifest *known, const struct misp_manifest *manifest)
{
	for (size_t i = 0; i < known->count; i++) {
		const struct misp_manifest_event *now = misp_manifest_find(manifest,
		                                                           known->events[i].uuid);

		if (now == NULL || now->timestamp_s != known->events[i].timestamp_s)
			return true;
	}
	return false;
}

static int read_event(struct fetch *fetch, const struct misp_manifest_event *event)
{
	char name[UUID_TEXT_BYTES + sizeof(".json")];
	char path[PATH_BYTES];
	struct feed_file file;

	(void)snprintf(name, sizeof(name), "%s.json", event->uuid);
	int error = make_path(fetch->source->address, name, path);
	if (error == 0)
		error = open_file(fetch, path, &fetch->outcome->feed.report, &file);
	if (error < 0)
		return error;
	error = fetch_read_body(fetch, path, file.fd, FEED_MISP);
	close_file(&file);
	return error;
}

static bool may_pass_over(int error)
{
	return error == -ENOENT || error == -EBADMSG;
}

// An event that is not there, or not one, costs itself; it is asked for again next time, and
// nothing is withdrawn for what it may hold. `taken` is given those that were read.
static int read_events(struct fetch *fetch, const struct misp_manifest *manifest,
                       const struct misp_manifest *known, struct buffer *taken)
{
	int error = 0;

	for (size_t i = 0; i < manifest->count && error == 0; i++) {
		const struct misp_manifest_event *event = &manifest->events[i];
		const struct misp_manifest one = {(struct misp_manifest_event *)event, 1, 1};

		if (known == NULL || misp_manifest_find(known, event->uuid) == NULL)
			error = read_event(fetch, event);
		if (may_pass_over(error)) {
			fetch_is_partial(fetch);
			error = 0;
			continue;
		}
		misp_manifest_write_text(&one, taken);
	}
	return taken->failed ? -ENOMEM : error;
}

static int note(struct fetch *fetch, struct buffer *taken, bool is_all, const char *digest)
{
	buffer_append_byte(taken, 0);
	if (taken->failed)
		return -ENOMEM;
	int error = store_source_note(fetch->store, fetch->source_id, events_note,
	                              (const char *)taken->data);
	return error != 0 ? error
	                  : store_source_note(fetch->store, fetch->source_id, digest_note,
	                                      is_all ? digest : NULL);
}

// A complete delivery that turned out partial withdrew nothing. What changed or went stays as it
// was known, so that the next run gets all again; what was new has nothing to be withdrawn.
static int keep_known(const struct misp_manifest *known, struct buffer *taken)
{
	struct misp_manifest got = {0};
	int error = misp_manifest_read_text(&got, buffer_slice(taken));

	buffer_clear(taken);
	misp_manifest_write_text(known, taken);
	for (size_t i = 0; i < got.count && error == 0; i++) {
		const struct misp_manifest one = {&got.events[i], 1, 1};

		if (misp_manifest_find(known, got.events[i].uuid) == NULL)
			misp_manifest_write_text(&one, taken);
	}
	misp_manifest_close(&got);
	return taken->failed ? -ENOMEM : error;
}

// Reads what is due into a delivery and notes what was taken, and `digest` when that is all.
static int deliver(struct fetch *fetch, const struct misp_manifest *manifest,
                   const struct misp_manifest *known, const char *digest)
{
	bool is_all_due = fetch->is_full || known->count == 0 || has_changes(known, manifest);
	bool is_complete = is_all_due && fetch->source->is_snapshot;
	AUTO_BUFFER taken = {0};
	AUTO_BUFFER all = {0};
	int error = fetch_begin(fetch, is_complete);

	misp_manifest_write_text(manifest, &all);
	if (error == 0)
		error = read_events(fetch, manifest, is_all_due ? NULL : known, &taken);
	bool is_all = taken.size == all.size;
	if (error == 0 && is_complete && !fetch->is_complete) {
		is_all = false;
		error = keep_known(known, &taken);
	}
	return error == 0 ? note(fetch, &taken, is_all, digest) : error;
}

static int take(struct fetch *fetch, const struct misp_manifest *manifest, const char *digest)
{
	struct misp_manifest known = {0};
	int error = read_known(fetch, &known);

	if (error == 0)
		error = deliver(fetch, manifest, &known, digest);
	misp_manifest_close(&known);
	if (error == 0)
		return fetch_commit(fetch);
	fetch_abandon(fetch);
	return error;
}

static int fetch_misp_feed_run(struct fetch *fetch)
{
	struct misp_manifest manifest = {0};
	AUTO_BUFFER events = {0};
	char digest[FETCH_DIGEST_TEXT_BYTES];
	int error = get_manifest(fetch, &fetch->outcome->feed.report, &manifest);
	int is_same = 0;

	misp_manifest_write_text(&manifest, &events);
	if (error == 0)
		error = events.failed ? -ENOMEM
		                      : digest_events(fetch, buffer_slice(&events), digest);
	if (error == 0 && !fetch->is_full)
		is_same = fetch_digest_is_noted(fetch, digest_note, digest);
	if (is_same == 1)
		fetch->outcome->state = SYNC_UNCHANGED;
	else if (error == 0)
		error = is_same < 0 ? is_same : take(fetch, &manifest, digest);
	misp_manifest_close(&manifest);
	return error < 0 ? error : 0;
}

static int fetch_misp_feed_test(struct fetch *fetch, struct report *report, struct buffer *ret_text)
{
	struct misp_manifest manifest = {0};
	int error = get_manifest(fetch, report, &manifest);

	if (error == 0)
		buffer_format(ret_text, "%zu events\n", manifest.count);
	misp_manifest_close(&manifest);
	return ret_text->failed ? -ENOMEM : error;
}

const struct fetcher_ops fetch_misp_feed = {
	.kind = SOURCE_MISP_FEED,
	.run = fetch_misp_feed_run,
	.test = fetch_misp_feed_test,
};
