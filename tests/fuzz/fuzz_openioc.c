// OpenIOC documents.
#include "tests/fuzz/fuzz_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_xml_run(&read_openioc, data, size);
	return 0;
}
