// Whatever comes in as a report, names that are not defanged wanted or not (the first byte says):
// tokens go forward within their line, and each value is taken, a duplicate, or told.
#include "tests/fuzz/fuzz_feed.h"

#include "loader/prose_token.h"

static void check_tokens(struct slice line)
{
	struct prose_token token;
	size_t offset = 0;
	size_t last = 0;

	while (prose_token_next(line, &offset, &token)) {
		FUZZ_ASSERT(offset > last && offset <= line.size);
		FUZZ_ASSERT(token.text.size > 0);
		FUZZ_ASSERT(token.text.data >= line.data + token.before.size);
		FUZZ_ASSERT(token.text.data + token.text.size <= line.data + offset);
		last = offset;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed_options options = {.format = FEED_PROSE};
	struct feed_summary summary = {0};

	if (size == 0)
		return 0;
	options.has_plain_names = (data[0] & 1) != 0;
	check_tokens(slice_of(data + 1, size - 1));
	fuzz_feed_read(data + 1, size - 1, &options, &summary);
	FUZZ_ASSERT(summary.indicators == fuzz_feed_values(&summary));
	FUZZ_ASSERT(summary.indicators + summary.duplicates <= summary.objects);
	FUZZ_ASSERT(summary.objects <=
	            summary.indicators + summary.duplicates + summary.report.count);
	report_clear(&summary.report);
	return 0;
}
