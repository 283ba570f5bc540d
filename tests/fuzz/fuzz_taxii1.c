// Messages of a TAXII 1.1 server: blocks of text come out as they went in, or not at all.
#include "loader/taxii1_message.h"
#include "tests/fuzz/fuzz_xml.h"

static int take_text(void *context, int file, struct slice binding)
{
	uint64_t *count = context;

	(void)binding;
	FUZZ_ASSERT(lseek(file, 0, SEEK_END) > 0);
	(*count)++;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t count = 0;
	const struct taxii1_visitor visitor = {.text = take_text, .context = &count};
	struct taxii1_message message;
	struct report report = {0};
	int file = fuzz_xml_file(data, size);

	if (taxii1_message_read(file, &visitor, &report, &message) == 0) {
		FUZZ_ASSERT(message.text_count == count);
		taxii1_message_close(&message);
	}
	report_clear(&report);
	close(file);
	return 0;
}
