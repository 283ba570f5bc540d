#include "loader/http_url.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

static void free_url(CURLU **url)
{
	curl_url_cleanup(*url);
}

static void free_text(char **text)
{
	curl_free(*text);
}

#define AUTO_URL  __attribute__((cleanup(free_url))) CURLU *
#define AUTO_TEXT __attribute__((cleanup(free_text))) char *

static bool is_secure_scheme(const char *scheme, bool *ret_is_secure)
{
	*ret_is_secure = strcasecmp(scheme, "https") == 0;
	return *ret_is_secure || strcasecmp(scheme, "http") == 0;
}

int http_url_origin(const char *url, struct http_origin *ret_origin)
{
	AUTO_URL parsed = curl_url();
	AUTO_TEXT scheme = NULL;
	AUTO_TEXT host = NULL;
	AUTO_TEXT port = NULL;
	struct http_origin origin = {0};

	if (parsed == NULL)
		return -ENOMEM;
	if (strlen(url) > HTTP_URL_BYTES_MAX ||
	    curl_url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER) != CURLUE_OK ||
	    curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(parsed, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
	    !is_secure_scheme(scheme, &origin.is_secure) || strlen(host) >= sizeof(origin.host))
		return -EINVAL;

	for (size_t i = 0; host[i] != '\0'; i++)
		origin.host[i] = (char)tolower((unsigned char)host[i]);
	(void)snprintf(origin.port, sizeof(origin.port), "%s", port);
	*ret_origin = origin;
	return 0;
}

bool http_url_is_within(const struct http_origin *mine, const struct http_origin *other)
{
	if (strcmp(mine->host, other->host) != 0)
		return false;
	if (mine->is_secure == other->is_secure)
		return strcmp(mine->port, other->port) == 0;
	return other->is_secure && strcmp(mine->port, "80") == 0 && strcmp(other->port, "443") == 0;
}

bool http_url_may_redirect(const struct http_origin *from, const struct http_origin *to)
{
	return to->is_secure || !from->is_secure;
}

void http_url_tell(const char *url, struct buffer *text)
{
	size_t size = strcspn(url, "?#");
	const char *scheme = strstr(url, "://");
	const char *rest = scheme != NULL && scheme < url + size ? scheme + 3 : url;
	size_t authority = strcspn(rest, "/?#");
	const char *at = memrchr(rest, '@', authority);

	buffer_append(text, url, (size_t)(rest - url));
	rest = at != NULL ? at + 1 : rest;
	buffer_append(text, rest, (size_t)(url + size - rest));
	if (url[size] == '?')
		buffer_append_text(text, "?...");
}

void http_url_note(struct report *report, const char *reason, const char *url, const char *detail)
{
	struct buffer text = {0};

	http_url_tell(url, &text);
	report_note(report, reason, buffer_slice(&text), "%s", detail);
	buffer_close(&text);
}

int http_url_join(const char *base, const char *reference, struct buffer *ret_url)
{
	AUTO_URL parsed = curl_url();
	AUTO_TEXT whole = NULL;
	struct http_origin origin;

	if (parsed == NULL)
		return -ENOMEM;
	// A second CURLUPART_URL is taken relative to the first.
	if (strlen(reference) > HTTP_URL_BYTES_MAX ||
	    curl_url_set(parsed, CURLUPART_URL, base, 0) != CURLUE_OK ||
	    curl_url_set(parsed, CURLUPART_URL, reference, 0) != CURLUE_OK ||
	    curl_url_get(parsed, CURLUPART_URL, &whole, 0) != CURLUE_OK)
		return -EINVAL;

	int error = http_url_origin(whole, &origin);
	if (error < 0)
		return error;
	buffer_append_text(ret_url, whole);
	return ret_url->failed ? -ENOMEM : 0;
}
