#include <stdio.h>

int main(void)
{
	(void)puts("sekisho " SEKISHO_VERSION);
	return 0;
}
