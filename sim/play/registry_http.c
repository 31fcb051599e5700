/*
 * See registry_http.h. What is asked becomes a repository with its host, whichever way it was
 * asked; whatever is not understood is an error and never a guess.
 */
#include "sim/play/registry_http.h"

#include <stdlib.h>
#include <string.h>

#include "sim/nodes/registry.h"
#include "sim/play/target.h"

#define MIRROR    "/v2/"
#define ONE       "/registries/"
#define TOKEN     "/token"
#define TAGS      "/tags/list"
#define MANIFESTS "/manifests/"
#define BASIC     "Basic "
#define LOGGED_IN "Bearer of-a-user"
#define ANYBODY   "Bearer of-anybody"

enum { OK = 200 };

struct asked {
	const char *host; /* NULL: the mirror */
	const char *base; /* "/v2/", "/registries/r.example/v2/" */
	const char *path; /* behind it, encoded, without the query */
	const char *query;
	const char *shown, *repository; /* as it was asked, and with its host; or NULL */
};

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

bool registry_http_own(const char *uri)
{
	return starts(uri, MIRROR) || starts(uri, ONE);
}

/* What is said of a registry that cannot be asked, too. */
static const struct {
	int http;
	const char *code, *message;
} refusals[PULL_FAULT_COUNT] = {
	[PULL_FAULT_DNS] = {502, "UNAVAILABLE", "no such host"},
	[PULL_FAULT_REFUSED] = {502, "UNAVAILABLE", "connection refused"},
	[PULL_FAULT_UNAUTHORIZED] = {401, "UNAUTHORIZED", "authentication required"},
	[PULL_FAULT_FORBIDDEN] = {403, "DENIED", "requested access to the resource is denied"},
	[PULL_FAULT_NOT_FOUND] = {404, "NAME_UNKNOWN", "repository name not known to registry"},
	[PULL_FAULT_RATE_LIMITED] = {429, "TOOMANYREQUESTS", "too many requests"},
	[PULL_FAULT_SERVER_ERROR] = {503, "UNAVAILABLE", "service unavailable"},
	[PULL_FAULT_TLS] = {502, "UNAVAILABLE", "certificate signed by unknown authority"},
	[PULL_FAULT_TIMEOUT] = {504, "UNAVAILABLE", "timeout"},
	[PULL_FAULT_INVALID_NAME] = {400, "NAME_INVALID", "invalid repository name"},
};

static int refuse(enum pull_fault fault, struct buf *out)
{
	buf_addf(out, "{\"errors\":[{\"code\":\"%s\",\"message\":\"%s\"}]}\n", refusals[fault].code,
		 refusals[fault].message);
	return refusals[fault].http;
}

/* ---- tags ---- */

/* Of the tags after `last`, at most n; the next page's address, or NULL. */
static const char *write_page(const struct api_strings *tags, const struct asked *q,
			      const char *last, size_t n, struct arena *a, struct buf *out)
{
	size_t from = 0;
	while (last != NULL && from < tags->n && strcmp(tags->at[from], last) <= 0)
		from++;
	size_t to = tags->n - from > n ? from + n : tags->n;
	buf_adds(out, "{\"name\":");
	buf_add_json(out, q->shown);
	buf_adds(out, ",\"tags\":[");
	for (size_t i = from; i < to; i++) {
		buf_adds(out, i == from ? "" : ",");
		buf_add_json(out, tags->at[i]);
	}
	buf_adds(out, "]}\n");
	if (to == tags->n)
		return NULL;
	return arena_printf(a, "<%s%s" TAGS "?last=%s&n=%zu>; rel=\"next\"", q->base, q->shown,
			    tags->at[to - 1], n);
}

static int list_tags(struct registries *r, const struct asked *q, struct arena *a, struct buf *out,
		     struct sources_answer *ret)
{
	const char *n_text = target_value(q->query, "n", a);
	const char *last = target_value(q->query, "last", a);
	char *end = NULL;
	unsigned long n = n_text != NULL ? strtoul(n_text, &end, 10) : SIZE_MAX;
	struct api_strings tags;
	enum pull_fault fault = PULL_FAULT_INVALID_NAME;
	if (q->repository != NULL && n > 0 && (end == NULL || *end == '\0'))
		fault = registries_tags(r, q->repository, a, &tags, &ret->delay_ms);
	if (fault != PULL_FAULT_NONE && fault != PULL_FAULT_SLOW)
		return refuse(fault, out);
	ret->link = write_page(&tags, q, last, n, a, out);
	return OK;
}

