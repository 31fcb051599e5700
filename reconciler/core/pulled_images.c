/* See pulled_images.h. */
#include "reconciler/core/pulled_images.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static const char *text(const char *s)
{
	return s != NULL ? s : "";
}

/* No two of them have the same: texts may contain anything, so their lengths come first. */
static char *key_of(struct core *c, const char *name, const char *uid, const char *reference)
{
	return arena_printf(&c->scratch, "%zu %zu %c%c %s%s%s", strlen(name), strlen(text(uid)),
			    uid != NULL ? 'u' : '-', reference != NULL ? 'r' : '-', name, text(uid),
			    text(reference));
}

const struct pulled_image *pulled_image_hold(struct core *c, const char *name, const char *uid,
					     const char *reference)
{
	const char *key = key_of(c, name, uid, reference);
	struct pulled_image *of = map_get(&c->pulled_images, key);
	if (of == NULL) {
		size_t size = strlen(key) + 1;
		of = xmalloc(sizeof(*of) + size);
		of->name = text_hold(&c->texts, name);
		of->uid = text_hold(&c->texts, uid);
		of->reference = text_hold(&c->texts, reference);
		of->holders = 0;
		memcpy(of->key, key, size);
		map_put(&c->pulled_images, of->key, of);
	}
	of->holders++;
	return of;
}

void pulled_image_drop(struct core *c, const struct pulled_image *of)
{
	struct pulled_image *own = of != NULL ? map_get(&c->pulled_images, of->key) : NULL;
	if (own == NULL || --own->holders != 0)
		return;
	map_del(&c->pulled_images, own->key);
	text_drop(&c->texts, own->name);
	text_drop(&c->texts, own->uid);
	text_drop(&c->texts, own->reference);
	free(own);
}
