/*
 * Builds the trees from libyaml's events, with a stack of the lists and maps that are
 * open. An anchor is known once its value is complete, so nothing can contain itself, and
 * what an alias repeats counts against the same limits as what is written out.
 */
#include "api/yaml_tree.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <yaml.h>

#include "base/map.h"
#include "base/xalloc.h"

#include "api/yaml_scalar.h"

#define SHOWN_MAX 60 /* bytes of a key or anchor in an error text */

struct frame { /* a list or map that is open */
	cJSON *value;
	char *key; /* of the member whose value comes next; NULL: a key comes next */
	char *anchor;
	struct map keys; /* those the map has */
};

struct anchor {
	char *name;
	cJSON *value; /* in the tree */
};

struct builder {
	yaml_parser_t parser;
	enum yaml_types types;
	struct frame open[YAML_DEPTH_MAX];
	size_t depth, values;
	struct anchor *anchors; /* of this document */
	size_t n_anchors, cap_anchors;
	struct yaml_docs docs;
	size_t cap_docs, cap_marks;
	size_t line; /* of the event at hand */
	struct err *err;
};

/* cJSON says NULL for nothing but being out of memory. */
static cJSON *must(cJSON *value)
{
	if (value == NULL)
		abort();
	return value;
}

static int bad(const struct builder *b, const char *what, const char *name, const char *hint)
{
	return err_set(b->err, ERR_TERMINAL, "line %zu: %s%.*s%s", b->line, what, SHOWN_MAX, name,
		       hint);
}

static void mark(struct builder *b, const cJSON *value)
{
	struct yaml_doc *d = &b->docs.at[b->docs.n - 1];
	if (d->n_marks == b->cap_marks) {
		b->cap_marks = b->cap_marks == 0 ? 64 : 2 * b->cap_marks;
		d->marks = xreallocarray(d->marks, b->cap_marks, sizeof(*d->marks));
	}
	d->marks[d->n_marks++] = (struct yaml_mark){value, b->line};
}

/* Puts a value where the document goes on; takes it over. */
static int place(struct builder *b, cJSON *value)
{
	mark(b, value);
	if (++b->values > YAML_VALUES_MAX) {
		cJSON_Delete(value);
		return bad(b, "more than the limit of values", "", ", aliases counted");
	}
	if (b->depth == 0) {
		b->docs.at[b->docs.n - 1].root = value;
		return 0;
	}
	struct frame *f = &b->open[b->depth - 1];
	if (cJSON_IsArray(f->value)) {
		cJSON_AddItemToArray(f->value, value);
		return 0;
	}
	cJSON_AddItemToObject(f->value, f->key, value);
	map_put(&f->keys, value->string, value);
	free(f->key);
	f->key = NULL;
	return 0;
}

static bool wants_key(const struct builder *b)
{
	return b->depth != 0 && cJSON_IsObject(b->open[b->depth - 1].value) &&
	       b->open[b->depth - 1].key == NULL;
}

