/* A map from text to its entry, which contains the text. */
#include "base/texts.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

struct text {
	size_t holders;
	char bytes[];
};

const char *text_hold(struct texts *t, const char *s)
{
	if (s == NULL)
		return NULL;
	struct text *e = map_get(&t->map, s);
	if (e == NULL) {
		size_t size = strlen(s) + 1;
		e = xmalloc(sizeof(*e) + size);
		e->holders = 0;
		memcpy(e->bytes, s, size);
		map_put(&t->map, e->bytes, e);
	}
	e->holders++;
	return e->bytes;
}

void text_drop(struct texts *t, const char *s)
{
	if (s == NULL)
		return;
	struct text *e = map_get(&t->map, s);
	if (--e->holders != 0)
		return;
	map_del(&t->map, s);
	free(e);
}

void texts_done(struct texts *t)
{
	map_done(&t->map);
}
