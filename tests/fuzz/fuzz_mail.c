// Whatever comes in as mail or as an archive (the first byte says): it is read to its end, whatever
// lies in it.
#include "tests/fuzz/fuzz_feed.h"

static const enum feed_format formats[] = {FEED_MAIL, FEED_ZIP, FEED_AUTO};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed_options options = {0};
	struct feed_summary summary = {0};

	if (size == 0)
		return 0;
	options.format = formats[data[0] % (sizeof(formats) / sizeof(formats[0]))];
	fuzz_feed_read(data + 1, size - 1, &options, &summary);
	report_clear(&summary.report);
	return 0;
}
