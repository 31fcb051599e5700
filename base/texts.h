/*
 * Texts that many objects share: one copy of each, counted. For strings of which thousands are
 * equal, such as the image names and digests of pulls.
 */
#ifndef DROP_BASE_TEXTS_H
#define DROP_BASE_TEXTS_H

#include "base/map.h"

struct texts { /* zeroed: empty */
	struct map map;
};

/* The copy of s, one holder more; NULL in, NULL out. It lives until each holder dropped it. */
const char *text_hold(struct texts *t, const char *s);
/* One holder less. s is what text_hold() returned, or NULL. */
void text_drop(struct texts *t, const char *s);
/* Each text must have been dropped. */
void texts_done(struct texts *t);

#endif
