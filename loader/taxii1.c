#include "loader/taxii1.h"

#include <errno.h>

#include "base/buffer.h"
#include "loader/http_url.h"
#include "loader/http_wait.h"

static int post(struct taxii1 *taxii, const char *url, const struct buffer *request,
                struct http_answer *ret_answer)
{
	bool is_secure = strncmp(url, "https:", 6) == 0;
	const struct http_request post = {
		.url = url,
		.accept = "application/xml",
		.content_type = "application/xml",
		.body = buffer_slice(request),
		.headers =
			{
				"X-TAXII-Content-Type: urn:taxii.mitre.org:message:xml:1.1",
				"X-TAXII-Accept: urn:taxii.mitre.org:message:xml:1.1",
				"X-TAXII-Services: urn:taxii.mitre.org:services:1.1",
				is_secure ? "X-TAXII-Protocol: "
					    "urn:taxii.mitre.org:protocol:https:1.0"
					  : "X-TAXII-Protocol: "
					    "urn:taxii.mitre.org:protocol:http:1.0",
			},
	};

	return http_client_request(taxii->http, &post, taxii->report, ret_answer);
}

static int tell_status(struct taxii1 *taxii, const struct taxii1_message *message, int error)
{
	report_note(taxii->report, "the server's answer is a status", slice_text(message->status),
	            "%s", message->text);
	return error;
}

// Status types: XML Message Binding, section 3.7; Services, section 4.4.2.1.
static int judge_status(struct taxii1 *taxii, const struct taxii1_message *message)
{
	static const struct {
		const char *status;
		int error;
	} known[] = {
		{"SUCCESS", 0},
		{"PENDING", 0},
		{"UNAUTHORIZED", -EACCES},
		{"DENIED", -EACCES},
		{"NOT_FOUND", -ENOENT},
		{"INVALID_RESPONSE_PART", -EAGAIN},
		{"ASYNCHRONOUS_POLL_ERROR", -EAGAIN},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(message->status, known[i].status) != 0)
			continue;
		return known[i].error != 0 ? tell_status(taxii, message, known[i].error) : 0;
	}
	return tell_status(taxii, message, -EBADMSG);
}

static bool is_retry(const struct taxii1_message *message)
{
	return message->kind == TAXII1_STATUS && strcmp(message->status, "RETRY") == 0;
}

// Returns 0 after the pause that the server asks for, or an error when it asks for too much.
static int wait_for_retry(struct taxii1 *taxii, const struct taxii1_message *message,
                          unsigned attempt)
{
	const struct fetch *fetch = taxii->fetch;
	int64_t wait_ms = message->wait_s >= 0 ? message->wait_s * 1000
	                                       : http_wait_backoff_ms(attempt);

	if (attempt > fetch->source->retries || message->wait_s > HTTP_RETRY_AFTER_MAX_S)
		return tell_status(taxii, message, -EIO);
	return http_wait(wait_ms, fetch->is_stopped, fetch->context);
}

static int ask_once(struct taxii1 *taxii, const char *url, const struct buffer *request,
                    struct taxii1_message *ret_message, struct http_answer *ret_answer)
{
	int error = post(taxii, url, request, ret_answer);

	if (error != 0)
		return error;
	if (ret_answer->body_fd < 0) {
		http_url_note(taxii->report, "not a TAXII 1.1 message", url, "an empty answer");
		error = -EBADMSG;
	} else {
		error = taxii1_message_read(ret_answer->body_fd, NULL, taxii->report, ret_message);
	}
	if (error != 0)
		http_answer_close(ret_answer);
	return error;
}

static int ask(struct taxii1 *taxii, const char *url, const struct buffer *request,
               struct taxii1_message *ret_message, struct http_answer *ret_answer)
{
	for (unsigned attempt = 1;; attempt++) {
		int error = ask_once(taxii, url, request, ret_message, ret_answer);

		if (error != 0 || ret_message->kind != TAXII1_STATUS)
			return error;
		error = is_retry(ret_message) ? wait_for_retry(taxii, ret_message, attempt)
		                              : judge_status(taxii, ret_message);
		if (error == 0 && !is_retry(ret_message))
			return 0;
		taxii1_message_close(ret_message);
		http_answer_close(ret_answer);
		if (error != 0)
			return error;
	}
}

int taxii1_ask(struct taxii1 *taxii, const char *url, struct buffer *request,
               struct taxii1_message *ret_message, struct http_answer *ret_answer)
{
	struct http_answer answer;
	int error = request->failed ? -ENOMEM : ask(taxii, url, request, ret_message, &answer);

	buffer_close(request);
	if (error == 0 && ret_answer != NULL)
		*ret_answer = answer;
	else if (error == 0)
		http_answer_close(&answer);
	return error;
}
