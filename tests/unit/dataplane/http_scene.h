// A connection of HTTP as stream.c would give it, both directions, with what was told as text.
#pragma once

#include <openssl/evp.h>

#include "dataplane/file.h"
#include "dataplane/http_connection.h"
#include "tests/unit/dataplane/extract_recorder.h"

enum { SCENE_BUDGET_BYTES = 1024 * 1024, SCENE_PENDING_BYTES = 256 * 1024 };

struct http_scene {
	struct recorder recorder; // first: its output is what extractors are given
	struct extract_shared shared;
	struct extract_state states[2]; // of requests, of responses
	enum extract_verdict verdicts[2];
	uint64_t skip_bytes[2];
	size_t pending_bytes[2];
	uint8_t pending[2][SCENE_PENDING_BYTES];
};

static inline void http_scene_digest(struct slice bytes, char ret_text[17])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned size;

	if (EVP_Digest(bytes.data, bytes.size, digest, &size, EVP_sha256(), NULL) != 1)
		abort();
	for (unsigned i = 0; i < 8; i++)
		(void)snprintf(ret_text + 2 * i, 3, "%02x", digest[i]);
}

static inline void http_scene_append(struct recorder *recorder, const char *line)
{
	recorder->size += (size_t)snprintf(recorder->text + recorder->size,
	                                   sizeof(recorder->text) - recorder->size, "%s", line);
	assert_true(recorder->size < sizeof(recorder->text));
}

// "request name type size digest"; "cut" instead of a digest.
static inline void http_scene_add_file(struct extract_output *output, const struct file_seen *file)
{
	char digest[17] = "cut", line[1024];

	for (unsigned i = 0; file->is_whole && i < 8; i++)
		(void)snprintf(digest + 2 * i, 3, "%02x", file->digests[HASH_SHA256][i]);
	(void)snprintf(line, sizeof(line), "%s %.*s %.*s %u %s\n",
	               file->where == WHERE_HTTP_REQUEST_FILE ? "request" : "response",
	               SLICE_FORMAT(file->name), SLICE_FORMAT(file->media_type),
	               (unsigned)file->size_bytes, digest);
	http_scene_append((struct recorder *)output, line);
}

static inline void http_scene_ignore(struct extract_output *output,
                                     const struct observable *observable)
{
	(void)output;
	(void)observable;
}

// A database that holds SHA-256; with `tell` somebody observes.
static inline void http_scene_open(struct http_scene *scene, size_t budget_bytes)
{
	struct extract_output *output = &scene->recorder.output;

	memset(scene, 0, sizeof(*scene));
	output->add = http_scene_ignore;
	output->add_file = http_scene_add_file;
	output->hashes_wanted = 1 << HASH_SHA256;
	output->shared = &scene->shared;
	if (file_table_create(budget_bytes, &output->files) != 0 ||
	    http_table_create(budget_bytes, &output->http) != 0)
		abort();
}

// Ends both directions, then the connection: nothing may be left.
static inline const char *http_scene_end(struct http_scene *scene, bool is_whole)
{
	struct extract_output *output = &scene->recorder.output;

	for (unsigned i = 0; i < 2; i++)
		if (scene->verdicts[i] == EXTRACT_MORE)
			extract_http.end(&scene->states[i],
			                 is_whole && scene->pending_bytes[i] == 0, output);
	if (scene->shared.owner != 0)
		extract_http.leave(output);
	assert_true(scene->shared.owner == 0);
	assert_true(file_table_is_empty(output->files) && http_table_is_empty(output->http));
	return scene->recorder.text;
}

static inline void http_scene_close(struct http_scene *scene)
{
	file_table_free(scene->recorder.output.files);
	http_table_free(scene->recorder.output.http);
}

static inline void http_scene_give_piece(struct http_scene *scene, unsigned side,
                                         struct slice piece)
{
	struct extract_progress progress;
	size_t skipped = piece.size < scene->skip_bytes[side] ? piece.size
	                                                      : (size_t)scene->skip_bytes[side];

	scene->skip_bytes[side] -= skipped;
	piece = slice_from(piece, skipped);
	if (piece.size == 0 || scene->verdicts[side] != EXTRACT_MORE)
		return;
	assert_true(scene->pending_bytes[side] + piece.size <= SCENE_PENDING_BYTES);
	memcpy(scene->pending[side] + scene->pending_bytes[side], piece.data, piece.size);
	scene->pending_bytes[side] += piece.size;
	progress = extract_http.consume(&scene->states[side],
	                                slice_of(scene->pending[side], scene->pending_bytes[side]),
	                                &scene->recorder.output);
	scene->pending_bytes[side] -= progress.consumed;
	memmove(scene->pending[side], scene->pending[side] + progress.consumed,
	        scene->pending_bytes[side]);
	scene->skip_bytes[side] = progress.skip_bytes;
	scene->verdicts[side] = progress.verdict;
}

// Gives bytes of requests (side 0) or responses (1), `piece_bytes` at a time.
static inline void http_scene_give(struct http_scene *scene, unsigned side, struct slice bytes,
                                   size_t piece_bytes)
{
	while (bytes.size > 0) {
		http_scene_give_piece(scene, side, slice_first(bytes, piece_bytes));
		bytes = slice_from(bytes, slice_first(bytes, piece_bytes).size);
	}
}

// `missing_bytes` of a side never come.
static inline void http_scene_lose(struct http_scene *scene, unsigned side, uint64_t missing_bytes)
{
	struct extract_progress progress;
	uint64_t skipped = missing_bytes < scene->skip_bytes[side] ? missing_bytes
	                                                           : scene->skip_bytes[side];

	scene->skip_bytes[side] -= skipped;
	if (skipped == missing_bytes)
		return;
	scene->pending_bytes[side] = 0;
	progress = extract_http.gap(&scene->states[side], missing_bytes - skipped,
	                            &scene->recorder.output);
	scene->skip_bytes[side] = progress.skip_bytes;
	scene->verdicts[side] = progress.verdict == EXTRACT_RESTART ? EXTRACT_MORE
	                                                            : progress.verdict;
}
