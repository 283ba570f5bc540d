#include "loader/http_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/buffer.h"
#include "base/temporary_file.h"
#include "loader/config.h"
#include "loader/http_credentials.h"
#include "loader/http_transfer.h"
#include "loader/http_url.h"
#include "loader/http_wait.h"

enum {
	REDIRECTS_MAX = 5,
	CONNECT_S_MAX = 30,
};

struct http_client {
	const struct source_config *source;
	bool (*is_stopped)(void *context); // may be NULL
	void *context;
	CURLM *multi;
	CURL *curl;
	struct http_credentials credentials;
	struct http_origin origin; // whom the credentials are for
};

// One request over all its attempts and redirects.
struct exchange {
	struct http_client *client;
	const struct http_request *request;
	struct report *report;
	struct buffer url; // the one asked now
	bool has_body;     // still: a redirect may have turned it into a GET
	unsigned redirects;
	char curl_text[CURL_ERROR_SIZE];
	struct http_transfer transfer;
	int64_t wait_s; // asked by the server, -1: not
};

// ---- saying what went wrong ------------------------------------------------------------------

static int tell(struct exchange *exchange, const char *reason, int error, const char *detail)
{
	struct buffer text = {0};

	http_url_tell((const char *)exchange->url.data, &text);
	report_note(exchange->report, reason, buffer_slice(&text), "%s", detail);
	buffer_close(&text);
	return error;
}

// The status and the server's first words, on one line.
static void tell_status(struct exchange *exchange, char *ret_text, size_t size)
{
	const struct http_transfer *transfer = &exchange->transfer;
	struct slice words = slice_trim(slice_of(transfer->words, transfer->words_size));
	char printable[PROBLEM_TEXT_BYTES];

	if (http_credentials_are_in(&exchange->client->credentials, words))
		words.size = 0;
	for (size_t i = 0; i < words.size; i++)
		if (slice_is_blank(words.data[i]))
			exchange->transfer.words[words.data + i - transfer->words] = ' ';
	report_printable(words, printable);
	(void)snprintf(ret_text, size, "status %ld%s%s", transfer->status,
	               words.size > 0 ? ": " : "", printable);
}

// ---- judging an attempt ----------------------------------------------------------------------

// What may be otherwise at the next attempt. 1: try again; else the error.
static int judge_code(struct exchange *exchange)
{
	switch (exchange->transfer.code) {
	case CURLE_OUT_OF_MEMORY:
		return -ENOMEM;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CRL_BADFILE:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_LOGIN_DENIED:
	case CURLE_BAD_FUNCTION_ARGUMENT:
	case CURLE_FAILED_INIT:
	case CURLE_INTERFACE_FAILED:
		return -EBADMSG;
	default:
		return 1;
	}
}

static const char *flaw_text(const struct http_transfer *transfer)
{
	switch (transfer->flaw) {
	case HTTP_BODY_TOO_LARGE:
		return "the body is larger than the source may send (max-bytes)";
	case HTTP_HEADERS_TOO_LARGE:
		return "the headers are larger than 256 KB";
	case HTTP_ENCODING_UNKNOWN:
		return "the body is encoded in a way that was not asked for";
	case HTTP_BODY_DAMAGED:
		return "the compressed body is damaged or cut";
	case HTTP_STALLED:
		return "the answer came too slowly";
	case HTTP_WRITE_FAILED:
		return "the temporary file cannot be written";
	default:
		return "";
	}
}

static int judge_flaw(struct exchange *exchange)
{
	struct http_transfer *transfer = &exchange->transfer;

	switch (transfer->flaw) {
	case HTTP_STOPPED:
		return -ECANCELED;
	case HTTP_BODY_TOO_LARGE:
		return tell(exchange, "request failed", -EFBIG, flaw_text(transfer));
	case HTTP_HEADERS_TOO_LARGE:
	case HTTP_ENCODING_UNKNOWN:
		return tell(exchange, "request failed", -EBADMSG, flaw_text(transfer));
	case HTTP_WRITE_FAILED:
		return tell(exchange, "request failed", transfer->error, flaw_text(transfer));
	default:
		return 1;
	}
}