/* ---- manifests ---- */

static int manifest(struct registries *r, const struct asked *q, const char *target,
		    const struct sources_request *request, struct arena *a, struct buf *out,
		    struct sources_answer *ret)
{
	struct sim_served served;
	bool logged_in =
		request->authorization != NULL && strcmp(request->authorization, LOGGED_IN) == 0;
	enum pull_fault fault = PULL_FAULT_INVALID_NAME;
	if (q->repository != NULL && target != NULL)
		fault = registries_manifest(r, q->repository, target, logged_in, out, &served,
					    &ret->delay_ms);
	if (fault == PULL_FAULT_UNAUTHORIZED && q->host != NULL && request->host != NULL)
		ret->challenge = arena_printf(a,
					      "Bearer realm=\"http://%s" ONE "%s" TOKEN
					      "\",scope=\"repository:%s:pull\"",
					      request->host, q->host, q->shown);
	if (fault != PULL_FAULT_NONE && fault != PULL_FAULT_SLOW)
		return refuse(fault, out);
	ret->digest = served.digest;
	ret->type = served.type;
	return OK;
}

static int give_token(const struct sources_request *request, struct buf *out)
{
	bool user = request->authorization != NULL && starts(request->authorization, BASIC);
	buf_addf(out, "{\"token\":\"%s\"}\n", (user ? LOGGED_IN : ANYBODY) + strlen("Bearer "));
	return OK;
}

/* ---- what is asked ---- */

/* Reads the repository from the first n bytes of the path. */
static void name_repository(struct asked *q, size_t n, struct arena *a)
{
	q->shown = target_decode(q->path, n, false, a);
	q->repository = q->shown == NULL || q->host == NULL
				? q->shown
				: arena_printf(a, "%s/%s", q->host, q->shown);
}

static int answer_api(struct registries *r, struct asked *q, const struct sources_request *request,
		      struct arena *a, struct buf *out, struct sources_answer *ret)
{
	size_t len = strlen(q->path), tail = strlen(TAGS);
	const char *manifests = strstr(q->path, MANIFESTS);
	ret->registry = q->host != NULL ? q->host : "mirror";
	if (len == 0) {
		buf_adds(out, "{}\n");
		return OK;
	}
	if (len > tail && strcmp(q->path + len - tail, TAGS) == 0) {
		ret->what = "tags";
		name_repository(q, len - tail, a);
		return list_tags(r, q, a, out, ret);
	}
	if (manifests == NULL)
		return refuse(PULL_FAULT_NOT_FOUND, out);
	ret->what = "manifests";
	name_repository(q, (size_t)(manifests - q->path), a);
	const char *target = manifests + strlen(MANIFESTS);
	return manifest(r, q, target_decode(target, strlen(target), false, a), request, a, out,
			ret);
}

void registry_http_answer(struct registries *r, const struct sources_request *request,
			  struct arena *a, struct buf *out, struct sources_answer *ret)
{
	size_t len = strcspn(request->uri, "?");
	const char *path = arena_strndup(a, request->uri, len);
	struct asked q = {.base = MIRROR, .query = request->uri + len + (request->uri[len] == '?')};
	if (starts(path, MIRROR)) {
		q.path = path + strlen(MIRROR);
		ret->code = answer_api(r, &q, request, a, out, ret);
		return;
	}
	const char *name = path + strlen(ONE);
	size_t n = strcspn(name, "/");
	q.host = arena_strndup(a, name, n);
	q.base = arena_printf(a, ONE "%s" MIRROR, q.host);
	if (strcmp(name + n, TOKEN) == 0) {
		ret->registry = q.host;
		ret->what = "token";
		ret->code = give_token(request, out);
	} else if (starts(name + n, MIRROR)) {
		q.path = name + n + strlen(MIRROR);
		ret->code = answer_api(r, &q, request, a, out, ret);
	} else {
		ret->code = refuse(PULL_FAULT_NOT_FOUND, out);
	}
}
