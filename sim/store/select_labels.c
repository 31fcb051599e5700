/*
 * The grammar of label selectors, with the refusals of apimachinery's parser: `a=b`, `a==b`,
 * `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`, `a>1`, `a<1`, commas between them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/objects/api_error.h"
#include "api/label_syntax.h"
#include "sim/store/select_parts.h"

enum token {
	T_END,
	T_WORD,
	T_COMMA,
	T_OPEN,
	T_CLOSE,
	T_NOT,
	T_EQUALS,
	T_DOUBLE_EQUALS,
	T_NOT_EQUALS,
	T_GT,
	T_LT,
};

struct lexer {
	const char *p;    /* behind the token */
	enum token token; /* the one that is looked at */
	char *text;       /* of it; lives in the arena */
	struct arena *a;
	struct api_error *e;
};

#define SPECIAL "=!(),<>"
#define BLANK   " \t\r\n"

static const struct {
	const char *text;
	enum token token;
} symbols[] = {
	/* Longest first. */
	{"==", T_DOUBLE_EQUALS}, {"!=", T_NOT_EQUALS}, {"=", T_EQUALS}, {"!", T_NOT}, {"(", T_OPEN},
	{")", T_CLOSE},          {",", T_COMMA},       {">", T_GT},     {"<", T_LT},
};

static void next(struct lexer *l)
{
	l->p += strspn(l->p, BLANK);
	if (*l->p == '\0') {
		l->token = T_END;
		l->text = arena_strdup(l->a, "");
		return;
	}
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		size_t n = strlen(symbols[i].text);
		if (strncmp(l->p, symbols[i].text, n) != 0)
			continue;
		l->token = symbols[i].token;
		l->text = arena_strndup(l->a, l->p, n);
		l->p += n;
		return;
	}
	size_t n = strcspn(l->p, SPECIAL BLANK);
	l->token = T_WORD;
	l->text = arena_strndup(l->a, l->p, n);
	l->p += n;
}

static int refuse(struct lexer *l, bool in_requirement, const char *expected)
{
	return api_error_bad(l->e, "%sfound '%.200s'%s",
			     in_requirement ? "unable to parse requirement: " : "", l->text,
			     expected);
}

static int refuse_value(struct lexer *l, const char *at, const char *key, const char *value,
			const char *why)
{
	return api_error_bad(
		l->e, "unable to parse requirement: %s%s%s%s: Invalid value: \"%.300s\": %s", at,
		key != NULL ? "[" : "", key != NULL ? key : "", key != NULL ? "]" : "", value, why);
}

static int check_key(struct lexer *l, const char *key)
{
	struct wrongs w = wrong_qualified_name(key);
	if (w.n == 0)
		return 0;
	const char *why = w.at[0];
	for (size_t i = 1; i < w.n; i++)
		why = arena_printf(l->a, "%s; %s", why, w.at[i]);
	return refuse_value(l, "<nil>", NULL, key, why);
}

static int check_values(struct lexer *l, const struct label_term *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct wrongs w = wrong_label_value(t->values[i]);
		const char *at = arena_printf(l->a, "values[%zu]", i);
		if (w.n != 0)
			return refuse_value(l, at, t->key, t->values[i], w.at[0]);
	}
	return 0;
}

static void add_value(struct lexer *l, struct label_term *t, const char *value)
{
	const char **grown = arena_array(l->a, t->n + 1, sizeof(*grown));
	if (t->n != 0)
		memcpy(grown, t->values, t->n * sizeof(*grown));
	grown[t->n] = value;
	t->values = grown;
	t->n++;
}

/* What stands between the parentheses; at the closing one afterwards. */
static int parse_list(struct lexer *l, struct label_term *t)
{
	for (;;) {
		if (l->token == T_WORD) {
			add_value(l, t, l->text);
			next(l);
			if (l->token == T_CLOSE)
				return 0;
			if (l->token != T_COMMA)
				return refuse(l, true, ", expected: ',' or ')'");
		} else if (l->token == T_COMMA) {
			if (t->n == 0)
				add_value(l, t, "");
			next(l);
			if (l->token == T_CLOSE) {
				add_value(l, t, "");
				return 0;
			}
			if (l->token == T_COMMA) {
				next(l);
				add_value(l, t, "");
			}
		} else {
			return refuse(l, true, ", expected: ',', or identifier");
		}
	}
}

