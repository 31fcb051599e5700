/* See answer_words.h. The forms of JSON are one table, WORDS, the best first. */
#include "discoverer/answer_words.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "base/xalloc.h"

#include "discoverer/json/jsonsax.h"

/* Where servers put their messages; the first of these in an answer is used. */
static const char *const WORDS[] = {
	"errors.*.message",  /* OCI distribution, Harbor, Quay, Artifactory */
	"error.message",     /* Google's APIs */
	"error",             /* Prometheus and its kind, Quay's token server, many others */
	"message",           /* GitLab, Harbor's proxies, AWS, Kubernetes */
	"Message",           /* AWS */
	"details",           /* Docker Hub's token server */
	"detail",            /* RFC 9457 */
	"errors.*.detail",   /* JSON:API, Docker Hub */
	"errors.*",          /* a list of texts */
	"error_description", /* OAuth 2 */
	"msg",
	"reason",
	"title", /* RFC 9457 */
	"errors.*.code",
};
#define N_WORDS (sizeof(WORDS) / sizeof(WORDS[0]))

struct words {
	struct sax sax;
	size_t rank; /* of what is in text; N_WORDS: nothing is */
	char text[FAULT_TEXT_MAX + 1];
	char type[64]; /* Prometheus' errorType */
};

static void copy(char *out, size_t cap, const char *text)
{
	size_t n = utf8_cut(text, cap - 1);
	memcpy(out, text, n);
	out[n] = '\0';
}

static int on_word(void *ctx, const struct sax *s, enum sax_event event, struct err *err)
{
	struct words *w = ctx;
	char clean[FAULT_TEXT_MAX + 1];
	(void)err;
	if (event != SAX_STRING)
		return 0;
	fault_clean(clean, s->text);
	if (s->depth == 0 || clean[0] == '\0') {
		if (s->depth == 0) /* the whole answer is one text */
			copy(w->text, sizeof(w->text), clean);
		return 0;
	}
	if (sax_at(s, "errorType"))
		copy(w->type, sizeof(w->type), clean);
	for (size_t i = 0; i < w->rank; i++)
		if (sax_at(s, WORDS[i])) {
			w->rank = i;
			copy(w->text, sizeof(w->text), clean);
		}
	return 0;
}

static void json_words(char out[FAULT_TEXT_MAX + 1], const char *body, size_t len)
{
	struct words *w = xcalloc(1, sizeof(*w));
	struct err ignored; /* what is cut or broken still has the words before that */
	char both[FAULT_TEXT_MAX + sizeof(w->type) + 3];
	w->rank = N_WORDS;
	if (sax_feed(&w->sax, body, len, on_word, w, &ignored) == 0)
		(void)sax_end(&w->sax, on_word, w, &ignored);
	snprintf(both, sizeof(both), "%s%s%s", w->type, w->type[0] && w->text[0] ? ": " : "",
		 w->text);
	fault_clean(out, both);
	free(w);
}

static const char *find(const char *hay, size_t len, const char *needle)
{
	size_t n = strlen(needle);
	for (size_t i = 0; i + n <= len; i++)
		if (strncasecmp(hay + i, needle, n) == 0)
			return hay + i;
	return NULL;
}

/* The text after the tag `name` ("<title"), up to the next tag; "" if there is none. */
static void element(char out[FAULT_TEXT_MAX + 1], const char *body, size_t len, const char *name)
{
	char text[ANSWER_HEAD_MAX + 1];
	const char *end = body + len, *p = find(body, len, name);
	out[0] = '\0';
	if (p == NULL || (p = memchr(p, '>', (size_t)(end - p))) == NULL)
		return;
	p++;
	const char *stop = memchr(p, '<', (size_t)(end - p));
	size_t n = (size_t)((stop != NULL ? stop : end) - p);
	if (n >= sizeof(text))
		n = sizeof(text) - 1;
	memcpy(text, p, n);
	text[n] = '\0';
	fault_clean(out, text);
}

static size_t blanks(const char *body, size_t len)
{
	size_t i = len >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* a BOM */
	while (i < len && isspace((unsigned char)body[i]))
		i++;
	return i;
}

bool answer_is_html(const struct answer *a)
{
	static const char *const begins[] = {"<!doctype html", "<html", "<head", "<body", "<!--"};
	size_t skip = blanks(a->body, a->len);
	const char *body = a->body + skip;
	size_t len = a->len - skip;
	if (len == 0 || *body == '<')
		if (a->content_type != NULL && strncasecmp(a->content_type, "text/html", 9) == 0)
			return true;
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (len >= strlen(begins[i]) &&
		    strncasecmp(body, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

static void html_words(char out[FAULT_TEXT_MAX + 1], const struct answer *a)
{
	char title[FAULT_TEXT_MAX + 1], text[3 * FAULT_TEXT_MAX];
	element(title, a->body, a->len, "<title");
	title[utf8_cut(title, 60)] = '\0'; /* the URL matters more */
	snprintf(text, sizeof(text), "got an HTML page%s%.300s%s%s%s", a->url ? " from " : "",
		 a->url ? a->url : "", title[0] ? " (\"" : "", title, title[0] ? "\")" : "");
	fault_clean(out, text);
}

static void text_words(char out[FAULT_TEXT_MAX + 1], const char *body, size_t len)
{
	char line[ANSWER_HEAD_MAX + 1];
	size_t n = 0;
	while (n < len && n < ANSWER_HEAD_MAX && body[n] != '\n' && body[n] != '\r')
		n++;
	memcpy(line, body, n);
	line[n] = '\0';
	size_t i = 0;
	while (i < n && line[i] != '\0' && utf8_len(line + i) != 0)
		i += utf8_len(line + i);
	bool text = i + 4 > n && memchr(body, '\0', n) == NULL; /* may be cut inside a sequence */
	fault_clean(out, text ? line : "");
}

void answer_words(char out[FAULT_TEXT_MAX + 1], const struct answer *a)
{
	size_t skip = a->body != NULL ? blanks(a->body, a->len) : 0;
	const char *body = a->body != NULL ? a->body + skip : "";
	size_t len = a->body != NULL ? a->len - skip : 0;
	const struct answer rest = {a->content_type, a->url, body, len};
	out[0] = '\0';
	if (answer_is_html(&rest)) {
		html_words(out, &rest);
	} else if (len == 0) {
		return;
	} else if (*body == '<') {
		element(out, body, len, "<message");
		if (out[0] == '\0')
			snprintf(out, FAULT_TEXT_MAX + 1, "got an XML document");
	} else if (*body == '{' || *body == '[' || *body == '"') {
		json_words(out, body, len);
	} else {
		text_words(out, body, len);
	}
}
