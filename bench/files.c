// bench/files.c — what hashing the files of HTTP costs, beside OpenSSL on the same bytes.
//
// usage: bench_files FILE_BYTES
//
// Responses with files of that size go through the extractor segment by segment, as a stream brings
// them; then each file's bytes go to EVP_Digest() at once, which is what the figure is held
// against. The best of some rounds, one line of JSON for each choice of digests.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "dataplane/extract.h"
#include "dataplane/file.h"
#include "dataplane/http_connection.h"

enum { SEGMENT_BYTES = 1460, TOTAL_BYTES = 64 << 20, ROUNDS = 5, BUDGET_BYTES = 8 << 20 };

static const char *const names[HASH_ALGORITHM_COUNT] = {"md5", "sha1", "sha256", "sha512"};

struct message {
	uint8_t *bytes;
	size_t head_bytes;
	size_t body_bytes;
};

static double now_s(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void ignore_file(struct extract_output *output, const struct file_seen *file)
{
	if (!file->is_whole)
		abort();
	output->messages_malformed += file->digests[HASH_SHA256][0] & 1; // it is used
}

static void write_message(struct message *message, size_t body_bytes)
{
	message->bytes = malloc(body_bytes + 256);
	message->head_bytes = (size_t)snprintf((char *)message->bytes, 256,
	                                       "HTTP/1.1 200 OK\r\nContent-Type: application/x\r\n"
	                                       "Content-Length: %zu\r\n\r\n",
	                                       body_bytes);
	message->body_bytes = body_bytes;
	srand(1);
	for (size_t i = 0; i < body_bytes; i++)
		message->bytes[message->head_bytes + i] = (uint8_t)rand();
}

// One connection, one message behind the other.
static double extract_s(const struct message *message, unsigned count,
                        struct extract_output *output)
{
	struct extract_shared shared = {0};
	struct extract_state state = {0};
	double start_s = now_s();

	output->shared = &shared;
	for (unsigned i = 0; i < count; i++) {
		struct slice rest = slice_of(message->bytes,
		                             message->head_bytes + message->body_bytes);

		while (rest.size > 0) {
			struct slice segment = slice_first(rest, SEGMENT_BYTES);
			struct extract_progress progress = extract_http.consume(&state, segment,
			                                                        output);

			// The head is never cut here.
			rest = slice_from(rest, progress.consumed + progress.skip_bytes);
		}
	}
	extract_http.end(&state, true, output);
	if (shared.owner != 0)
		extract_http.leave(output);
	output->shared = NULL;
	return now_s() - start_s;
}

static double openssl_s(const struct message *message, unsigned count, uint8_t algorithms)
{
	const EVP_MD *const digests[HASH_ALGORITHM_COUNT] = {EVP_md5(), EVP_sha1(), EVP_sha256(),
	                                                     EVP_sha512()};
	uint8_t digest[EVP_MAX_MD_SIZE];
	double start_s = now_s();

	for (unsigned i = 0; i < count; i++)
		for (unsigned k = 0; k < HASH_ALGORITHM_COUNT; k++)
			if ((algorithms & 1u << k) != 0 &&
			    EVP_Digest(message->bytes + message->head_bytes, message->body_bytes,
			               digest, NULL, digests[k], NULL) != 1)
				abort();
	return now_s() - start_s;
}

static void measure(const struct message *message, struct extract_output *output,
                    uint8_t algorithms)
{
	unsigned count = (unsigned)(TOTAL_BYTES / message->body_bytes);
	double ours_s = 1e9, theirs_s = 1e9, bytes = (double)count * (double)message->body_bytes;

	output->hashes_wanted = algorithms;
	for (unsigned round = 0; round < ROUNDS; round++) {
		double one_s = extract_s(message, count, output);
		double other_s = openssl_s(message, count, algorithms);

		ours_s = one_s < ours_s ? one_s : ours_s;
		theirs_s = other_s < theirs_s ? other_s : theirs_s;
	}
	(void)printf("{\"file_bytes\":%zu,\"digests\":\"", message->body_bytes);
	for (unsigned k = 0; k < HASH_ALGORITHM_COUNT; k++)
		if ((algorithms & 1u << k) != 0)
			(void)printf(" %s", names[k]);
	(void)printf("\",\"ns_per_byte\":%.4f,\"openssl_ns_per_byte\":%.4f,\"ratio\":%.3f}\n",
	             ours_s * 1e9 / bytes, theirs_s * 1e9 / bytes,
	             theirs_s > 0 ? ours_s / theirs_s : 0);
}

int main(int argc, char **argv)
{
	static const uint8_t choices[] = {1 << HASH_SHA256, 1 << HASH_MD5,
	                                  1 << HASH_MD5 | 1 << HASH_SHA1 | 1 << HASH_SHA256};
	struct extract_output output = {.add_file = ignore_file};
	struct message message;

	if (argc != 2 || atol(argv[1]) < 1 || atol(argv[1]) > TOTAL_BYTES) {
		(void)fprintf(stderr, "usage: bench_files FILE_BYTES\n");
		return 2;
	}
	write_message(&message, (size_t)atol(argv[1]));
	if (file_table_create(BUDGET_BYTES, &output.files) != 0 ||
	    http_table_create(BUDGET_BYTES, &output.http) != 0)
		return 1;
	for (unsigned i = 0; i < sizeof(choices); i++)
		measure(&message, &output, choices[i]);
	file_table_free(output.files);
	http_table_free(output.http);
	free(message.bytes);
	return 0;
}