static int parse_set(struct lexer *l, struct label_term *t)
{
	if (l->token != T_OPEN)
		return refuse(l, true, " expected: '('");
	next(l);
	if (l->token == T_CLOSE)
		add_value(l, t, "");
	else if (l->token != T_WORD && l->token != T_COMMA)
		return refuse(l, true, ", expected: ',', ')' or identifier");
	else if (parse_list(l, t) != 0)
		return -1;
	next(l);
	return 0;
}

static int parse_exact(struct lexer *l, struct label_term *t)
{
	if (l->token == T_END || l->token == T_COMMA) {
		add_value(l, t, "");
		return 0;
	}
	if (l->token != T_WORD)
		return refuse(l, true, ", expected: identifier");
	add_value(l, t, l->text);
	next(l);
	return 0;
}

static int parse_number(struct lexer *l, struct label_term *t)
{
	char *end;
	if (parse_exact(l, t) != 0)
		return -1;
	errno = 0;
	t->number = strtoll(t->values[0], &end, 10);
	if (errno != 0 || *end != '\0' || end == t->values[0])
		return refuse_value(l, "values[0]", NULL, t->values[0],
				    "for 'Gt', 'Lt' operators, the value must be an integer");
	return 0;
}

static int parse_operator(struct lexer *l, struct label_term *t)
{
	enum token token = l->token;
	bool in = token == T_WORD && strcmp(l->text, "in") == 0;
	bool notin = token == T_WORD && strcmp(l->text, "notin") == 0;
	if (token == T_END || token == T_COMMA || token == T_OPEN || token == T_CLOSE ||
	    token == T_NOT || (token == T_WORD && !in && !notin))
		return refuse(l, true, ", expected: in, notin, =, ==, !=, gt, lt");
	next(l);
	t->op = notin || token == T_NOT_EQUALS ? LABEL_NOT_IN
		: token == T_GT                ? LABEL_GT
		: token == T_LT                ? LABEL_LT
					       : LABEL_IN;
	if (in || notin)
		return parse_set(l, t);
	return t->op == LABEL_GT || t->op == LABEL_LT ? parse_number(l, t) : parse_exact(l, t);
}

static int parse_term(struct lexer *l, struct label_term *t)
{
	bool not = l->token == T_NOT;
	if (not )
		next(l);
	if (l->token != T_WORD)
		return refuse(l, true, ", expected: identifier");
	t->key = l->text;
	if (check_key(l, t->key) != 0)
		return -1;
	next(l);
	t->op = not ? LABEL_ABSENT : LABEL_EXISTS;
	if (not || l->token == T_END || l->token == T_COMMA)
		return 0;
	return parse_operator(l, t) != 0 ? -1 : check_values(l, t);
}

/* Behind a term: 1: another one follows, 0: the end. */
static int parse_comma(struct lexer *l)
{
	if (l->token == T_END)
		return 0;
	if (l->token != T_COMMA)
		return refuse(l, false, ", expected: ',' or 'end of string'");
	next(l);
	if (l->token != T_WORD && l->token != T_NOT)
		return refuse(l, false, ", expected: identifier after ','");
	return 1;
}

int selector_parse_labels(struct selector *s, struct arena *a, struct api_error *e)
{
	struct lexer l = {.p = s->labels_text, .a = a, .e = e};
	/* A term has a key, so there are no more than commas and one. */
	size_t most = 1;
	for (const char *p = s->labels_text; *p != '\0'; p++)
		most += *p == ',';
	s->labels = arena_array(a, most, sizeof(*s->labels));
	next(&l);
	if (l.token == T_END)
		return 0;
	if (l.token != T_WORD && l.token != T_NOT)
		return refuse(&l, false, ", expected: !, identifier, or 'end of string'");
	int more = 1;
	while (more == 1) {
		if (parse_term(&l, &s->labels[s->n_labels++]) != 0)
			return -1;
		more = parse_comma(&l);
	}
	return more;
}
