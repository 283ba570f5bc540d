// Whatever comes in: nothing crashes, every name fits and stays below the message's size times a
// constant, and a stream gives the same in one piece and byte by byte.
#include "tests/fuzz/fuzz.h"

#include "tests/fuzz/fuzz_extract.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_told told;
	struct slice bytes = slice_of(data, size);

	fuzz_told_clear(&told);
	extract_dns_message(bytes, &told.output);
	// Names expand to eight times the message at most; each told may be escaped.
	FUZZ_ASSERT(told.text_bytes <= 4 * (8 * size + 4096));
	fuzz_stream(&extract_dns_stream, bytes, 53);
	return 0;
}
