// Whatever comes in: nothing crashes, every name fits and stays below the message's size times a
// constant, what is DNS on any port is so on its own, and a stream gives the same in one piece and
// byte by byte.
#include "tests/fuzz/fuzz.h"

#include "dataplane/dns_probe.h"
#include "tests/fuzz/fuzz_extract.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_told told;
	struct slice bytes = slice_of(data, size);
	bool is_message;

	told.is_observing = size % 2 == 1;
	fuzz_told_clear(&told);
	is_message = extract_dns_message(bytes, &told.output);
	// Names expand to eight times the message at most; each told may be escaped.
	FUZZ_ASSERT(told.text_bytes <= 4 * (8 * size + 4096));
	FUZZ_ASSERT(is_message || (told.text_bytes == 0 && !dns_probe_message(bytes)));
	fuzz_stream(&extract_dns_stream, bytes, 53);
	fuzz_stream(&extract_dns_stream, bytes, 5300);
	return 0;
}
