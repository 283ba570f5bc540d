#include "loader/http_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/buffer.h"
#include "base/temporary_file.h"
#include "loader/config.h"
#include "loader/http_exchange.h"
#include "loader/http_wait.h"

enum { CONNECT_S_MAX = 30 };

struct http_client {
	const struct source_config *source;
	bool (*is_stopped)(void *context); // may be NULL
	void *context;
	CURLM *multi;
	CURL *curl;
	struct http_credentials credentials;
	struct http_origin origin; // whom the credentials are for
};

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

static int make_headers(const struct http_client *client, const struct http_exchange *exchange,
                        struct curl_slist **headers)
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
	    http_url_is_within(&client->origin, &to))
		error = http_credentials_use(&client->credentials, client->curl, headers);
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

static void set_options(const struct http_client *client, struct http_exchange *exchange)
{
	const struct source_config *source = client->source;
	CURL *curl = client->curl;
	long connect_s = source->timeout_s < CONNECT_S_MAX ? source->timeout_s : CONNECT_S_MAX;

	curl_easy_reset(curl); // connections stay
	set_trust(client);
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
		bool is_none = strcmp(source->proxy, "none") == 0;

		(void)curl_easy_setopt(curl, CURLOPT_PROXY, is_none ? "" : source->proxy);
		(void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
	}
	if (exchange->has_body) {
		(void)curl_easy_setopt(curl, CURLOPT_POST, 1L);
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
		                       (curl_off_t)exchange->request->body.size);
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, exchange->request->body.data);
	}
}

// Once. Returns as http_exchange_judge(), or -ENOMEM.
static int attempt(struct http_client *client, struct http_exchange *exchange, int fd,
                   struct http_answer *answer)
{
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

	set_options(client, exchange);
	int error = make_headers(client, exchange, &headers);
	if (error == 0) {
		(void)curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
		http_transfer_run(&exchange->transfer, client->multi, client->curl, fd);
		(void)curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
		error = http_exchange_judge(exchange);
	}
	curl_slist_free_all(headers);
	return error;
}

static int attempt_all(struct http_client *client, struct http_exchange *exchange, int fd,
                       struct http_answer *answer)
{
	for (unsigned tries = 1;; tries++) {
		int error = attempt(client, exchange, fd, answer);

		while (error == HTTP_ELSEWHERE)
			error = attempt(client, exchange, fd, answer);
		if (error != HTTP_AGAIN)
			return error;
		if (exchange->request->is_once && http_exchange_is_lost(exchange))
			return -EAGAIN;
		if (tries > client->source->retries || exchange->wait_s > HTTP_RETRY_AFTER_MAX_S)
			return http_exchange_give_up(exchange);

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
	struct http_exchange exchange = {
		.credentials = &client->credentials,
		.request = request,
		.report = report,
		.has_body = request->body.size > 0 || request->content_type != NULL,
	};
	struct http_origin origin;

	buffer_append_text(&exchange.url, request->url);
	buffer_append_byte(&exchange.url, '\0');
	if (exchange.url.failed)
		return -ENOMEM;

	int fd = -1;
	int error = temporary_file_open(&fd);
	if (error < 0)
		(void)http_exchange_tell(&exchange, "request failed", error, strerror(-error));
	else if (http_url_origin(request->url, &origin) < 0)
		error = http_exchange_tell(
			&exchange, "request failed", -EBADMSG,
			"not a URL of http or https without a name and password in it");
	else
		error = attempt_all(client, &exchange, fd, &answer);

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
