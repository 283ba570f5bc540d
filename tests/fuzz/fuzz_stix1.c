// STIX 1.x packages.
#include "tests/fuzz/fuzz_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_xml_run(&read_stix1, data, size);
	return 0;
}
