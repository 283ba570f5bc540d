// Whatever comes in: nothing crashes, a stream gives the same in one piece and in any others, and
// `match` looks up what `observe` tells.
#include "tests/fuzz/fuzz.h"

#include "tests/fuzz/fuzz_extract.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_stream(&extract_tls, slice_of(data, size), 12345);
	fuzz_stream_observed(&extract_tls, slice_of(data, size), 12345);
	return 0;
}
