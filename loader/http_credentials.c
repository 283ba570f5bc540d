#include "loader/http_credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "loader/config.h"

enum { PEM_BYTES_MAX = 16 * 1024 * 1024 };

static void tell(struct report *report, const char *what, int error)
{
	const char *why = strerror(-error);

	if (error == -EACCES)
		why = "cannot be read, or others than its owner and group may read it (chmod 600)";
	report_note(report, "credentials cannot be used", slice_text(what), "%s", why);
}

static void tell_secret(struct report *report, const struct config_secret *secret, int error)
{
	if (secret->file != NULL)
		tell(report, secret->file, error);
	else
		report_note(report, "credentials cannot be used", slice_text(secret->environment),
		            "%s",
		            error == -ENOENT ? "is not set in the environment" : strerror(-error));
}

static int read_all(int fd, struct buffer *ret_content)
{
	for (;;) {
		if (!buffer_reserve(ret_content, 4096))
			return -ENOMEM;

		ssize_t got = read(fd, ret_content->data + ret_content->size, 4096);
		if (got < 0)
			return -errno;
		if (got == 0)
			return 0;
		ret_content->size += (size_t)got;
		if (ret_content->size > PEM_BYTES_MAX)
			return -EFBIG;
	}
}

// `is_secret`: must not be open to everyone.
static int read_pem(const char *path, bool is_secret, struct report *report,
                    struct buffer *ret_content)
{
	struct stat status;
	int error = 0;

	if (path == NULL)
		return 0;

	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		error = -errno;
	else if (is_secret && !config_secret_is_private(status.st_mode))
		error = -EACCES;
	else
		error = read_all(fd, ret_content);
	if (fd >= 0)
		(void)close(fd);
	if (error < 0)
		tell(report, path, error);
	return error;
}

static int read_secret(const struct config_secret *secret, struct report *report,
                       struct buffer *ret_secret)
{
	int error = config_secret_read(secret, ret_secret);

	if (error == -ENOENT && secret->file == NULL && secret->environment == NULL)
		return 0;
	// What would end a header's line could begin another.
	for (size_t i = 0; error == 0 && i < ret_secret->size; i++)
		if (ret_secret->data[i] < ' ' || ret_secret->data[i] == 0x7f)
			error = -EILSEQ;
	if (error < 0)
		tell_secret(report, secret, error);
	return error;
}

static int make_basic(struct http_credentials *credentials)
{
	struct buffer plain = {0};
	struct buffer *basic = &credentials->basic;

	buffer_format(&plain, "%s:%.*s", credentials->username,
	              SLICE_FORMAT(buffer_slice(&credentials->password)));
	if (!plain.failed && buffer_reserve(basic, plain.size * 4 / 3 + 5))
		basic->size = (size_t)EVP_EncodeBlock(basic->data, plain.data, (int)plain.size);
	if (plain.data != NULL)
		explicit_bzero(plain.data, plain.size);
	buffer_close(&plain);
	return basic->size > 0 ? 0 : -ENOMEM;
}

static int make_header(const struct source_config *source, struct http_credentials *credentials)
{
	struct slice token = buffer_slice(&credentials->token);

	if (token.size == 0)
		return 0;
	buffer_append_text(&credentials->header, source->token_header != NULL
	                                                 ? source->token_header
	                                                 : "Authorization: Bearer");
	buffer_append_text(&credentials->header, source->token_header != NULL ? ": " : " ");
	buffer_append_slice(&credentials->header, token);
	buffer_append_byte(&credentials->header, '\0');
	return credentials->header.failed ? -ENOMEM : 0;
}

int http_credentials_read(const struct source_config *source, struct report *report,
                          struct http_credentials *credentials)
{
	const char *key = source->client_key != NULL ? source->client_key : source->client_cert;
	int error = read_secret(&source->password, report, &credentials->password);

	credentials->username = source->username;
	if (error == 0)
		error = read_secret(&source->token, report, &credentials->token);
	if (error == 0)
		error = make_header(source, credentials);
	if (error == 0 && source->username != NULL)
		error = make_basic(credentials);
	if (error == 0)
		error = read_pem(source->client_cert, key == source->client_cert, report,
		                 &credentials->client_cert);
	if (error == 0 && source->client_cert != NULL)
		error = read_pem(key, true, report, &credentials->client_key);
	if (error == 0)
		error = read_pem(source->ca_file, false, report, &credentials->ca);
	return error;
}

static void wipe(struct buffer *secret)
{
	if (secret->data != NULL)
		explicit_bzero(secret->data, secret->capacity);
	buffer_close(secret);
}

void http_credentials_close(struct http_credentials *credentials)
{
	wipe(&credentials->password);
	wipe(&credentials->token);
	wipe(&credentials->header);
	wipe(&credentials->basic);
	wipe(&credentials->client_key);
	wipe(&credentials->client_cert);
	buffer_close(&credentials->ca);
}

static void set_blob(CURL *curl, CURLoption option, const struct buffer *content)
{
	struct curl_blob blob = {content->data, content->size, CURL_BLOB_NOCOPY};

	if (content->size > 0)
		(void)curl_easy_setopt(curl, option, &blob);
}

int http_credentials_use(const struct http_credentials *credentials, CURL *curl,
                         struct curl_slist **headers)
{
	struct buffer basic = {0};
	struct curl_slist *longer = *headers;

	set_blob(curl, CURLOPT_SSLCERT_BLOB, &credentials->client_cert);
	set_blob(curl, CURLOPT_SSLKEY_BLOB, &credentials->client_key);
	if (credentials->header.size > 0)
		longer = curl_slist_append(*headers, (const char *)credentials->header.data);
	if (longer == NULL)
		return -ENOMEM;
	*headers = longer;

	// A token in Authorization leaves no room for a name.
	if (credentials->basic.size == 0 ||
	    strncasecmp((const char *)credentials->header.data ?: "", "Authorization:", 14) == 0)
		return 0;
	buffer_format(&basic, "Authorization: Basic %.*s",
	              SLICE_FORMAT(buffer_slice(&credentials->basic)));
	buffer_append_byte(&basic, '\0');
	longer = basic.failed ? NULL : curl_slist_append(*headers, (const char *)basic.data);
	wipe(&basic);
	if (longer == NULL)
		return -ENOMEM;
	*headers = longer;
	return 0;
}

static bool is_in(const struct buffer *secret, struct slice text)
{
	return secret->size > 0 && memmem(text.data, text.size, secret->data, secret->size) != NULL;
}

bool http_credentials_are_in(const struct http_credentials *credentials, struct slice text)
{
	return text.size > 0 &&
	       (is_in(&credentials->password, text) || is_in(&credentials->token, text) ||
	        is_in(&credentials->basic, text));
}
