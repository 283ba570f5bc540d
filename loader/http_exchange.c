#include "loader/http_exchange.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "loader/http_wait.h"

int http_exchange_tell(struct http_exchange *exchange, const char *reason, int error,
                       const char *detail)
{
	http_url_note(exchange->report, reason, (const char *)exchange->url.data, detail);
	return error;
}

// The status and the server's first words, on one line.
static void tell_status(struct http_exchange *exchange, char *ret_text, size_t size)
{
	const struct http_transfer *transfer = &exchange->transfer;
	struct slice words = slice_trim(slice_of(transfer->words, transfer->words_size));
	char printable[PROBLEM_TEXT_BYTES];

	if (http_credentials_are_in(exchange->credentials, words))
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
static int judge_code(struct http_exchange *exchange)
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
		return "the body is larger than the source may send (body-max)";
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

static int judge_flaw(struct http_exchange *exchange)
{
	struct http_transfer *transfer = &exchange->transfer;

	switch (transfer->flaw) {
	case HTTP_STOPPED:
		return -ECANCELED;
	case HTTP_BODY_TOO_LARGE:
		return http_exchange_tell(exchange, "request failed", -EFBIG, flaw_text(transfer));
	case HTTP_HEADERS_TOO_LARGE:
	case HTTP_ENCODING_UNKNOWN:
		return http_exchange_tell(exchange, "request failed", -EBADMSG,
		                          flaw_text(transfer));
	case HTTP_WRITE_FAILED:
		return http_exchange_tell(exchange, "request failed", transfer->error,
		                          flaw_text(transfer));
	default:
		return 1;
	}
}

static int judge_status(struct http_exchange *exchange)
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
	return http_exchange_tell(exchange, "request refused", error, text);
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Returns 2 (ask there at once) or an error.
static int redirect(struct http_exchange *exchange)
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
		error = http_exchange_tell(exchange, "redirect refused", -EBADMSG,
		                           "it leads nowhere, or out of https");
	else if (exchange->has_body && exchange->transfer.status != 303 &&
	         !http_url_is_within(&from, &to))
		error = http_exchange_tell(exchange, "redirect refused", -EBADMSG,
		                           "what is sent is for this server only");
	else if (exchange->redirects++ == HTTP_REDIRECTS_MAX)
		error = http_exchange_tell(exchange, "redirect refused", -EBADMSG,
		                           "more than 5 in a row");
	if (error < 0) {
		buffer_close(&url);
		return error;
	}
	if (exchange->transfer.status == 303)
		exchange->has_body = false;
	buffer_close(&exchange->url);
	exchange->url = url;
	return HTTP_ELSEWHERE;
}

// Returns 0 (good), 1 (try again later), 2 (ask elsewhere at once), or an error that was told.
int http_exchange_judge(struct http_exchange *exchange)
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

		return error < 0 ? http_exchange_tell(exchange, "request failed", error,
		                                      exchange->curl_text)
		                 : error;
	}
	if (transfer->status < 300 || transfer->status == 304)
		return 0;
	if (is_redirect(transfer->status) && transfer->location[0] != '\0')
		return redirect(exchange);
	exchange->wait_s = http_wait_asked_s(transfer->retry_after, (int64_t)time(NULL));
	return judge_status(exchange);
}

// A server that hands each page out once would go on with the next.
bool http_exchange_is_lost(const struct http_exchange *exchange)
{
	const struct http_transfer *transfer = &exchange->transfer;

	switch (transfer->code) {
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
		return false;
	default:
		return transfer->status != 408 && transfer->status != 425 &&
		       transfer->status != 429 && transfer->status != 503;
	}
}

// Why the attempts so far were in vain.
int http_exchange_give_up(struct http_exchange *exchange)
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
	return http_exchange_tell(exchange, "request failed", -EIO, text);
}
