/*
 * What a registry's token server answers, as it arrives (behaviour.md 28). It holds a secret:
 * its owner calls token_answer_done(). Pure.
 */
#ifndef DROP_DISCOVERER_REGISTRY_TOKEN_ANSWER_H
#define DROP_DISCOVERER_REGISTRY_TOKEN_ANSWER_H

#include "discoverer/json/jsonsax.h"

/* Bytes of a token (Azure's are over 6,000). */
#define TOKEN_MAX (64 * 1024)

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
