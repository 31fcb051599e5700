/*
 * Paths and queries. A path is cut into at most SEGMENTS_MAX segments, each decoded by
 * itself, so that an escaped slash is part of a name and not of the path.
 */
#include "sim/play/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/objects/api_error.h"

/* /apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME/SUB, and one more to notice that it is more. */
#define SEGMENTS_MAX 9
/* Bytes of one decoded value; selectors with many terms are long. */
#define VALUE_MAX (16 * 1024)

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

const char *target_decode(const char *s, size_t n, bool plus, struct arena *a)
{
	if (n > VALUE_MAX)
		return NULL;
	char *out = arena_alloc(a, n + 1);
	size_t len = 0;
	for (size_t i = 0; i < n; i++) {
		char c = s[i];
		if (c == '%') {
			if (i + 2 >= n || hex(s[i + 1]) < 0 || hex(s[i + 2]) < 0)
				return NULL;
			c = (char)(hex(s[i + 1]) * 16 + hex(s[i + 2]));
			if (c == '\0')
				return NULL;
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		out[len++] = c;
	}
	return out;
}

/* ---- query ---- */

static int read_bool(const char *text, bool *ret)
{
	*ret = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
	return *ret || text[0] == '\0' || strcmp(text, "false") == 0 || strcmp(text, "0") == 0 ? 0
											       : -1;
}

static int read_int(const char *text, int64_t *ret)
{
	char *end;
	errno = 0;
	long long n = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		return -1;
	*ret = n;
	return 0;
}

enum query_type { Q_TEXT, Q_BOOL, Q_INT };

static const struct query_row {
	const char *name;
	enum query_type type;
	size_t offset;
} query_rows[] = {
	{"labelSelector", Q_TEXT, offsetof(struct query, labels)},
	{"fieldSelector", Q_TEXT, offsetof(struct query, fields)},
	{"continue", Q_TEXT, offsetof(struct query, cont)},
	{"resourceVersion", Q_TEXT, offsetof(struct query, rv)},
	{"resourceVersionMatch", Q_TEXT, offsetof(struct query, rv_match)},
	{"limit", Q_INT, offsetof(struct query, limit)},
	{"timeoutSeconds", Q_INT, offsetof(struct query, timeout_s)},
	{"watch", Q_BOOL, offsetof(struct query, watch)},
	{"allowWatchBookmarks", Q_BOOL, offsetof(struct query, bookmarks)},
	{"sendInitialEvents", Q_BOOL, offsetof(struct query, initial)},
	{"gracePeriodSeconds", Q_INT, offsetof(struct query, grace_s)},
	{"propagationPolicy", Q_TEXT, offsetof(struct query, propagation)},
	{"dryRun", Q_TEXT, offsetof(struct query, dry_run)},
	{"includeObject", Q_TEXT, offsetof(struct query, include)},
	{"fieldValidation", Q_TEXT, offsetof(struct query, validation)},
};

static int set_value(struct query *q, const struct query_row *row, const char *value,
		     struct api_error *e)
{
	char *at = (char *)q + row->offset;
	int rc = 0;
	if (row->type == Q_TEXT)
		memcpy(at, &value, sizeof(value));
	else if (row->type == Q_BOOL)
		rc = read_bool(value, (bool *)(void *)at);
	else
		rc = read_int(value, (int64_t *)(void *)at);
	return rc == 0 ? 0
		       : api_error_bad(e, "unable to decode \"%s\" of the query: %.64s", row->name,
				       value);
}

static int read_pair(struct query *q, const char *s, size_t n, struct arena *a, struct api_error *e)
{
	const char *equals = memchr(s, '=', n);
	size_t key_len = equals != NULL ? (size_t)(equals - s) : n;
	const char *key = target_decode(s, key_len, true, a);
	const char *value =
		equals != NULL ? target_decode(equals + 1, n - key_len - 1, true, a) : "";
	if (key == NULL || value == NULL)
		return api_error_bad(e, "the query is not well encoded");
	for (size_t i = 0; i < sizeof(query_rows) / sizeof(query_rows[0]); i++)
		if (strcmp(query_rows[i].name, key) == 0) {
			q->initial_given |= strcmp(key, "sendInitialEvents") == 0;
			return set_value(q, &query_rows[i], value, e);
		}
	return 0; /* as a real server, which ignores what it does not know */
}

static int read_query(struct query *q, const char *s, struct arena *a, struct api_error *e)
{
	*q = (struct query){.labels = "",
			    .fields = "",
			    .cont = "",
			    .rv = "",
			    .rv_match = "",
			    .propagation = "",
			    .dry_run = "",
			    .include = "",
			    .validation = "",
			    .grace_s = -1};
	while (*s != '\0') {
		size_t n = strcspn(s, "&");
		if (n > 0 && read_pair(q, s, n, a, e) != 0)
			return -1;
		s += n + (s[n] == '&');
	}
	if (q->limit < 0 || q->timeout_s < 0)
		return api_error_bad(e, "limit and timeoutSeconds must not be negative");
	return 0;
}

/* ---- path ---- */

struct segments {
	const char *at[SEGMENTS_MAX];
	size_t n;
};

static int cut(const char *path, size_t len, struct arena *a, struct segments *ret)
{
	*ret = (struct segments){0};
	for (size_t i = 0; i < len;) {
		if (path[i] == '/') {
			i++;
			continue;
		}
		size_t n = 0;
		while (i + n < len && path[i + n] != '/')
			n++;
		const char *segment = target_decode(path + i, n, false, a);
		if (segment == NULL || ret->n == SEGMENTS_MAX)
			return -1;
		ret->at[ret->n++] = segment;
		i += n;
	}
	return 0;
}

static int no_resource(struct api_error *e)
{
	return api_error_set(e, 404, "NotFound",
			     "the server could not find the requested resource");
}

/* What follows the version: [namespaces/NS/]PLURAL[/NAME[/SUB]]. 0: understood. */
static int read_resource(const char *group, const char *version, const char *const *at, size_t n,
			 struct target *t)
{
	bool in = n >= 3 && strcmp(at[0], "namespaces") == 0 && strcmp(at[2], "status") != 0 &&
		  strcmp(at[2], "finalize") != 0;
	if (in) {
		t->ns = at[1];
		at += 2;
		n -= 2;
	}
	t->res = resource_find(group, version, at[0]);
	t->name = n > 1 ? at[1] : "";
	t->sub = n > 2 ? at[2] : "";
	/* An object of a namespaced kind is named with its namespace; others never are. */
	if (t->res == NULL || n > 3 || (in && !t->res->namespaced) ||
	    (!in && t->res->namespaced && t->name[0] != '\0'))
		return -1;
	return 0;
}

static bool group_exists(const char *group)
{
	for (size_t i = 0; i < resources_n; i++)
		if (strcmp(resources[i].group, group) == 0)
			return true;
	return false;
}

/* The answer is about that resource, though it is none of its objects'. */
static int about(struct api_error *e, const struct target *t, const char *name)
{
	snprintf(e->name, sizeof(e->name), "%s", name);
	e->kind = t->res->plural;
	e->group = t->res->group;
	return -1;
}

/* pods/NAME/eviction, which is only posted to. */
static bool is_eviction(const struct target *t)
{
	return t->res->kind_id == KIND_POD && strcmp(t->sub, "eviction") == 0;
}

static int read_path(const char *path, size_t len, struct arena *a, struct target *t,
		     struct api_error *e)
{
	struct segments s;
	if (cut(path, len, a, &s) != 0)
		return no_resource(e);
	bool core = s.n >= 2 && strcmp(s.at[0], "api") == 0;
	bool grouped = s.n >= 4 && strcmp(s.at[0], "apis") == 0 && group_exists(s.at[1]);
	size_t skip = core ? 2 : 3;
	if (core && strcmp(s.at[1], "v1") != 0)
		return no_resource(e);
	if ((!core && !grouped) || s.n == skip)
		return 0;
	if (read_resource(core ? "" : s.at[1], s.at[skip - 1], s.at + skip, s.n - skip, t) != 0) {
		bool custom = grouped && strcmp(s.at[1], API_GROUP) == 0;
		t->res = NULL;
		return custom ? 0 : no_resource(e); /* another server's 404 */
	}
	if (t->sub[0] == '\0' || (strcmp(t->sub, "status") == 0 && t->res->has_status) ||
	    is_eviction(t))
		return 0;
	no_resource(e);
	about(e, t, t->name);
	t->res = NULL;
	return -1;
}

static const char *verb_of(const char *method, const struct target *t)
{
	bool one = t->name[0] != '\0';
	if (is_eviction(t))
		return strcmp(method, "POST") == 0 ? "create" : NULL;
	if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		return t->query.watch ? "watch" : one ? "get" : "list";
	if (strcmp(method, "POST") == 0)
		return one ? NULL : "create";
	if (strcmp(method, "PUT") == 0)
		return one ? "update" : NULL;
	if (strcmp(method, "PATCH") == 0)
		return one ? "patch" : NULL;
	if (strcmp(method, "DELETE") == 0)
		return !one ? "deletecollection" : t->sub[0] == '\0' ? "delete" : NULL;
	return NULL;
}

int target_parse(const char *method, const char *uri, struct arena *a, struct target *ret,
		 struct api_error *e)
{
	size_t len = strcspn(uri, "?");
	*ret = (struct target){.verb = "", .ns = "", .name = "", .sub = ""};
	ret->path = arena_strndup(a, uri, len);
	if (read_query(&ret->query, uri[len] == '?' ? uri + len + 1 : "", a, e) != 0 ||
	    read_path(uri, len, a, ret, e) != 0)
		return -1;
	if (ret->res == NULL)
		return 0;
	const char *verb = verb_of(method, ret);
	/* Nothing is made or deleted across namespaces. */
	bool across = ret->res->namespaced && ret->ns[0] == '\0';
	bool whole = ret->name[0] == '\0' && strcmp(ret->res->group, API_GROUP) == 0;
	if (whole && (strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0))
		return api_error_bad(e, "name must be provided"); /* so do CRDs' */
	if (verb == NULL || (across && strcmp(verb, "create") == 0) ||
	    (across && strcmp(verb, "deletecollection") == 0)) {
		api_error_set(e, 405, "MethodNotAllowed",
			      "the server does not allow this method on the requested resource");
		return ret->sub[0] != '\0' && !is_eviction(ret) ? about(e, ret, "") : -1;
	}
	ret->verb = verb;
	return 0;
}

const char *target_value(const char *pairs, const char *key, struct arena *a)
{
	size_t len = strlen(key);
	for (const char *p = pairs; *p != '\0';) {
		size_t n = strcspn(p, "&");
		if (n > len && strncmp(p, key, len) == 0 && p[len] == '=')
			return target_decode(p + len + 1, n - len - 1, true, a);
		p += n + (p[n] == '&');
	}
	return NULL;
}
