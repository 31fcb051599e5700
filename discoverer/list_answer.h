/*
 * The answers of a registry and of its token server as they arrive: the tags of a page
 * (OCI distribution, tags/list) and a token (behaviour.md 28). Pure.
 */
#ifndef DROP_DISCOVERER_LIST_ANSWER_H
#define DROP_DISCOVERER_LIST_ANSWER_H

#include "discoverer/jsonsax.h"

/* Bytes of a tag (OCI distribution: 128) and of a token (Azure's are over 6,000). */
#define TAG_MAX   128
#define TOKEN_MAX (64 * 1024)

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

struct token_answer { /* zeroed: ready; holds a secret, token_answer_done() wipes it */
	struct sax sax;
	char token[TOKEN_MAX + 1]; /* of "token", else of "access_token" */
	char text[TOKEN_MAX];      /* a string that is being read */
	bool named_token;          /* it is of "token" */
	int64_t expires_s;         /* 0: not said */
	bool too_long;
};

int token_answer_feed(struct token_answer *t, const char *bytes, size_t n, struct err *err);
/* The token, borrowed; NULL: there is none that can be used. */
const char *token_answer_end(struct token_answer *t, struct err *err);
void token_answer_done(struct token_answer *t);

#endif
