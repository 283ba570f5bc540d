// Mail as it lies there: a message (.eml), an mbox, a Maildir, or a folder of messages. Nothing is
// moved or deleted; each message is read once, an mbox from where it ended.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/temporary_file.h"
#include "loader/fetch.h"
#include "loader/file_list.h"
#include "loader/mail_box.h"
#include "loader/mail_seen.h"

enum { PATH_BYTES = 4096, BEGINNING_BYTES = 1024, NOTE_BYTES = 64 };

static const char offset_note[] = "mail.offset";

struct mail_fetch {
	struct fetch *fetch;
	struct mail_seen seen;
	char offset_text[NOTE_BYTES]; // of an mbox: to be noted; empty: nothing
};

static struct report *report_of(const struct mail_fetch *mail)
{
	return &mail->fetch->outcome->feed.report;
}

static bool is_fatal(int error)
{
	return error == -ENOMEM || error == -ECANCELED;
}

// A Maildir's messages lie in new/ and cur/ (what is in tmp/ is being written).
static int list_messages(const char *address, struct file_list *list)
{
	static const char *const folders[] = {"cur", "new"};
	bool is_maildir = false;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char path[PATH_BYTES];
		struct stat status;

		if (snprintf(path, sizeof(path), "%s/%s", address, folders[i]) >= PATH_BYTES)
			return -ENAMETOOLONG;
		if (stat(path, &status) < 0 || !S_ISDIR(status.st_mode))
			continue;
		is_maildir = true;
		int error = file_list_add(list, path);
		if (error < 0)
			return error;
	}
	return is_maildir ? 0 : file_list_add(list, address);
}

// The file's beginning tells whether it is the one that was read before.
static uint64_t hash_beginning(int fd, uint64_t size)
{
	uint8_t bytes[BEGINNING_BYTES];
	size_t wanted = size < sizeof(bytes) ? (size_t)size : sizeof(bytes);
	ssize_t got = pread(fd, bytes, wanted, 0);

	return hash_bytes(1, bytes, got > 0 ? (size_t)got : 0);
}

// Moves to where an mbox ended when it was read before, if it is still that one.
static int seek_rest(struct mail_fetch *mail, int fd)
{
	struct buffer text = {0};
	struct stat status;
	uint64_t offset = 0;
	uint64_t hash = 0;
	char line[6] = "";
	int error = store_source_noted(mail->fetch->store, mail->fetch->source_id, offset_note,
	                               &text);

	buffer_append_byte(&text, '\0');
	if (error == 0 && text.failed)
		error = -ENOMEM;
	bool is_noted = error == 0 && sscanf((const char *)text.data, "%" SCNu64 " %" SCNx64,
	                                     &offset, &hash) == 2;
	buffer_close(&text);
	if (error < 0 || !is_noted || mail->fetch->is_full || fstat(fd, &status) < 0)
		return error;

	bool is_at_end = offset == (uint64_t)status.st_size;
	bool is_same = offset <= (uint64_t)status.st_size && hash == hash_beginning(fd, offset);
	bool is_at_message = pread(fd, line, 5, (off_t)offset) == 5 && strcmp(line, "From ") == 0;
	if (is_same && (is_at_end || is_at_message))
		return lseek(fd, (off_t)offset, SEEK_SET) < 0 ? -errno : 0;
	return 0;
}

// A message as a body of its own.
static int deliver(struct mail_fetch *mail, const char *path, struct slice message)
{
	int fd;
	int error = temporary_file_open(&fd);

	if (error < 0)
		return error;
	error = temporary_file_write(fd, message);
	if (error == 0 && lseek(fd, 0, SEEK_SET) < 0)
		error = -errno;
	if (error == 0)
		error = fetch_begin(mail->fetch, false);
	if (error == 0)
		error = fetch_read_body(mail->fetch, path, fd, FEED_MAIL);
	(void)close(fd);
	return error == -EBADMSG ? 0 : error; // told
}

// What somebody still writes to the end of an mbox is left for the next time.
static bool is_whole(const struct mail_box *box, struct slice message)
{
	return !box->is_mbox || slice_ends_with(message, "\n");
}

