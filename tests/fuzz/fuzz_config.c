// A configuration: read, or refused with a report; and with one more source in it.
#include <errno.h>

#include "base/buffer.h"
#include "loader/config.h"
#include "loader/config_insert.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct config_pair pairs[] = {
		{"name", "\xc3\xa4 new one"}, {"kind", "file"}, {"address", "/x"}};
	AUTO(config) config = NULL;
	AUTO(config) longer = NULL;
	struct report report = {0};
	struct buffer text = {0};
	int error = config_read_text(slice_of(data, size), "/etc/x.yaml", &report, &config);

	// No mistake that nobody is told of.
	FUZZ_ASSERT(error == 0 || error == -ENOMEM || report.count > 0);
	report_clear(&report);
	// What is inserted and read is one source more, never another one or fewer.
	if (config != NULL && config_source(config, pairs[0].value) == NULL &&
	    config_insert_source(slice_of(data, size), pairs, 3, &text) == 0 &&
	    config_read_text(buffer_slice(&text), "/etc/x.yaml", &report, &longer) == 0 &&
	    config_source(longer, pairs[0].value) != NULL)
		FUZZ_ASSERT(longer->source_count == config->source_count + 1);
	report_clear(&report);
	buffer_close(&text);
	return 0;
}
