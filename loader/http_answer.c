#include <errno.h>
#include <unistd.h>

#include "base/buffer.h"
#include "loader/http_client.h"

void http_answer_close(struct http_answer *answer)
{
	if (answer->body_fd >= 0)
		(void)close(answer->body_fd);
	answer->body_fd = -1;
}

int http_answer_body(const struct http_answer *answer, uint64_t max_bytes, struct buffer *ret_body)
{
	uint64_t offset = 0;

	if (answer->body_fd < 0)
		return 0;
	if (answer->body_bytes > max_bytes)
		return -EFBIG;
	if (!buffer_reserve(ret_body, (size_t)answer->body_bytes))
		return -ENOMEM;
	while (offset < answer->body_bytes) {
		ssize_t got = pread(answer->body_fd, ret_body->data + ret_body->size,
		                    (size_t)(answer->body_bytes - offset), (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		offset += (uint64_t)got;
		ret_body->size += (size_t)got;
	}
	return 0;
}