static int judge_status(struct exchange *exchange)
{
	long status = exchange->transfer.status;
	char text[PROBLEM_TEXT_BYTES * 2];
	int error = -EBADMSG;

	if (status == 408 || status == 425 || status == 429 || status >= 500)
		return 1;
	if (status == 401 || status == 403)
		error = -EACCES;
	else if (status == 404 || status == 410)
		error = -ENOENT;
	else if (status == 416)
		error = -ERANGE;
	tell_status(exchange, text, sizeof(text));
	return tell(exchange, "request refused", error, text);
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Returns 2 (ask there at once) or an error.
static int redirect(struct exchange *exchange)
{
	struct http_origin from, to;
	struct buffer url = {0};
	int error = http_url_join((const char *)exchange->url.data, exchange->transfer.location,
	                          &url);

	buffer_append_byte(&url, '\0');
	if (error == 0)
		error = http_url_origin((const char *)url.data, &to);
	if (error == 0)
		error = http_url_origin((const char *)exchange->url.data, &from);
	if (error < 0 || !http_url_may_redirect(&from, &to))
		error = tell(exchange, "redirect refused", -EBADMSG,
		             "it leads nowhere, or out of https");
	else if (exchange->has_body && exchange->transfer.status != 303 &&
	         !http_url_is_within(&from, &to))
		error = tell(exchange, "redirect refused", -EBADMSG,
		             "what is sent is for this server only");
	else if (exchange->redirects++ == REDIRECTS_MAX)
		error = tell(exchange, "redirect refused", -EBADMSG, "more than 5 in a row");
	if (error < 0) {
		buffer_close(&url);
		return error;
	}
	if (exchange->transfer.status == 303)
		exchange->has_body = false;
	buffer_close(&exchange->url);
	exchange->url = url;
	return 2;
}

// Returns 0 (good), 1 (try again later), 2 (ask elsewhere at once), or an error that was told.
static int judge(struct exchange *exchange)
{
	struct http_transfer *transfer = &exchange->transfer;
	bool has_status = transfer->status >= 200 &&
	                  (transfer->code == CURLE_OK || transfer->flaw == HTTP_WORDS_ENOUGH);

	exchange->wait_s = -1;
	if (transfer->flaw != HTTP_FLAWLESS && transfer->flaw != HTTP_WORDS_ENOUGH &&
	    !(transfer->flaw == HTTP_BODY_DAMAGED && transfer->status >= 300))
		return judge_flaw(exchange);
	if (!has_status) {
		int error = judge_code(exchange);

		return error < 0 ? tell(exchange, "request failed", error, exchange->curl_text)
		                 : error;
	}
	if (transfer->status < 300 || transfer->status == 304)
		return 0;
	if (is_redirect(transfer->status) && transfer->location[0] != '\0')
		return redirect(exchange);
	exchange->wait_s = http_wait_asked_s(transfer->retry_after, (int64_t)time(NULL));
	return judge_status(exchange);
}

// ---- making it -------------------------------------------------------------------------------

static int add_header(struct curl_slist **headers, const char *name, const char *value)
{
	struct buffer line = {0};
	struct curl_slist *longer = NULL;

	if (value == NULL)
		return 0;
	buffer_format(&line, "%s%s", name, value);
	buffer_append_byte(&line, '\0');
	if (!line.failed)
		longer = curl_slist_append(*headers, (const char *)line.data);
	buffer_close(&line);
	if (longer == NULL)
		return -ENOMEM;
	*headers = longer;
	return 0;
}

static int make_headers(const struct exchange *exchange, struct curl_slist **headers)
{
	const struct http_request *request = exchange->request;
	struct http_origin to;
	int error = add_header(headers, "Accept: ", request->accept);

	// Decompressed here and not by libcurl, which takes a cut body for a whole one.
	if (error == 0)
		error = add_header(headers, "Accept-Encoding: ", "gzip, zstd");
	if (error == 0)
		error = add_header(headers, "If-None-Match: ", request->if_none_match);
	if (error == 0)
		error = add_header(headers, "If-Modified-Since: ", request->if_modified_since);
	if (error == 0 && exchange->has_body)
		error = add_header(headers, "Content-Type: ", request->content_type);
	if (error == 0 && exchange->has_body)
		error = add_header(headers, "Expect:", "");
	for (unsigned i = 0; error == 0 && i < HTTP_HEADERS_MAX && request->headers[i] != NULL; i++)
		error = add_header(headers, "", request->headers[i]);
	if (error == 0 && http_url_origin((const char *)exchange->url.data, &to) == 0 &&
	    http_url_is_within(&exchange->client->origin, &to))
		error = http_credentials_use(&exchange->client->credentials, exchange->client->curl,
		                             headers);
	return error;
}

static void set_trust(const struct http_client *client)
{
	CURL *curl = client->curl;
	const struct buffer *ca = &client->credentials.ca;

	(void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(curl, CURLOPT_KEYPASSWD, ""); // never ask on the terminal
	if (ca->size > 0) {
		struct curl_blob blob = {ca->data, ca->size, CURL_BLOB_NOCOPY};

		(void)curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob);
		(void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL); // this one, not these too
	}
}

static void set_options(struct exchange *exchange)
{
	const struct source_config *source = exchange->client->source;
	CURL *curl = exchange->client->curl;
	long connect_s = source->timeout_s < CONNECT_S_MAX ? source->timeout_s : CONNECT_S_MAX;

	curl_easy_reset(curl); // connections stay
	set_trust(exchange->client);
	(void)curl_easy_setopt(curl, CURLOPT_URL, (const char *)exchange->url.data);
	(void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, exchange->curl_text);
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L); // do not wait for a name's look-up
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(curl, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "sekisho/" SEKISHO_VERSION);
	(void)curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, connect_s);
	if (source->proxy != NULL) {
		// What is configured holds for every host, whatever the environment's NO_PROXY.
		(void)curl_easy_setopt(curl, CURLOPT_PROXY, source->proxy);
		(void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
	}
	if (exchange->has_body) {
		(void)curl_easy_setopt(curl, CURLOPT_POST, 1L);
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
		                       (curl_off_t)exchange->request->body.size);
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, exchange->request->body.data);
	}
}

