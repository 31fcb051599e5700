/*
 * Enum <-> name, from one table indexed by the enum: the table is the only place
 * that spells a name.
 */
#ifndef DROP_BASE_NAMES_H
#define DROP_BASE_NAMES_H

#include <stddef.h>

struct names {
	const char *const *at; /* indexed by the enum; NULL entries are unnamed */
	size_t n;
};

#define NAMES(table) ((struct names){(table), sizeof(table) / sizeof((table)[0])})

/* "?" for a value without a name. */
const char *name_of(struct names names, size_t value);
/* The value, or -1. */
int name_find(struct names names, const char *name);

#endif
