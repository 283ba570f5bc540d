// Whatever a TAXII server sends: an envelope is read as a full JSON parser reads it, and what
// stands in headers and URLs is taken or refused.
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "loader/feed_input.h"
#include "loader/http_url.h"
#include "loader/http_wait.h"
#include "loader/taxii2_client.h"

// What the other reader found.
struct members {
	unsigned objects_count, more_count;
	uint64_t object_count;
	bool is_more;
};

static void walk(struct json_value root, struct members *members)
{
	struct json_walk walk = json_reader_walk(root);
	struct json_value value, item;
	struct slice key;

	while (json_reader_next_member(&walk, &key, &value)) {
		if (slice_is(key, "objects")) {
			members->objects_count++;
			if (json_reader_type(value) != JSON_ARRAY)
				continue;
			struct json_walk items = json_reader_walk(value);
			while (json_reader_next_item(&items, &item))
				members->object_count++;
		} else if (slice_is(key, "more")) {
			members->more_count++;
			members->is_more = json_reader_type(value) == JSON_BOOLEAN &&
			                   json_reader_boolean(value);
		}
	}
}

static void compare(struct slice text, int error, const struct taxii2_envelope *envelope)
{
	AUTO(json_reader) reader = NULL;
	struct members members = {0};
	struct json_value root;
	const char *reason;

	FUZZ_ASSERT(json_reader_create(&reader) == 0);
	if (json_reader_parse(reader, text, &root, &reason) < 0 ||
	    json_reader_type(root) != JSON_OBJECT || error < 0)
		return;
	// Names are compared as they stand: an escaped one is another.
	if (slice_find(text, '\\') < text.size)
		return;
	walk(root, &members);
	if (members.objects_count <= 1)
		FUZZ_ASSERT(envelope->object_count == members.object_count);
	if (members.more_count <= 1)
		FUZZ_ASSERT(envelope->is_more == members.is_more);
}

static void read_envelope(struct slice text)
{
	struct taxii2_envelope envelope;
	const char *reason = NULL;
	int fd = memfd_create("fuzz", 0);

	FUZZ_ASSERT(fd >= 0 && write(fd, text.data, text.size) == (ssize_t)text.size);
	int error = taxii2_envelope_read(fd, &envelope, &reason);
	FUZZ_ASSERT(error == 0 || (error == -EBADMSG && reason != NULL));
	close(fd);
	compare(text, error, &envelope);
}

static void read_texts(const char *text)
{
	struct taxii2_page page = {0};
	struct http_origin origin;
	struct buffer joined = {0};

	FUZZ_ASSERT(http_wait_asked_s(text, 1700000000) >= -1);
	if (taxii2_read_range(text, &page))
		FUZZ_ASSERT(page.first_item <= page.last_item);
	// Whoever is told of a URL does not learn what stands before an '@'.
	if (http_url_origin(text, &origin) == 0)
		FUZZ_ASSERT(origin.host[0] != '\0' && origin.port[0] != '\0');
	if (http_url_join("https://a.example/b/", text, &joined) == 0) {
		buffer_append_byte(&joined, '\0');
		FUZZ_ASSERT(http_url_origin((const char *)joined.data, &origin) == 0);
	}
	buffer_clear(&joined);
	http_url_tell(text, &joined);
	FUZZ_ASSERT(slice_find(buffer_slice(&joined), '#') == joined.size);
	buffer_close(&joined);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer text = {0};

	buffer_append(&text, data, size);
	FUZZ_ASSERT(buffer_reserve(&text, FEED_PADDING_BYTES));
	memset(text.data + text.size, 0, FEED_PADDING_BYTES);
	read_envelope(buffer_slice(&text));
	read_texts((const char *)text.data);
	buffer_close(&text);
	return 0;
}
