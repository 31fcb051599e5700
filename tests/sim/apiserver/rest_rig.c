/*
 * Plays the part of sim/apiserver/serve.c, synchronously.
 */
#include "tests/unit.h"

#include "tests/sim/apiserver/rest_rig.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

void rig_init(struct rig *r)
{
	*r = (struct rig){.now = {.boot_ms = 1000000, .wall_s = 1767225600}};
	r->store = store_new(1);
	r->faults = faults_new(1);
	r->watches = watches_new(r->store, r->faults);
	assert_int_equal(ask(r, "POST", "/api/v1/namespaces", "{'metadata':{'name':'ns'}}"), 201);
	assert_int_equal(ask(r, "POST", "/api/v1/namespaces", "{'metadata':{'name':'other'}}"),
			 201);
}

void rig_done(struct rig *r)
{
	cJSON_Delete(r->body);
	buf_done(&r->answer.body);
	watches_free(r->watches);
	faults_free(r->faults);
	store_free(r->store);
	arena_done(&r->arena);
}

/* Our tests' JSON has no single quotes of its own. */
static char *quoted(const char *text)
{
	char *copy = xstrdup(text != NULL ? text : "");
	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	return copy;
}

int ask_typed(struct rig *r, const char *method, const char *uri, const char *type,
	      const char *body)
{
	struct target t;
	struct api_error e;
	char *json = quoted(body);
	arena_reset(&r->arena);
	buf_clear(&r->answer.body, 0);
	r->answer = (struct rest_answer){.body = r->answer.body};
	if (target_parse(method, uri, &r->arena, &t, &e) != 0) {
		rest_refuse(&e, &t, &r->answer);
	} else {
		assert_non_null(t.res);
		const struct rest_request req = {
			.target = &t,
			.content_type = type,
			.body = json,
			.len = strlen(json),
			.now = r->now,
		};
		rest_answer(r->store, &req, &r->arena, &r->answer);
	}
	cJSON_Delete(r->body);
	r->body = cJSON_Parse(r->answer.body.data);
	free(json);
	return r->answer.code;
}

int ask(struct rig *r, const char *method, const char *uri, const char *body)
{
	return ask_typed(r, method, uri,
			 strcmp(method, "PATCH") == 0 ? "application/merge-patch+json"
						      : "application/json",
			 body);
}

const char *at(struct rig *r, const char *path)
{
	const cJSON *item = r->body;
	char *copy = arena_strdup(&r->arena, path), *rest = copy;
	for (char *name; item != NULL && (name = strsep(&rest, ".")) != NULL;)
		item = cJSON_IsArray(item) ? cJSON_GetArrayItem(item, (int)strtol(name, NULL, 10))
					   : cJSON_GetObjectItemCaseSensitive(item, name);
	if (item == NULL)
		return "";
	if (cJSON_IsString(item))
		return item->valuestring;
	char *text = cJSON_PrintUnformatted(item);
	char *kept = arena_strdup(&r->arena, text);
	cJSON_free(text);
	return kept;
}

const char *names(struct rig *r)
{
	struct buf out = {0};
	const cJSON *one;
	cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(r->body, "items"))
	{
		const cJSON *meta = cJSON_GetObjectItemCaseSensitive(one, "metadata");
		buf_addf(&out, "%s%s", out.len ? " " : "",
			 cJSON_GetObjectItemCaseSensitive(meta, "name")->valuestring);
	}
	const char *kept = arena_strdup(&r->arena, out.data != NULL ? out.data : "");
	buf_done(&out);
	return kept;
}

void settle(struct rig *r)
{
	while (store_turn(r->store, r->now) != CLOCK_NEVER)
		;
}

struct watch *watch(struct rig *r, const char *uri)
{
	struct target t;
	struct api_error e;
	struct watch *w = NULL;
	arena_reset(&r->arena);
	assert_int_equal(target_parse("GET", uri, &r->arena, &t, &e), 0);
	assert_string_equal(t.verb, "watch");
	buf_clear(&r->answer.body, 0);
	r->answer.code = 200;
	if (watch_open(r->watches, &t, VIEW_JSON, "test/1", 0, r->now, r, &w, &e) != 0)
		rest_refuse(&e, &t, &r->answer);
	return w;
}

static void add_event(struct buf *out, const cJSON *event)
{
	const char *type = cJSON_GetObjectItemCaseSensitive(event, "type")->valuestring;
	const cJSON *object = cJSON_GetObjectItemCaseSensitive(event, "object");
	const cJSON *meta = cJSON_GetObjectItemCaseSensitive(object, "metadata");
	const cJSON *notes = cJSON_GetObjectItemCaseSensitive(meta, "annotations");
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(meta, "name");
	const cJSON *code = cJSON_GetObjectItemCaseSensitive(object, "code");
	buf_addf(out, "%s%s", out->len ? ", " : "", type);
	if (name != NULL)
		buf_addf(out, " %s", name->valuestring);
	if (code != NULL)
		buf_addf(out, " %d", code->valueint);
	if (cJSON_GetObjectItemCaseSensitive(notes, "k8s.io/initial-events-end") != NULL)
		buf_adds(out, " END");
}

const char *events(struct rig *r, struct watch *w)
{
	struct buf raw = {0}, out = {0};
	/* Few bytes at a time, so that going on where it stopped is tested with everything. */
	for (size_t before = SIZE_MAX; before != raw.len;) {
		struct buf some = {0};
		before = raw.len;
		bool ends = watch_take(w, r->now, 64, &some);
		buf_add(&raw, some.data, some.len);
		buf_done(&some);
		if (ends) {
			before = raw.len;
			break;
		}
	}
	for (char *rest = raw.data, *line; rest != NULL && (line = strsep(&rest, "\n")) && *line;) {
		cJSON *event = cJSON_Parse(line);
		assert_non_null(event);
		add_event(&out, event);
		cJSON_Delete(event);
	}
	const char *kept = arena_strdup(&r->arena, out.data != NULL ? out.data : "");
	buf_done(&out);
	buf_done(&raw);
	return kept;
}
