/*
 * The first names by alphabet of a list, so that a message is the same whatever the order in which
 * they were found.
 */
#include <string.h>

#include "reconciler/sets/sets_model.h"

void names_first(const char **first, size_t *n, size_t max, const char *name)
{
	size_t at = *n < max ? (*n)++ : max;
	if (at == max && strcmp(name, first[--at]) >= 0)
		return;
	while (at > 0 && strcmp(name, first[at - 1]) < 0) {
		first[at] = first[at - 1];
		at--;
	}
	first[at] = name;
}

const char *names_text(const char *const *first, size_t n, size_t all, struct arena *a)
{
	const char *text = n != 0 ? first[0] : "";
	for (size_t i = 1; i < n; i++)
		text = arena_printf(a, "%s, %s", text, first[i]);
	return all > n ? arena_printf(a, "%s, ...", text) : text;
}