// Once. Returns as judge(), or -ENOMEM.
static int attempt(struct exchange *exchange, int fd, struct http_answer *answer)
{
	struct http_client *client = exchange->client;
	struct curl_slist *headers = NULL;

	exchange->curl_text[0] = '\0';
	exchange->transfer = (struct http_transfer){
		.answer = answer,
		.body_bytes_max = client->source->body_bytes_max,
		.timeout_ms = (int64_t)client->source->timeout_s * 1000,
		.is_stopped = client->is_stopped,
		.context = client->context,
	};
	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -errno;

	set_options(exchange);
	int error = make_headers(exchange, &headers);
	if (error == 0) {
		(void)curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
		http_transfer_run(&exchange->transfer, client->multi, client->curl, fd);
		(void)curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
		error = judge(exchange);
	}
	curl_slist_free_all(headers);
	return error;
}

// Why the attempts so far were in vain.
static int give_up(struct exchange *exchange)
{
	const struct http_transfer *transfer = &exchange->transfer;
	char text[PROBLEM_TEXT_BYTES * 2];

	if (exchange->wait_s > HTTP_RETRY_AFTER_MAX_S)
		(void)snprintf(text, sizeof(text), "status %ld: the server asks to wait for %lld s",
		               transfer->status, (long long)exchange->wait_s);
	else if (transfer->code == CURLE_OK && transfer->status >= 300)
		tell_status(exchange, text, sizeof(text));
	else
		(void)snprintf(text, sizeof(text), "%s",
		               transfer->flaw != HTTP_FLAWLESS ? flaw_text(transfer)
		               : exchange->curl_text[0] != '\0'
		                       ? exchange->curl_text
		                       : curl_easy_strerror(transfer->code));
	return tell(exchange, "request failed", -EIO, text);
}

static int attempt_all(struct exchange *exchange, int fd, struct http_answer *answer)
{
	struct http_client *client = exchange->client;

	for (unsigned tries = 1;; tries++) {
		int error = attempt(exchange, fd, answer);

		while (error == 2)
			error = attempt(exchange, fd, answer);
		if (error != 1)
			return error;
		if (tries > client->source->retries || exchange->wait_s > HTTP_RETRY_AFTER_MAX_S)
			return give_up(exchange);

		int64_t wait_ms = http_wait_backoff_ms(tries);
		if (exchange->wait_s > 0)
			wait_ms += exchange->wait_s * 1000;
		error = http_wait(wait_ms, client->is_stopped, client->context);
		if (error < 0)
			return error;
	}
}

// ---- the client ------------------------------------------------------------------------------

int http_client_request(struct http_client *client, const struct http_request *request,
                        struct report *report, struct http_answer *ret_answer)
{
	struct http_answer answer = {.body_fd = -1};
	struct exchange exchange = {
		.client = client,
		.request = request,
		.report = report,
		.has_body = request->body.size > 0 || request->content_type != NULL,
	};
	struct http_origin origin;

	buffer_append_text(&exchange.url, request->url);
	buffer_append_byte(&exchange.url, '\0');
	int fd = -1;
	int error = exchange.url.failed ? -ENOMEM : temporary_file_open(&fd);
	if (error < 0)
		(void)tell(&exchange, "request failed", error, strerror(-error));
	else if (http_url_origin(request->url, &origin) < 0)
		error = tell(&exchange, "request failed", -EBADMSG,
		             "not a URL of http or https without a name and password in it");
	else
		error = attempt_all(&exchange, fd, &answer);

	if (error == 0 && exchange.url.size <= sizeof(answer.url))
		memcpy(answer.url, exchange.url.data, exchange.url.size);
	buffer_close(&exchange.url);
	if (error < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		if (fd >= 0)
			(void)close(fd);
		return error < 0 ? error : -EIO;
	}
	*ret_answer = answer;
	return 0;
}

void http_client_free(struct http_client *client)
{
	if (client == NULL)
		return;
	if (client->curl != NULL)
		curl_easy_cleanup(client->curl);
	if (client->multi != NULL)
		(void)curl_multi_cleanup(client->multi);
	http_credentials_close(&client->credentials);
	curl_global_cleanup(); // counted
	free(client);
}

int http_client_create(const struct source_config *source, bool (*is_stopped)(void *context),
                       void *context, struct report *report, struct http_client **ret_client)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -ENOMEM;

	AUTO(http_client) client = calloc(1, sizeof(*client));
	if (client == NULL) {
		curl_global_cleanup();
		return -ENOMEM;
	}
	client->source = source;
	client->is_stopped = is_stopped;
	client->context = context;
	client->multi = curl_multi_init();
	client->curl = curl_easy_init();
	if (client->multi == NULL || client->curl == NULL)
		return -ENOMEM;
	// An address that is none has no origin: no request gets the credentials.
	(void)http_url_origin(source->address, &client->origin);

	int error = http_credentials_read(source, report, &client->credentials);
	if (error < 0)
		return error;
	*ret_client = TAKE(client);
	return 0;
}
