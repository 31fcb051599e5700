/*
 * A registry's answer as it arrives: the tags of a page (OCI distribution, tags/list; behaviour.md
 * 28). Pure.
 */
#ifndef DROP_DISCOVERER_LIST_ANSWER_H
#define DROP_DISCOVERER_LIST_ANSWER_H

#include "discoverer/json/jsonsax.h"

/* Bytes of a tag (OCI distribution). */
#define TAG_MAX 128

struct tags_answer { /* zeroed but for tag and ctx: ready */
	struct sax sax;
	/* Called for each in order; what is longer than TAG_MAX or not printable is counted. */
	void (*tag)(void *ctx, const char *tag);
	void *ctx;
	bool has_tags; /* a list, also an empty one or null, was there */
	size_t unusable;
};

int tags_answer_feed(struct tags_answer *t, const char *bytes, size_t n, struct err *err);
int tags_answer_end(struct tags_answer *t, struct err *err);

#endif
