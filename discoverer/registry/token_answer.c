/*
 * See token_answer.h. Its bytes are wiped with the answer: what is read on the way stays inside of
 * the struct.
 */
#include "discoverer/registry/token_answer.h"

#include <stdlib.h>
#include <string.h>

/* A token without a life time lives as long as the distribution spec says. */
#define EXPIRES_MAX 86400

static bool printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f)
			return false;
	return len > 0;
}

/* "token" wins, wherever it stands. */
static void take_token(struct token_answer *t, const struct sax *s, bool named_token)
{
	if ((t->named_token && !named_token) || s->total == 0)
		return;
	t->named_token = named_token;
	t->too_long = s->total > TOKEN_MAX;
	t->token[0] = '\0';
	if (t->too_long || !printable(t->text, s->total))
		return;
	memcpy(t->token, t->text, s->total);
	t->token[s->total] = '\0';
}

static int on_event(void *ctx, const struct sax *s, enum sax_event event, struct err *err)
{
	struct token_answer *t = ctx;
	if (s->depth == 0 && event != SAX_OBJECT && event != SAX_OBJECT_END)
		return err_set(err, ERR_TERMINAL, "not a token: it is no object");
	if (s->depth != 1)
		return 0;
	if (event == SAX_STRING && (sax_at(s, "token") || sax_at(s, "access_token"))) {
		take_token(t, s, sax_at(s, "token"));
	} else if (event == SAX_NUMBER && sax_at(s, "expires_in")) {
		double seconds = strtod(s->text, NULL);
		t->expires_s = seconds > EXPIRES_MAX ? EXPIRES_MAX
			       : seconds > 0         ? (int64_t)seconds
						     : 0;
	}
	return 0;
}

int token_answer_feed(struct token_answer *t, const char *bytes, size_t n, struct err *err)
{
	t->sax.whole = t->text;
	t->sax.whole_max = sizeof(t->text);
	return sax_feed(&t->sax, bytes, n, on_event, t, err);
}

const char *token_answer_end(struct token_answer *t, struct err *err)
{
	if (sax_end(&t->sax, on_event, t, err) < 0)
		return NULL;
	if (t->token[0] != '\0')
		return t->token;
	if (t->too_long)
		err_set(err, ERR_TERMINAL, "its token is longer than %d bytes", TOKEN_MAX);
	else
		err_set(err, ERR_TERMINAL, "it answers without a usable token");
	return NULL;
}

void token_answer_done(struct token_answer *t)
{
	explicit_bzero(t, sizeof(*t));
}
