/*
 * A table of paths. A list of steps is read as a whole before the first is done, so that a
 * mistake in the last one does nothing.
 */
#include "sim/play/control.h"

#include <inttypes.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "api/desc.h"
#include "api/yaml_tree.h"

#include "sim/scenario/tables.h"
#include "sim/nodes/nodes.h"
#include "sim/play/truth.h"

enum {
	STATUS_OK = 200,
	STATUS_BAD = 400,
	STATUS_UNKNOWN = 404,
	STATUS_METHOD = 405,
	STATUS_LARGE = 413
};

struct query {
	const struct control *c;
	const char *body;
	size_t len;
	struct now now;
};

static int fail(int status, const char *text, struct buf *out)
{
	buf_clear(out, 0);
	buf_adds(out, "{\"error\":");
	buf_add_json(out, text);
	buf_adds(out, "}\n");
	return status;
}

static int read_steps(const cJSON *body, struct arena *a, struct sim_steps *ret, struct err *err)
{
	bool list = cJSON_IsArray(body);
	size_t n = list ? (size_t)cJSON_GetArraySize(body) : 1;
	if (n > CONTROL_STEPS_MAX)
		return err_set(err, ERR_TERMINAL, "at most %d steps at a time", CONTROL_STEPS_MAX);
	*ret = (struct sim_steps){arena_array(a, n, sizeof(*ret->at)), 0};
	for (const cJSON *one = list ? body->child : body; one != NULL && ret->n < n;
	     one = one->next, ret->n++) {
		const char *json = yaml_json(one, a);
		if (scenario_read_step(json, strlen(json), a, &ret->at[ret->n], err) != 0)
			return list ? err_wrap(err, "step %zu", ret->n) : -1;
	}
	return 0;
}

static int post_do(const struct query *q, struct buf *out)
{
	struct arena a = ARENA_INIT;
	struct sim_steps steps = {0};
	struct err err = {.text = "a step, or a list of steps, as JSON"};
	cJSON *body = cJSON_ParseWithLength(q->body, q->len);
	int rc = body != NULL ? read_steps(body, &a, &steps, &err) : -1;
	size_t done = 0, scheduled = 0;
	for (size_t i = 0; rc == 0 && i < steps.n; i++) {
		rc = timeline_do(q->c->timeline, &steps.at[i], q->now, &err);
		*(steps.at[i].at_ms > 0 ? &scheduled : &done) += rc == 0;
	}
	if (rc == 0)
		buf_addf(out, "{\"done\":%zu,\"scheduled\":%zu}\n", done, scheduled);
	cJSON_Delete(body);
	arena_done(&a);
	return rc == 0 ? STATUS_OK : fail(STATUS_BAD, err.text, out);
}

static int get_truth(const struct query *q, struct buf *out)
{
	truth_write(q->c, q->now, out);
	return STATUS_OK;
}

static int write_tally(const struct tally *t, const char *who, struct buf *out)
{
	buf_addf(out, "{\"total\":%" PRIu64 ",\"rows\":[", t->total);
	for (size_t i = 0; i < t->n; i++) {
		buf_addf(out, "%s{\"%s\":", i == 0 ? "" : ",", who);
		buf_add_json(out, t->rows[i].client);
		buf_adds(out, ",\"verb\":");
		buf_add_json(out, t->rows[i].verb);
		buf_adds(out, ",\"resource\":");
		buf_add_json(out, t->rows[i].resource);
		buf_addf(out, ",\"count\":%" PRIu64 "}", t->rows[i].count);
	}
	buf_adds(out, "]}\n");
	return STATUS_OK;
}

static int get_requests(const struct query *q, struct buf *out)
{
	return write_tally(q->c->tally, "client", out);
}

static int get_registries(const struct query *q, struct buf *out)
{
	return write_tally(q->c->asked, "registry", out);
}

static int get_expect(const struct query *q, struct buf *out)
{
	struct arena a = ARENA_INIT;
	struct api_strings missing = expect_missing(&q->c->scenario->expect, q->c->world, &a);
	buf_addf(out, "{\"met\":%s,\"missing\":[", missing.n == 0 ? "true" : "false");
	for (size_t i = 0; i < missing.n; i++) {
		buf_adds(out, i == 0 ? "" : ",");
		buf_add_json(out, missing.at[i]);
	}
	buf_adds(out, "]}\n");
	arena_done(&a);
	return STATUS_OK;
}

static int get_starts(const struct query *q, struct buf *out)
{
	const struct buf *starts = nodes_starts(q->c->world->nodes);
	buf_addf(out, "{\"whole\":%s,\"starts\":[", starts->full ? "false" : "true");
	buf_add(out, starts->data, starts->len);
	buf_adds(out, "]}\n");
	return STATUS_OK;
}

static int get_scenario(const struct query *q, struct buf *out)
{
	desc_encode(&sim_scenario_desc, q->c->scenario, out);
	buf_adds(out, "\n");
	return STATUS_OK;
}

static const struct route {
	const char *path, *method;
	int (*answer)(const struct query *q, struct buf *out);
} routes[] = {
	{"/sim/do", "POST", post_do},           {"/sim/truth", "GET", get_truth},
	{"/sim/requests", "GET", get_requests}, {"/sim/expect", "GET", get_expect},
	{"/sim/scenario", "GET", get_scenario}, {"/sim/registries", "GET", get_registries},
	{"/sim/starts", "GET", get_starts},
};

int control_answer(const struct control *c, const char *method, const char *path, const char *body,
		   size_t len, struct now now, struct buf *out)
{
	const struct query q = {c, body, len, now};
	if (len > CONTROL_BODY_MAX)
		return fail(STATUS_LARGE, "the body is larger than 1 MiB", out);
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (strcmp(path, routes[i].path) != 0)
			continue;
		if (strcmp(method, routes[i].method) != 0)
			return fail(STATUS_METHOD, routes[i].method, out);
		return routes[i].answer(&q, out);
	}
	return fail(STATUS_UNKNOWN,
		    "there are /sim/do, truth, requests, registries, expect, starts, scenario", out);
}