static int on_key(struct builder *b, const yaml_event_t *e)
{
	struct frame *f = &b->open[b->depth - 1];
	const char *key = (const char *)e->data.scalar.value;
	if (strlen(key) != e->data.scalar.length)
		return bad(b, "a key with a NUL in it", "", "");
	if (strcmp(key, "<<") == 0 && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		return bad(b, "merge keys (<<) are not read", "", ": write the keys out");
	if (map_get(&f->keys, key) != NULL)
		return bad(b, "the key \"", key, "\" is there twice: keep one");
	f->key = xstrdup(key);
	return 0;
}

static void remember(struct builder *b, const char *name, cJSON *value)
{
	if (name == NULL)
		return;
	if (b->n_anchors == b->cap_anchors) {
		b->cap_anchors = b->cap_anchors == 0 ? 16 : 2 * b->cap_anchors;
		b->anchors = xreallocarray(b->anchors, b->cap_anchors, sizeof(*b->anchors));
	}
	b->anchors[b->n_anchors++] = (struct anchor){xstrdup(name), value};
}

static int on_scalar(struct builder *b, const yaml_event_t *e)
{
	if (wants_key(b))
		return on_key(b, e);
	struct yaml_scalar s = {
		.text = (const char *)e->data.scalar.value,
		.len = e->data.scalar.length,
		.tag = (const char *)e->data.scalar.tag,
		.plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE,
	};
	cJSON *value = yaml_scalar_value(&s, b->types, b->err);
	if (value == NULL)
		return err_wrap(b->err, "line %zu", b->line);
	if (place(b, value) != 0)
		return -1;
	remember(b, (const char *)e->data.scalar.anchor, value);
	return 0;
}

static int on_open(struct builder *b, cJSON *value, const char *kind, const yaml_char_t *tag,
		   const yaml_char_t *anchor)
{
	const char *t = (const char *)tag;
	bool plain = t == NULL || strcmp(t, "!") == 0 ||
		     (strncmp(t, "tag:yaml.org,2002:", 18) == 0 && strcmp(t + 18, kind) == 0);
	const char *wrong = !plain ? "a tag that does not fit here: leave it out"
			    : wants_key(b)
				    ? "a key must be a text (a template's {{ }} must be quoted)"
			    : b->depth == YAML_DEPTH_MAX ? "nested too deep"
							 : NULL;
	if (wrong != NULL) {
		cJSON_Delete(value);
		return bad(b, wrong, "", "");
	}
	if (place(b, value) != 0)
		return -1;
	b->open[b->depth++] =
		(struct frame){.value = value, .anchor = xstrdup((const char *)anchor)};
	return 0;
}

static void frame_done(struct frame *f)
{
	map_done(&f->keys);
	free(f->key);
	free(f->anchor);
}

static void on_close(struct builder *b)
{
	struct frame *f = &b->open[--b->depth];
	remember(b, f->anchor, f->value);
	frame_done(f);
}

/* Values in the tree; *deepest: how deep it is. The trees are at most YAML_DEPTH_MAX deep. */
static size_t count(const cJSON *value, size_t depth, size_t *deepest)
{
	size_t n = 1;
	if (depth > *deepest)
		*deepest = depth;
	for (const cJSON *c = value->child; c != NULL; c = c->next)
		n += count(c, depth + 1, deepest);
	return n;
}

static int on_alias(struct builder *b, const yaml_event_t *e)
{
	const char *name = (const char *)e->data.alias.anchor;
	if (wants_key(b))
		return bad(b, "a key must be a text, not the alias *", name, "");
	size_t i = b->n_anchors;
	while (i > 0 && strcmp(b->anchors[i - 1].name, name) != 0)
		i--;
	if (i == 0)
		return bad(b, "no complete value is called &", name, " above this");
	size_t deepest = b->depth;
	size_t n = count(b->anchors[i - 1].value, b->depth, &deepest);
	if (deepest > YAML_DEPTH_MAX)
		return bad(b, "nested too deep with the alias *", name, "");
	if (n > YAML_VALUES_MAX - b->values)
		return bad(b, "more than the limit of values with the alias *", name, "");
	b->values += n - 1;
	return place(b, must(cJSON_Duplicate(b->anchors[i - 1].value, 1)));
}

static void on_document(struct builder *b)
{
	if (b->docs.n == b->cap_docs) {
		b->cap_docs = b->cap_docs == 0 ? 8 : 2 * b->cap_docs;
		b->docs.at = xreallocarray(b->docs.at, b->cap_docs, sizeof(*b->docs.at));
	}
	b->docs.at[b->docs.n++] = (struct yaml_doc){0};
	b->cap_marks = 0;
}

static int compare_marks(const void *x, const void *y)
{
	uintptr_t a = (uintptr_t)((const struct yaml_mark *)x)->at;
	uintptr_t b = (uintptr_t)((const struct yaml_mark *)y)->at;
	return (a > b) - (a < b);
}

static void forget_anchors(struct builder *b)
{
	for (size_t i = 0; i < b->n_anchors; i++)
		free(b->anchors[i].name);
	b->n_anchors = 0;
}

static void on_document_end(struct builder *b)
{
	struct yaml_doc *d = &b->docs.at[b->docs.n - 1];
	if (d->n_marks != 0)
		qsort(d->marks, d->n_marks, sizeof(*d->marks), compare_marks);
	forget_anchors(b);
}

static int on_event(struct builder *b, const yaml_event_t *e)
{
	b->line = e->start_mark.line + 1;
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		on_document(b);
		return 0;
	case YAML_DOCUMENT_END_EVENT:
		on_document_end(b);
		return 0;
	case YAML_SCALAR_EVENT:
		return on_scalar(b, e);
	case YAML_ALIAS_EVENT:
		return on_alias(b, e);
	case YAML_SEQUENCE_START_EVENT:
		return on_open(b, must(cJSON_CreateArray()), "seq", e->data.sequence_start.tag,
			       e->data.sequence_start.anchor);
	case YAML_MAPPING_START_EVENT:
		return on_open(b, must(cJSON_CreateObject()), "map", e->data.mapping_start.tag,
			       e->data.mapping_start.anchor);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		on_close(b);
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
		break;
	}
	return 0;
}

