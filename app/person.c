#include "app/person.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void person_name(char ret_name[PERSON_NAME_BYTES])
{
	const struct passwd *account = getpwuid(getuid());
	const char *caller = getenv("SUDO_USER");

	if (account == NULL)
		(void)snprintf(ret_name, PERSON_NAME_BYTES, "uid %u", (unsigned)getuid());
	else if (getuid() == 0 && caller != NULL && caller[0] != '\0')
		(void)snprintf(ret_name, PERSON_NAME_BYTES, "%.40s (as %.12s)", caller,
		               account->pw_name);
	else
		(void)snprintf(ret_name, PERSON_NAME_BYTES, "%.60s", account->pw_name);
}
