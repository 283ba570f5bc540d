// A section of kept objects may hold anything: no look-up reads beyond it.
#include "tests/fuzz/fuzz.h"

#include "engine/object_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct object_store store;
	struct buffer json = {0};

	if (object_store_open(slice_of(data, size), &store) < 0)
		return 0;
	for (uint32_t i = 1; i < 4; i++)
		(void)object_store_find_indicator(&store, i, &json);
	(void)object_store_find(&store, slice_text("identity--1"), &json);
	buffer_close(&json);
	return 0;
}
