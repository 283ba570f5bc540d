// Whatever comes in: nothing crashes, and a stream gives the same in one piece and in any others.
#include "tests/fuzz/fuzz.h"

#include "tests/fuzz/fuzz_extract.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_stream(&extract_proxy, slice_of(data, size), 12345);
	fuzz_stream(&extract_http, slice_of(data, size), 12345);
	return 0;
}