static int read_box(struct mail_fetch *mail, const char *path, struct mail_box *box,
                    uint64_t *ret_end)
{
	struct slice message;
	int result;

	*ret_end = 0;
	while ((result = mail_box_next(box, report_of(mail), &message)) == 1) {
		if (!is_whole(box, message))
			return 0;
		*ret_end = feed_input_offset(box->input);
		result = mail_seen_add(&mail->seen, message);
		if (result == 1)
			result = deliver(mail, path, message);
		if (result < 0)
			return result;
	}
	return result;
}

static void note_offset(struct mail_fetch *mail, int fd, uint64_t start, uint64_t end)
{
	struct stat status;

	// Of a compressed file the offset means nothing.
	if (fstat(fd, &status) < 0 || start + end > (uint64_t)status.st_size)
		return;
	(void)snprintf(mail->offset_text, sizeof(mail->offset_text), "%" PRIu64 " %" PRIx64,
	               start + end, hash_beginning(fd, start + end));
}

static int read_open_file(struct mail_fetch *mail, const char *path, int fd, bool is_only)
{
	AUTO(feed_input) input = NULL;
	uint64_t end;
	int error = is_only ? seek_rest(mail, fd) : 0;
	off_t start = lseek(fd, 0, SEEK_CUR);

	if (error == 0 && start < 0)
		error = -errno;
	if (error == 0)
		error = feed_input_open_fd(fd, NULL, NULL, &input);
	if (error < 0)
		return error;

	struct mail_box box = {.input = input};
	error = read_box(mail, path, &box, &end);
	if (error == 0 && is_only && (box.is_mbox || end == 0))
		note_offset(mail, fd, (uint64_t)start, end);
	return error;
}

static int read_file(struct mail_fetch *mail, const char *path, bool is_only)
{
	int fd = -1;
	int error = file_list_open(path, &fd);

	if (error == 0) {
		error = read_open_file(mail, path, fd, is_only);
		(void)close(fd);
	}
	if (error < 0 && !is_fatal(error)) {
		report_note(report_of(mail), "mail could not be read", slice_text(path), "%s",
		            strerror(-error));
		return 0;
	}
	return error;
}

static int settle(struct mail_fetch *mail)
{
	struct fetch *fetch = mail->fetch;

	if (fetch->delivery == NULL) {
		fetch->outcome->state = SYNC_UNCHANGED;
		return 0;
	}

	int error = mail_seen_save(&mail->seen, fetch);
	if (error == 0 && mail->offset_text[0] != '\0')
		error = store_source_note(fetch->store, fetch->source_id, offset_note,
		                          mail->offset_text);
	if (error < 0)
		return error;
	error = fetch_commit(fetch);
	return error < 0 ? error : 0;
}

static int fetch_mail_run(struct fetch *fetch)
{
	struct mail_fetch mail = {.fetch = fetch};
	struct file_list files = {0};
	struct stat status;
	int error = list_messages(fetch->source->address, &files);
	bool is_only = stat(fetch->source->address, &status) == 0 && S_ISREG(status.st_mode);

	if (error < 0 && !is_fatal(error))
		report_note(report_of(&mail), "mail could not be read",
		            slice_text(fetch->source->address), "%s", strerror(-error));
	if (error == 0)
		error = mail_seen_load(&mail.seen, fetch);
	for (size_t i = 0; i < files.count && error == 0; i++)
		error = read_file(&mail, files.names[i], is_only);
	if (error == 0)
		error = settle(&mail);
	if (error < 0)
		fetch_abandon(fetch);
	mail_seen_close(&mail.seen);
	file_list_close(&files);
	return error;
}

static int fetch_mail_test(struct fetch *fetch, struct report *report, struct buffer *ret_text)
{
	struct file_list files = {0};
	int error = list_messages(fetch->source->address, &files);

	if (error < 0)
		report_note(report, "not reachable", slice_text(fetch->source->address), "%s",
		            strerror(-error));
	else
		buffer_format(ret_text, "%s: %zu files\n", fetch->source->address, files.count);
	file_list_close(&files);
	return ret_text->failed ? -ENOMEM : error;
}

const struct fetcher_ops fetch_mail = {
	.kind = SOURCE_MAIL,
	.run = fetch_mail_run,
	.test = fetch_mail_test,
};
