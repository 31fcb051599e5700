/*
 * Waiting, sending and watching for the live tests.
 */
#include "tests/kube/live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "base/json.h"

struct object {
	char *name, *rv;
};

struct kube *live_kube(void)
{
	struct err err = {0};
	struct kube *k = kube_new(getenv("DROP_TEST_KUBECONFIG"), "drop-test/0", &err);
	if (k == NULL)
		fail_msg("kube_new: %s", err.text);
	return k;
}

void live_until(struct kube *k, bool (*met)(void *ctx), void *ctx, const char *what)
{
	int64_t limit = clock_boot_ms() + LIVE_LIMIT_MS;
	while (!met(ctx)) {
		if (clock_boot_ms() > limit)
			fail_msg("not in time: %s", what);
		kube_wait(k, NULL, 0, 100);
	}
}

static void on_answer(void *ctx, const struct kube_answer *a)
{
	struct live_answer *r = ctx;
	assert_false(r->done);
	r->done = true;
	r->code = a->code;
	r->attempts = a->attempts;
	snprintf(r->reason, sizeof(r->reason), "%s", a->reason);
	snprintf(r->message, sizeof(r->message), "%s", a->message);
	r->body = xstrdup(a->body);
}

static bool answered(void *ctx)
{
	return ((struct live_answer *)ctx)->done;
}

struct live_answer live_send(struct kube *k, enum kube_method method, const char *path,
			     const char *body)
{
	struct live_answer r = {0};
	struct kube_request req = {
		.method = method,
		.lane = KUBE_WRITE,
		.path = path,
		.body = body,
		.body_len = body ? strlen(body) : 0,
		.content_type = method == KUBE_PATCH ? "application/merge-patch+json" : NULL,
		.deadline_ms = clock_boot_ms() + LIVE_LIMIT_MS / 2,
	};
	kube_send(k, &req, on_answer, &r);
	live_until(k, answered, &r, path);
	return r;
}

void live_expect(struct kube *k, enum kube_method method, const char *path, const char *body,
		 int code)
{
	struct live_answer r = live_send(k, method, path, body);
	if (r.code != code)
		fail_msg("%s: %d %s %s, wanted %d", path, r.code, r.reason, r.message, code);
	free(r.body);
}

/* ---- the view ---- */

static void drop_object(struct object *o)
{
	if (o == NULL)
		return;
	free(o->name);
	free(o->rv);
	free(o);
}

static void drop_all(struct live_view *v)
{
	struct object *o;
	for (size_t i = 0; (o = map_next(&v->objects, &i)) != NULL;)
		drop_object(o);
	map_done(&v->objects);
	v->objects = (struct map){0};
}

static void on_begin(void *ctx)
{
	struct live_view *v = ctx;
	v->begun++;
	drop_all(v);
}

static char *member_copy(struct json_range meta, const char *key)
{
	char text[256];
	json_copy_string(json_member(meta, key), text, sizeof(text));
	assert_string_not_equal(text, "");
	return xstrdup(text);
}

static void on_object(void *ctx, bool gone, const char *json, size_t len)
{
	struct live_view *v = ctx;
	struct json_range meta = json_member((struct json_range){json, len}, "metadata");
	struct object *o = xcalloc(1, sizeof(*o));
	o->name = member_copy(meta, "name");
	o->rv = member_copy(meta, "resourceVersion");
	drop_object(map_del(&v->objects, o->name));
	if (gone) {
		v->gone++;
		drop_object(o);
	} else {
		v->changed++;
		map_put(&v->objects, o->name, o);
	}
}

static void on_synced(void *ctx, int64_t began_ms)
{
	struct live_view *v = ctx;
	v->synced++;
	v->began_ms = began_ms;
}

static void on_trouble(void *ctx, const struct err *err)
{
	struct live_view *v = ctx;
	v->troubles++;
	snprintf(v->trouble, sizeof(v->trouble), "%s", err->text);
}

static const struct reflector_ops view_ops = {
	.begin = on_begin,
	.object = on_object,
	.synced = on_synced,
	.trouble = on_trouble,
};

void live_view_start(struct kube *k, struct live_view *v, const char *path, const char *selector,
		     size_t page)
{
	*v = (struct live_view){0};
	struct reflector_config config = {.path = path, .label_selector = selector, .page = page};
	v->reflector = reflector_new(k, &config, &view_ops, v);
}

void live_view_stop(struct live_view *v)
{
	reflector_free(v->reflector);
	drop_all(v);
}
