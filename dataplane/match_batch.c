#include "dataplane/match_batch.h"

#include <string.h>

#include "base/cpu.h"

static void add_from_extractor(struct extract_output *output, const struct observable *observable)
{
	match_batch_add((struct match_batch *)output, observable);
}

// Apart, so that match_batch_add() has no frame for an origin.
__attribute__((noinline)) static void observe(struct match_batch *batch,
                                              const struct observable *observable)
{
	struct origin origin;

	emit_origin(batch->packet, batch->capture_id, &origin);
	batch->observe(batch->observe_context, &origin, observable);
}

static void tell_from_extractor(struct extract_output *output, enum observable_where where,
                                struct slice text)
{
	const struct observable observable = {
		.type = OBSERVABLE_TEXT,
		.where = where,
		.text = text,
	};

	observe((struct match_batch *)output, &observable);
}

// A file's hashes, as far as they are asked for.
static void match_file(struct match_batch *batch, const struct file_seen *file)
{
	for (unsigned i = 0; i < HASH_ALGORITHM_COUNT; i++) {
		const struct observable observable = {
			.type = OBSERVABLE_HASH,
			.where = file->where,
			.algorithm = (enum hash_algorithm)i,
			.text = slice_of(file->digests[i], hash_algorithm_bytes[i]),
		};

		if (file->algorithms & 1u << i)
			match_batch_add(batch, &observable);
	}
}

static void add_file_from_extractor(struct extract_output *output, const struct file_seen *file)
{
	struct match_batch *batch = (struct match_batch *)output;
	struct origin origin;

	if (batch->context != NULL) {
		match_file(batch, file);
		return;
	}
	if (batch->observe_file == NULL)
		return;
	emit_origin(batch->packet, batch->capture_id, &origin);
	batch->observe_file(batch->observe_context, &origin, file);
}

void match_batch_init(struct match_batch *batch)
{
	batch->output.add = add_from_extractor;
	batch->output.add_file = add_file_from_extractor;
	batch->output.tell = batch->observe != NULL ? tell_from_extractor : NULL;
	batch->output.messages_malformed = 0;
	batch->count = 0;
	batch->text_bytes = 0;
	memset(batch->observable_count, 0, sizeof(batch->observable_count));
}

// Where the observable at `index` stood, which is told only of hits.
static void keep_origin(struct match_batch *batch, unsigned index)
{
	const struct packet *packet = batch->packet;
	bool stays = (uintptr_t)packet - (uintptr_t)batch->packets < batch->packets_bytes;

	batch->positions[index] = batch->position;
	batch->observed_in[index] = stays ? packet : NULL;
	if (unlikely(!stays))
		emit_origin(packet, batch->capture_id, &batch->origins[index]);
}

void match_batch_add(struct match_batch *batch, const struct observable *observable)
{
	const struct slice text = slice_first(observable->text, URL_BYTES_MAX);
	uint8_t *copy;

	batch->observable_count[observable->type]++;
	if (unlikely(batch->context == NULL)) {
		observe(batch, observable);
		return;
	}
	if (unlikely(batch->count == MATCH_BATCH_MAX ||
	             MATCH_TEXT_BYTES - batch->text_bytes < text.size))
		match_batch_run(batch);
	copy = batch->text + batch->text_bytes;
	batch->observables[batch->count] = *observable;
	batch->observables[batch->count].text = slice_of(copy, text.size);
	if (text.size > 0)
		memcpy(copy, text.data, text.size);
	batch->text_bytes += text.size;
	keep_origin(batch, batch->count++);
}

static void emit_match(struct match_batch *batch, const struct match *match)
{
	const struct observable *observable = &batch->observables[match->observable];
	struct hit hit;

	memset(&hit, 0, sizeof(hit));
	if (batch->observed_in[match->observable] != NULL)
		emit_origin(batch->observed_in[match->observable], batch->capture_id, &hit.origin);
	else
		hit.origin = batch->origins[match->observable];
	hit.observable.type = observable->type;
	hit.observable.where = observable->where;
	hit.observable.address = observable->address;
	hit.observable.port = observable->port;
	hit.observable.protocol = observable->protocol;
	hit.observable.algorithm = observable->algorithm;
	hit.observable.text = observable->text;
	hit.indicator_id = match->indicator_id;
	hit.kind = match->kind;
	hit.action = match->action;
	hit.is_vetoed = match->is_vetoed;
	if (batch->judge != NULL)
		hit.outcome = batch->judge(batch->judge_context, match, observable,
		                           batch->positions[match->observable]);
	emit_hit(batch->emitter, &hit);
}

void match_batch_run(struct match_batch *batch)
{
	const struct match *matches;
	unsigned count;

	if (batch->count == 0)
		return;
	count = match_find(batch->context, batch->observables, batch->count, &matches);
	for (unsigned i = 0; i < count; i++)
		emit_match(batch, &matches[i]);
	batch->count = 0;
	batch->text_bytes = 0;
}
