/* See list_answer.h. */
#include "discoverer/list_answer.h"

#include <string.h>

static bool printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f)
			return false;
	return len > 0;
}

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
