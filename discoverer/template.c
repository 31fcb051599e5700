/* See template.h. */
#include "discoverer/template.h"

#include <string.h>

static const char *const fields[] = {
	[TEMPLATE_REGISTRY] = ".Registry",
	[TEMPLATE_REPOSITORY] = ".Repository",
	[TEMPLATE_TAG] = ".Tag",
};

#define BLANKS " \t\r\n"

static bool blank(char c)
{
	return c != '\0' && strchr(BLANKS, c) != NULL;
}

static int add(struct template *t, enum template_field field, const char *text, size_t len,
	       struct err *err)
{
	if (field == TEMPLATE_TEXT && len == 0)
		return 0;
	if (t->n == TEMPLATE_PARTS_MAX)
		return err_set(err, ERR_TERMINAL, "more than %d parts", TEMPLATE_PARTS_MAX);
	t->parts[t->n++] = (struct template_part){field, text, len};
	return 0;
}

/* [p, end) is what stands between the braces, without markers and blanks. */
static int add_field(struct template *t, const char *p, const char *end, struct err *err)
{
	for (size_t i = TEMPLATE_REGISTRY; i <= TEMPLATE_TAG; i++)
		if (strlen(fields[i]) == (size_t)(end - p) &&
		    memcmp(fields[i], p, (size_t)(end - p)) == 0)
			return add(t, (enum template_field)i, NULL, 0, err);
	int shown = end - p < 40 ? (int)(end - p) : 40;
	return err_set(err, ERR_TERMINAL,
		       "{{%.*s}} is unknown: use {{.Registry}}, {{.Repository}} and {{.Tag}}",
		       shown, p);
}

int template_parse(const char *source, struct template *ret, struct err *err)
{
	struct template t = {.n = 0};
	const char *p = source;
	for (;;) {
		const char *open = strstr(p, "{{"), *text_end = open ? open : p + strlen(p);
		bool trim = open != NULL && open[2] == '-' && blank(open[3]);
		while (trim && text_end > p && blank(text_end[-1]))
			text_end--;
		if (add(&t, TEMPLATE_TEXT, p, (size_t)(text_end - p), err) < 0)
			return -1;
		if (open == NULL)
			break;
		const char *from = open + (trim ? 3 : 2), *close = strstr(from, "}}");
		if (close == NULL)
			return err_set(err, ERR_TERMINAL, "{{ without }}");
		const char *to = close;
		bool trim_after = to - from >= 2 && to[-1] == '-' && blank(to[-2]);
		to -= trim_after;
		while (from < to && blank(*from))
			from++;
		while (to > from && blank(to[-1]))
			to--;
		if (add_field(&t, from, to, err) < 0)
			return -1;
		p = close + 2;
		while (trim_after && blank(*p))
			p++;
	}
	*ret = t;
	return 0;
}

bool template_has(const struct template *t, enum template_field field)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->parts[i].field == field)
			return true;
	return false;
}

void template_render(const struct template *t, const char *registry, const char *repository,
		     const char *tag, struct buf *out)
{
	const char *const values[] = {[TEMPLATE_REGISTRY] = registry,
				      [TEMPLATE_REPOSITORY] = repository,
				      [TEMPLATE_TAG] = tag};
	for (size_t i = 0; i < t->n; i++) {
		const struct template_part *part = &t->parts[i];
		if (part->field == TEMPLATE_TEXT)
			buf_add(out, part->text, part->len);
		else
			buf_adds(out, values[part->field]);
	}
}
