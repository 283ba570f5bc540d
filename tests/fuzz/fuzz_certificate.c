// Whatever comes in: nothing crashes; what is told is text. The bytes are taken for a
// certificate, and for the parts of a name.
#include "tests/fuzz/fuzz.h"

#include "base/utf8.h"
#include "dataplane/certificate.h"
#include "dataplane/certificate_name.h"
#include "tests/fuzz/fuzz_extract.h"

static void check_text(struct extract_output *output, enum observable_where where,
                       struct slice text)
{
	(void)output;
	FUZZ_ASSERT(where == WHERE_CERTIFICATE_SUBJECT || where == WHERE_CERTIFICATE_ISSUER);
	FUZZ_ASSERT(text.size > 0 && text.size <= CERTIFICATE_NAME_BYTES_MAX);
	FUZZ_ASSERT(utf8_is_valid(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_told told = {0};
	char text[CERTIFICATE_NAME_BYTES_MAX];
	int written = certificate_name_write(slice_of(data, size), text);

	FUZZ_ASSERT(written <= CERTIFICATE_NAME_BYTES_MAX);
	FUZZ_ASSERT(written <= 0 || utf8_is_valid(slice_of(text, (size_t)written)));
	fuzz_told_clear(&told);
	certificate_tell(slice_of(data, size), &told.output);
	told.output.tell = check_text;
	certificate_tell(slice_of(data, size), &told.output);
	return 0;
}
