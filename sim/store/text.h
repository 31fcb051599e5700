/* Text that many may hold: the JSON of an object's version, or the strings of its key. */
#ifndef DROP_SIM_STORE_TEXT_H
#define DROP_SIM_STORE_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text { /* immutable, counted */
	uint32_t refs;
	uint32_t len;
	char json[]; /* NUL-terminated, compact */
};
struct text *text_ref(struct text *t);
void text_unref(struct text *t);
/* Never NULL; len bytes, which have no NUL at their end. */
struct text *text_new(const char *json, size_t len);
/* The same text with another resourceVersion; the first one in it is the metadata's. */
struct text *text_with_rv(const struct text *t, uint64_t rv);

#endif
