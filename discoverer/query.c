/* See source.h: the life of a query, from its Secret to its end. */
#include "discoverer/source.h"

#include <stdlib.h>
#include <string.h>

#include "api/tables.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "kube/urls.h"
#include "kube/weburl.h"

#include "discoverer/plan.h"

const struct source_ops *source_ops_find(const char *type)
{
	static const struct source_ops *const all[] = {&source_prometheus, &source_loki,
						       &source_registry, &source_cluster};
	for (size_t i = 0; type != NULL && i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i]->type, type) == 0)
			return all[i];
	return NULL;
}

int queries_check(const struct plan_queries *q, struct err *err)
{
	for (size_t i = 0; i < q->n; i++) {
		const struct source_ops *ops = source_ops_find(q->at[i].type);
		int rc = ops != NULL ? ops->check(&q->at[i], err)
				     : err_set(err, ERR_TERMINAL, "unknown type");
		if (rc == 0)
			continue;
		struct arena scratch = ARENA_INIT;
		err_wrap(err, "%s", plan_query_name(q, i, &scratch));
		arena_done(&scratch);
		return -1;
	}
	return 0;
}

/* Over http they can be read on the way, and any server in place of the host gets them. */
static void over_http(struct query *q)
{
	if (q->env->options->require_tls_credentials)
		query_end(q, FAULT_INSECURE,
			  "credentials are not sent over http (--require-tls-credentials); give "
			  "an https URL");
	q->plain = true;
}

static void start(struct query *q)
{
	struct weburl url;
	if (q->ops->url == NULL) {
		q->started = true;
		q->ops->start(q);
		return;
	}
	if (!query_url(q, q->ops->url(q->spec), &url))
		return;
	/* A user in the URL counts as upstream counts it; a Secret beats it. */
	if (q->auth.username == NULL && q->auth.token == NULL && url.user != NULL)
		auth_take(&q->auth, url.user, url.password);
	if (auth_sends(&q->auth) && strcmp(url.scheme, "http") == 0)
		over_http(q);
	if (q->ended)
		return;
	q->started = true;
	q->ops->start(q);
}

static void on_secret(void *ctx, const struct kube_answer *answer)
{
	struct query *q = ctx;
	const char *name = q->spec->secret_ref->name;
	struct err err;
	q->secret_request = 0;
	if (answer->code == 404)
		query_end(q, FAULT_NO_SECRET, "Secret %s does not exist in namespace %s", name,
			  q->env->pod_namespace);
	else if (answer->code != 200)
		query_end(q, answer->code == 403 ? FAULT_NO_SECRET : FAULT_FAILED,
			  "Secret %s cannot be read: %s", name, answer->message);
	else if (secret_rule_object(q->env->options, name, answer->body, answer->len, &err) < 0)
		query_end(q, FAULT_SECRET, "%s", err.text);
	else if (auth_read(&q->auth, name, answer->body, answer->len, &err) < 0)
		query_end(q, FAULT_NO_SECRET, "%s", err.text);
	else if (auth_check(&q->auth, name, q->ops->login != NULL, &err) < 0 ||
		 (q->ops->login != NULL && q->ops->login(q, &err) < 0))
		query_end(q, FAULT_NO_SECRET, "%s", err.text);
	else
		start(q);
}

static void read_secret(struct query *q)
{
	struct kube_request req = {
		.method = KUBE_GET,
		.lane = KUBE_WRITE, /* so that it ends when the right to act does */
		.path = url_secret(&q->mem, q->env->pod_namespace, q->spec->secret_ref->name),
		.deadline_ms = q->began_ms + QUERY_SECRET_MS,
		.secret = true,
	};
	q->secret_request = kube_send(q->env->kube, &req, on_secret, q);
}

static void ask_secret(struct query *q)
{
	struct err err;
	if (secret_rule_name(q->env->options, q->spec->secret_ref->name, &err) < 0)
		query_end(q, FAULT_SECRET, "%s", err.text);
	else
		read_secret(q);
}

/* What a query leaves out means the same as if it were written; see plan.h. */
static void fill_in(struct discovery_source *spec)
{
	struct prometheus_source *p = spec->prometheus;
	if (p != NULL && p->query_type != NULL && strcmp(p->query_type, "instant") == 0)
		p->lookback = 0;
	else if (p != NULL && p->lookback == 0)
		p->lookback = PLAN_LOOKBACK_MS;
	if (spec->loki != NULL && spec->loki->lookback == 0)
		spec->loki->lookback = PLAN_LOOKBACK_MS;
	if (spec->registry != NULL && spec->registry->max_scan == 0)
		spec->registry->max_scan = PLAN_SCAN;
}

/* The signals of a query of the pipeline form. */
static int take_signals(struct query *q, struct discovery_source *spec,
			const struct discovery_signals *signals, struct err *err)
{
	struct signal_rule *rules;
	fill_in(spec);
	q->results.fractions = true;
	if (plan_rules(signals, spec, clock_wall_us() / 1000, &q->mem, &rules, &q->results.n_rules,
		       err) < 0)
		return -1;
	q->results.rules = rules;
	return 0;
}

struct query *query_new(const struct query_env *env, const struct plan_queries *queries, size_t i,
			const struct discovery_signals *signals, const void *group,
			bool keep_dropped)
{
	struct query *q = xcalloc(1, sizeof(*q));
	struct discovery_source *spec = desc_clone(queries->desc, &queries->at[i], &q->mem);
	q->env = env;
	q->ops = source_ops_find(spec->type);
	q->spec = spec;
	q->group = group;
	q->results.keep_dropped = keep_dropped;
	q->began_ms = clock_boot_ms();
	struct err err;
	if (q->ops == NULL)
		query_end(q, FAULT_SPEC, "unknown source type %s", spec->type);
	else if (q->ops->check(q->spec, &err) < 0 ||
		 (queries->pipeline && take_signals(q, spec, signals, &err) < 0))
		query_end(q, FAULT_SPEC, "%s", err.text);
	else if (q->spec->secret_ref != NULL && q->spec->secret_ref->name != NULL &&
		 *q->spec->secret_ref->name != '\0')
		ask_secret(q);
	else
		start(q);
	return q;
}

struct query *query_free(struct query *q)
{
	if (q == NULL)
		return NULL;
	q->ended = true;
	if (q->secret_request != 0)
		kube_cancel(q->env->kube, q->secret_request);
	if (q->started)
		q->ops->stop(q);
	auth_done(&q->auth);
	results_done(&q->results);
	arena_done(&q->mem);
	free(q);
	return NULL;
}

int64_t query_tick(struct query *q, int64_t now_ms)
{
	if (!q->ended && now_ms >= q->began_ms + QUERY_TIME_MS)
		query_end(q, FAULT_TIMEOUT, "not done within %d s", QUERY_TIME_MS / 1000);
	return q->ended ? now_ms : q->began_ms + QUERY_TIME_MS;
}
