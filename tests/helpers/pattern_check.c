// Reads STIX patterns from standard input, each ended by a NUL, and prints one line for each:
// "valid", or "invalid" with the reason. tests/oracle/test_pattern_cases.py compares that with
// the OASIS validator.
#include <stdio.h>
#include <stdlib.h>

#include "loader/pattern.h"

int main(void)
{
	struct arena arena = {0};
	char *text = NULL;
	size_t capacity = 0;
	ssize_t size;

	while ((size = getdelim(&text, &capacity, '\0', stdin)) > 0) {
		struct slice pattern = slice_of(text, (size_t)size - (text[size - 1] == '\0'));
		struct pattern_node *root;
		struct pattern_error error;

		if (pattern_parse(pattern, &arena, &root, &error) == 0)
			puts("valid");
		else
			printf("invalid %s at byte %zu\n", error.message, error.offset + 1);
		arena_reset(&arena);
	}
	arena_close(&arena);
	free(text);
	return ferror(stdin) ? EXIT_FAILURE : EXIT_SUCCESS;
}
