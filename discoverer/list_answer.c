/* See list_answer.h. */
#include "discoverer/list_answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* A token without a life time lives as long as the distribution spec says. */
#define EXPIRES_MAX 86400

static bool printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f)
			return false;
	return len > 0;
}

/* ---- tags ---- */

static int on_tags(void *ctx, const struct sax *s, enum sax_event event, struct err *err)
{
	struct tags_answer *t = ctx;
	if (s->depth == 0 && event != SAX_OBJECT && event != SAX_OBJECT_END)
		return err_set(err, ERR_TERMINAL, "not a list of tags: it is no object");
	if (s->depth == 1 && sax_at(s, "tags") && event != SAX_ARRAY_END) {
		/* null is what Go's registries write for none. */
		bool none = event == SAX_LITERAL && strcmp(s->text, "null") == 0;
		if (event != SAX_ARRAY && !none)
			return err_set(err, ERR_TERMINAL, "not a list of tags: tags is no list");
		t->has_tags = true;
	}
	if (s->depth != 2 || !sax_at(s, "tags.*"))
		return 0;
	if (event != SAX_STRING)
		return err_set(err, ERR_TERMINAL, "not a list of tags: a tag is no text");
	if (s->cut || s->len > TAG_MAX || !printable(s->text, s->len))
		t->unusable++;
	else
		t->tag(t->ctx, s->text);
	return 0;
}

int tags_answer_feed(struct tags_answer *t, const char *bytes, size_t n, struct err *err)
{
	return sax_feed(&t->sax, bytes, n, on_tags, t, err);
}

int tags_answer_end(struct tags_answer *t, struct err *err)
{
	if (sax_end(&t->sax, on_tags, t, err) < 0)
		return -1;
	if (!t->has_tags)
		return err_set(err, ERR_TERMINAL, "not a list of tags: it has no tags");
	return 0;
}

/* ---- tokens ---- */

static int on_token(void *ctx, const struct sax *s, enum sax_event event, struct err *err)
{
	struct token_answer *t = ctx;
	if (s->depth == 0 && event != SAX_OBJECT && event != SAX_OBJECT_END)
		return err_set(err, ERR_TERMINAL, "not a token: it is no object");
	if (s->depth != 1)
		return 0;
	if (event == SAX_STRING && (sax_at(s, "token") || sax_at(s, "access_token"))) {
		t->too_long |= s->cut || s->len > TOKEN_MAX;
		char *into = sax_at(s, "token") ? t->token : t->access_token;
		size_t n = s->len < TOKEN_MAX ? s->len : TOKEN_MAX;
		memcpy(into, s->text, n);
		into[n] = '\0';
		if (!printable(into, n))
			into[0] = '\0';
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
	return sax_feed(&t->sax, bytes, n, on_token, t, err);
}

const char *token_answer_end(struct token_answer *t, struct err *err)
{
	if (sax_end(&t->sax, on_token, t, err) < 0)
		return NULL;
	const char *token = t->token[0] != '\0' ? t->token : t->access_token;
	if (!t->too_long && token[0] != '\0')
		return token;
	err_set(err, ERR_TERMINAL, "the token server answers without a usable token");
	return NULL;
}

void token_answer_done(struct token_answer *t)
{
	explicit_bzero(t, sizeof(*t));
}

/* ---- errors ---- */

static int on_error(void *ctx, const struct sax *s, enum sax_event event, struct err *err)
{
	struct registry_error *e = ctx;
	(void)err;
	if (event != SAX_STRING || s->depth != 3 || s->level[2].index != 1)
		return 0;
	char *into = sax_at(s, "errors.*.code")      ? e->code
		     : sax_at(s, "errors.*.message") ? e->message
						     : NULL;
	if (into == NULL)
		return 0;
	size_t n = utf8_cut(s->text, (into == e->code ? sizeof(e->code) : sizeof(e->message)) - 1);
	memcpy(into, s->text, n);
	into[n] = '\0';
	return 0;
}

void registry_error_read(struct registry_error *e, const char *body, size_t len)
{
	struct err ignored;
	*e = (struct registry_error){0};
	(void)sax_feed(&e->sax, body, len, on_error, e, &ignored);
}
