/*
 * get and list: which version of the state is shown (KEP-1904, API concepts "Resource
 * versions"), in which pages, and what the selectors let through.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/objects/api_error.h"
#include "sim/store/events.h"
#include "sim/apiserver/rest_impl.h"
#include "sim/store/select.h"
#include "sim/store/snapshot.h"

int rest_get(struct rest *r, struct api_error *e)
{
	uint64_t rv;
	if (rest_version(r->store, r->t->query.rv, &rv, e) != 0)
		return -1;
	const struct object *o = store_get(r->store, r->t->res, r->t->ns, r->t->name);
	if (o == NULL)
		return api_error_not_found(e, r->t->res, r->t->name);
	rest_object(r, 200, o);
	return 0;
}

/* ---- lists ---- */

struct listing {
	uint64_t rv;                       /* of the state that is shown */
	const char *after_ns, *after_name; /* where it goes on, or NULL */
	int64_t limit;                     /* 0: none */
	struct selector *selector;
	bool selective;
};

/* Our continue tokens: "<rv>.<namespace>.<name>"; neither number nor namespace has a dot. */
static int read_token(const char *token, struct arena *a, struct listing *l, struct api_error *e)
{
	char *end;
	l->rv = strtoull(token, &end, 10);
	const char *dot = end != token && *end == '.' ? strchr(end + 1, '.') : NULL;
	if (dot == NULL || dot[1] == '\0')
		return api_error_bad(e, "continue key is not valid: it is none of ours");
	l->after_ns = arena_strndup(a, end + 1, (size_t)(dot - end - 1));
	l->after_name = arena_strdup(a, dot + 1);
	return 0;
}

static int list_invalid(struct api_error *e, const char *field, const char *cause,
			const char *detail)
{
	static const struct resource options = {
		.group = "meta.k8s.io", .kind = "ListOptions", .plural = "listoptions"};
	return api_error_invalid(e, &options, "", field, cause, detail);
}

/* The rules of API concepts about resourceVersion, resourceVersionMatch and continue. */
static int check_options(const struct query *q, struct api_error *e)
{
	bool zero = strcmp(q->rv, "0") == 0, exact = strcmp(q->rv_match, "Exact") == 0;
	if (q->initial_given)
		return list_invalid(e, "sendInitialEvents", "FieldValueForbidden",
				    "Forbidden: sendInitialEvents is forbidden for list");
	if (q->rv_match[0] != '\0') {
		if (q->rv[0] == '\0')
			return list_invalid(e, "resourceVersionMatch", "FieldValueForbidden",
					    "Forbidden: resourceVersionMatch is forbidden unless "
					    "resourceVersion is provided");
		if (q->cont[0] != '\0')
			return list_invalid(e, "resourceVersionMatch", "FieldValueForbidden",
					    "Forbidden: resourceVersionMatch is forbidden when "
					    "continue is provided");
		if (!exact && strcmp(q->rv_match, "NotOlderThan") != 0)
			return list_invalid(e, "resourceVersionMatch", "FieldValueNotSupported",
					    "Unsupported value: supported values: \"Exact\", "
					    "\"NotOlderThan\", \"\"");
		if (exact && zero)
			return list_invalid(
				e, "resourceVersionMatch", "FieldValueForbidden",
				"Forbidden: resourceVersionMatch \"exact\" is forbidden "
				"for resourceVersion \"0\"");
	}
	if (q->cont[0] != '\0' && q->rv[0] != '\0' && !zero)
		return api_error_bad(
			e, "specifying resource version is not allowed when using continue");
	return 0;
}

/* A list that may be old is as old as the fault says, but never older than was asked for. */
static uint64_t stale(const struct rest *r, uint64_t least)
{
	uint64_t rv = r->req->stale_ms > 0
			      ? store_rv_at(r->store, r->req->now.boot_ms - r->req->stale_ms)
			      : store_rv(r->store);
	return rv > least ? rv : least;
}

static int choose_state(const struct rest *r, struct listing *l, struct api_error *e)
{
	const struct query *q = &r->t->query;
	uint64_t asked;
	if (check_options(q, e) != 0)
		return -1;
	l->limit = q->limit;
	if (q->cont[0] != '\0')
		return read_token(q->cont, r->arena, l, e);
	if (rest_version(r->store, q->rv, &asked, e) != 0)
		return -1;
	bool exact = strcmp(q->rv_match, "Exact") == 0 ||
		     (q->rv_match[0] == '\0' && asked != 0 && q->limit > 0);
	l->rv = q->rv[0] == '\0' ? store_rv(r->store) : exact ? asked : stale(r, asked);
	if (q->rv[0] != '\0' && asked == 0)
		l->limit = 0; /* served from the watch cache, which has no pages */
	return 0;
}

static bool matches(const struct listing *l, const struct snapshot_item *i)
{
	return !l->selective || selector_match(l->selector, i->ns, i->name, i->node, i->text->json);
}

/* How many are left; -1: nobody counts them when a selector chooses. */
static int64_t remaining(struct snapshot *s, const struct listing *l)
{
	struct snapshot_item i;
	int64_t n = 0;
	if (l->selective)
		return -1;
	while (snapshot_next(s, &i))
		n++;
	return n;
}

static void write_page(struct rest *r, struct snapshot *s, const struct listing *l)
{
	struct buf *out = &r->ret->body, other = {0};
	struct snapshot_item i, last = {0};
	char token[512] = "";
	int64_t n = 0, left = -1;
	bool more = false;
	view_list_begin(r->form, r->t->res, out);
	while (snapshot_next(s, &i)) {
		if (!matches(l, &i))
			continue;
		if (l->limit > 0 && n == l->limit) {
			more = true;
			break;
		}
		view_list_item(r->form, r->t->res,
			       events_text(s->res, r->t->res, i.text->json, &other), r->req->now,
			       n == 0, out);
		n++;
		last = i;
	}
	if (more) {
		snprintf(token, sizeof(token), "%" PRIu64 ".%s.%s", l->rv, last.ns, last.name);
		left = remaining(s, l);
	}
	view_list_end(r->form, r->t->res, l->rv, token, left < 0 ? -1 : left + 1, out);
	buf_done(&other);
}

int rest_list(struct rest *r, struct api_error *e)
{
	struct listing l = {.selective = r->t->query.labels[0] || r->t->query.fields[0]};
	struct snapshot s;
	if (selector_parse(r->t->res, r->t->query.labels, r->t->query.fields, r->arena, &l.selector,
			   e) != 0 ||
	    choose_state(r, &l, e) != 0 ||
	    snapshot_open(r->store, r->t->res, r->t->ns, l.rv, l.after_ns, l.after_name, r->arena,
			  &s, e) != 0)
		return -1;
	r->ret->code = 200;
	write_page(r, &s, &l);
	return 0;
}