/* What libyaml did not understand. Bytes that are no text have an offset instead of a line. */
static int parser_error(const struct builder *b, const char *text)
{
	size_t line = b->parser.problem_mark.line + 1;
	if (b->parser.error == YAML_READER_ERROR) {
		line = 1;
		for (size_t i = 0; i < b->parser.problem_offset; i++)
			line += text[i] == '\n';
	}
	return err_set(b->err, ERR_TERMINAL, "line %zu: not YAML: %s%s%s", line,
		       b->parser.problem != NULL ? b->parser.problem : "?",
		       b->parser.context != NULL ? " " : "",
		       b->parser.context != NULL ? b->parser.context : "");
}

static int build(struct builder *b, const char *text)
{
	for (bool more = true; more;) {
		yaml_event_t e;
		if (!yaml_parser_parse(&b->parser, &e))
			return parser_error(b, text);
		more = e.type != YAML_STREAM_END_EVENT;
		int rc = on_event(b, &e);
		yaml_event_delete(&e);
		if (rc != 0)
			return -1;
	}
	return 0;
}

int yaml_read(const char *text, size_t len, enum yaml_types types, struct yaml_docs *ret,
	      struct err *err)
{
	if (len > YAML_BYTES_MAX)
		return err_set(err, ERR_TERMINAL, "the YAML has %zu bytes; at most %d are read",
			       len, YAML_BYTES_MAX);
	struct builder *b = xcalloc(1, sizeof(*b));
	b->types = types;
	b->err = err;
	if (!yaml_parser_initialize(&b->parser))
		abort(); /* out of memory */
	yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b->parser, (const unsigned char *)text, len);
	int rc = build(b, text);
	yaml_parser_delete(&b->parser);
	while (b->depth > 0)
		frame_done(&b->open[--b->depth]);
	forget_anchors(b);
	free(b->anchors);
	if (rc == 0)
		*ret = b->docs;
	else
		yaml_done(&b->docs);
	free(b);
	return rc;
}

void yaml_done(struct yaml_docs *docs)
{
	for (size_t i = 0; i < docs->n; i++) {
		cJSON_Delete(docs->at[i].root);
		free(docs->at[i].marks);
	}
	free(docs->at);
	*docs = (struct yaml_docs){0};
}

/* The member or element that the path begins with; *path goes past it. NULL: none. */
static const cJSON *step_into(const cJSON *value, const char **path)
{
	const char *p = *path + (**path == '.');
	if (cJSON_IsArray(value)) {
		char *end;
		long i = *p == '[' ? strtol(p + 1, &end, 10) : -1;
		if (i < 0 || i > YAML_VALUES_MAX || *end != ']')
			return NULL;
		*path = end + 1;
		return cJSON_GetArrayItem(value, (int)i);
	}
	/* Keys may have dots in them: the longest that fits is meant. */
	const cJSON *best = NULL;
	size_t best_len = 0;
	for (const cJSON *c = value->child; c != NULL; c = c->next) {
		size_t n = strlen(c->string);
		if (n >= best_len && strncmp(p, c->string, n) == 0 && strchr(".[", p[n]) != NULL) {
			best = c;
			best_len = n;
		}
	}
	*path = p + best_len;
	return best;
}

size_t yaml_where(const struct yaml_doc *doc, const char *path)
{
	size_t line = 1;
	for (const cJSON *at = doc->root; at != NULL; at = step_into(at, &path)) {
		struct yaml_mark key = {at, 0};
		const struct yaml_mark *m = doc->n_marks == 0
						    ? NULL
						    : bsearch(&key, doc->marks, doc->n_marks,
							      sizeof(key), compare_marks);
		if (m != NULL)
			line = m->line;
		if (*path == '\0')
			break;
	}
	return line;
}

char *yaml_json(const cJSON *value, struct arena *a)
{
	char *text = cJSON_PrintUnformatted(value);
	if (text == NULL)
		abort(); /* out of memory */
	char *copy = arena_strdup(a, text);
	cJSON_free(text);
	return copy;
}

int yaml_add_line(const struct yaml_doc *doc, const char *table, struct err *err)
{
	char path[ERR_TEXT_MAX];
	const char *text = err->text;
	size_t n = strlen(table);
	if (strncmp(text, table, n) == 0 && strncmp(text + n, ": ", 2) == 0)
		text += n + 2;
	snprintf(path, sizeof(path), "%s", text);
	char *end = strstr(path, ": ");
	size_t line = 0;
	if (end != NULL) {
		*end = '\0';
		line = yaml_where(doc, path);
	}
	char rest[ERR_TEXT_MAX];
	snprintf(rest, sizeof(rest), "%s", text);
	return err_set(err, err->cls, "line %zu: %s", line != 0 ? line : yaml_where(doc, ""), rest);
}
