/* Looks names up both ways in a table that its owner declares. */
#include "base/names.h"

#include <string.h>

const char *name_of(struct names names, size_t value)
{
	return value < names.n && names.at[value] != NULL ? names.at[value] : "?";
}

int name_find(struct names names, const char *name)
{
	for (size_t i = 0; name != NULL && i < names.n; i++)
		if (names.at[i] != NULL && strcmp(names.at[i], name) == 0)
			return (int)i;
	return -1;
}
