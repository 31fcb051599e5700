/*
 * A scanner that counts brackets and looks at three places: the members of the list, the
 * members of its metadata, and where the elements of items begin and end.
 */
#include "kube/list_scan.h"

#include <stdio.h>
#include <string.h>

#define ITEM_KEEP (64 * 1024)

enum { TOP_OTHER, TOP_ITEMS, TOP_METADATA };

static bool in_array(const struct list_scanner *s)
{
	return s->arrays[s->depth / 64] >> (s->depth % 64) & 1;
}

static bool in_items(const struct list_scanner *s)
{
	return s->depth == 2 && s->top == TOP_ITEMS && in_array(s);
}

static void capture_into(struct list_scanner *s, char *out, size_t cap)
{
	s->capture = out;
	s->capture_cap = cap;
	s->capture_len = 0;
}

static void string_begins(struct list_scanner *s)
{
	bool meta = s->depth == 2 && s->top == TOP_METADATA && !in_array(s);
	s->in_string = true;
	s->capture = NULL;
	if (s->name_next) {
		if (s->depth == 1 || meta)
			capture_into(s, s->key, sizeof(s->key));
	} else if (meta && strcmp(s->key, "resourceVersion") == 0) {
		capture_into(s, s->rv, sizeof(s->rv));
	} else if (meta && strcmp(s->key, "continue") == 0) {
		capture_into(s, s->token, sizeof(s->token));
	}
}

static int captured(struct list_scanner *s, const char *bytes, size_t n, struct err *err)
{
	if (s->capture == NULL || n == 0)
		return 0;
	bool name = s->capture == s->key;
	size_t room = s->capture_cap - 1 - s->capture_len;
	if (n > room && !name)
		return err_set(err, ERR_RETRY, "the list's %s is too long", s->key);
	if (memchr(bytes, '\\', n) != NULL && !name)
		return err_set(err, ERR_RETRY, "the list's %s has escapes", s->key);
	if (n > room)
		n = room; /* a name this long is none of ours */
	memcpy(s->capture + s->capture_len, bytes, n);
	s->capture_len += n;
	return 0;
}

static void string_ends(struct list_scanner *s)
{
	s->in_string = false;
	if (s->capture != NULL)
		s->capture[s->capture_len] = '\0';
	if (s->capture == s->key && s->depth == 1)
		s->top = strcmp(s->key, "items") == 0      ? TOP_ITEMS
			 : strcmp(s->key, "metadata") == 0 ? TOP_METADATA
							   : TOP_OTHER;
	if (s->capture == s->key && s->depth == 1 && s->top == TOP_ITEMS)
		s->seen_items = true;
	s->capture = NULL;
}

/* The part of a string in [p, end); returns what follows it, or NULL. */
static const char *string_part(struct list_scanner *s, const char *p, const char *end,
			       struct err *err)
{
	const char *start = p;
	for (; p < end; p++) {
		if (s->escaped) {
			s->escaped = false;
		} else if (*p == '\\') {
			s->escaped = true;
		} else if (*p == '"') {
			if (captured(s, start, (size_t)(p - start), err) != 0)
				return NULL;
			string_ends(s);
			return p + 1;
		}
	}
	return captured(s, start, (size_t)(p - start), err) == 0 ? p : NULL;
}

static int open_bracket(struct list_scanner *s, char c, struct err *err)
{
	if (s->depth == 0 && (c != '{' || s->ended))
		return err_set(err, ERR_RETRY, "the answer is not a list");
	if (s->depth == LIST_DEPTH_MAX - 1)
		return err_set(err, ERR_RETRY, "the list is nested more than %d deep",
			       LIST_DEPTH_MAX);
	s->depth++;
	uint64_t bit = (uint64_t)1 << (s->depth % 64), *word = &s->arrays[s->depth / 64];
	*word = c == '[' ? *word | bit : *word & ~bit;
	s->name_next = c == '{';
	return 0;
}

static int close_bracket(struct list_scanner *s, char c, struct err *err)
{
	if (s->depth == 0 || in_array(s) != (c == ']'))
		return err_set(err, ERR_RETRY, "the list's brackets do not match");
	s->depth--;
	s->name_next = false;
	s->ended = s->depth == 0;
	return 0;
}

/* A byte that is neither in a string nor begins one. */
static int structure(struct list_scanner *s, char c, struct err *err)
{
	switch (c) {
	case '{':
	case '[':
		return open_bracket(s, c, err);
	case '}':
	case ']':
		return close_bracket(s, c, err);
	case ',':
		s->name_next = !in_array(s);
		return 0;
	case ':':
		s->name_next = false;
		return 0;
	default:
		if (s->depth == 0 && strchr(" \t\r\n", c) == NULL)
			return err_set(err, ERR_RETRY, "the answer is not a list");
		return 0;
	}
}

static void keep(struct list_scanner *s, const char *bytes, size_t n)
{
	if (s->item_skipped)
		return;
	s->item.limit = LIST_ITEM_MAX;
	buf_add(&s->item, bytes, n);
	if (!s->item.full)
		return;
	buf_clear(&s->item, ITEM_KEEP);
	s->item_skipped = true;
	s->skipped++;
}

/* An item ended; [from, to) is the part of it in this feed. */
static void emit(struct list_scanner *s, const char *from, const char *to, list_item_fn fn,
		 void *ctx)
{
	s->in_item = false;
	if (s->item.len == 0 && !s->item_skipped) {
		fn(ctx, from, (size_t)(to - from));
		return;
	}
	keep(s, from, (size_t)(to - from));
	if (!s->item_skipped)
		fn(ctx, s->item.data, s->item.len);
	buf_clear(&s->item, ITEM_KEEP);
	s->item_skipped = false;
}

int list_scan(struct list_scanner *s, const char *bytes, size_t n, list_item_fn fn, void *ctx,
	      struct err *err)
{
	const char *p = bytes, *end = bytes + n, *from = bytes;
	while (p < end && !s->stop) {
		if (s->in_string) {
			p = string_part(s, p, end, err);
			if (p == NULL)
				return -1;
			continue;
		}
		if (*p == '"') {
			if (s->depth == 0)
				return err_set(err, ERR_RETRY, "the answer is not a list");
			string_begins(s);
			p++;
			continue;
		}
		bool outside = in_items(s);
		if (outside && *p == '{') {
			s->in_item = true;
			from = p;
		}
		if (structure(s, *p++, err) != 0)
			return -1;
		if (s->in_item && !outside && in_items(s))
			emit(s, from, p, fn, ctx);
	}
	if (s->in_item && !s->stop)
		keep(s, from, (size_t)(end - from));
	return 0;
}

int list_scan_end(const struct list_scanner *s, struct err *err)
{
	if (!s->ended)
		return err_set(err, ERR_RETRY, "the list was cut off");
	if (!s->seen_items || s->rv[0] == '\0')
		return err_set(err, ERR_RETRY, "the answer is not a list");
	return 0;
}

void list_scanner_reset(struct list_scanner *s)
{
	buf_clear(&s->item, ITEM_KEEP);
	*s = (struct list_scanner){.item = s->item};
}

void list_scanner_done(struct list_scanner *s)
{
	buf_done(&s->item);
}
