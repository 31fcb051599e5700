/*
 * See plan.h. Invariant: what plan_make() accepts has all members that the rest of the discoverer
 * reads; the API server's own checks are not relied on, as stored objects may be older than these.
 */
#include "discoverer/plan.h"

#include <math.h>
#include <string.h>

#include "api/quantity.h"
#include "api/tables.h"

#include "discoverer/pipeline/decimal.h"

/* {"name":"","value":"-9007199254740992"}, with a comma. */
#define SIGNAL_BYTES 45
/* Of a percentile's name: "p95". */
#define PERCENT 100.0

struct plan_queries plan_queries(const struct discoverypolicy_spec *spec)
{
	bool pipeline = spec->sources.n == 0;
	const struct discovery_sources *list = pipeline ? &spec->queries : &spec->sources;
	return (struct plan_queries){
		.at = list->at,
		.n = list->n,
		.desc = pipeline ? &discovery_query_desc : &discovery_source_desc,
		.pipeline = pipeline,
	};
}

const char *plan_query_name(const struct plan_queries *queries, size_t i, struct arena *a)
{
	if (!queries->pipeline)
		return arena_printf(a, "sources[%zu]", i);
	const char *name = queries->at[i].name;
	return arena_printf(a, "queries[%zu] %s", i, name != NULL ? name : "");
}

/* ---- signals ---- */

static bool is(const char *text, const char *word)
{
	return text != NULL && strcmp(text, word) == 0;
}

static enum signal_method method_of(const char *name)
{
	static const char *const names[] = {"sum", "count", "avg", "max", "min"};
	size_t i = 0;
	while (i < 4 && !is(name, names[i]))
		i++;
	return (enum signal_method)i;
}

static int zone_of(const char *name, struct arena *a, struct signal_rule *r, struct err *err)
{
	return zone_load(name, a, &r->zone, err) < 0 ? err_wrap(err, "timezone") : 0;
}

/* A signed quantity. */
static int weight_of(const char *text, const char *what, double *ret, struct err *err)
{
	bool negative = *text == '-';
	long double value = quantity_value(text + negative);
	if (value < 0 || value > 1e30L)
		return err_set(err, ERR_TERMINAL, "%s is no number such as 0.3, 300m or 2", what);
	*ret = (double)(negative ? -value : value);
	return 0;
}

static int hours_rule(const struct signal_weighted *s, struct arena *a, struct signal_rule *r,
		      struct err *err)
{
	r->method = method_of(s->method);
	r->weighted = true;
	r->default_weight = 1;
	if (s->default_weight != NULL &&
	    weight_of(s->default_weight, "defaultWeight", &r->default_weight, err) < 0)
		return -1;
	for (size_t i = 0; i < s->windows.n && i < SIGNAL_WINDOWS_MAX; i++) {
		const struct signal_hours *w = &s->windows.at[i];
		struct weight_window *at = &r->windows[r->n_windows++];
		at->from = (int)w->start_hour;
		at->to = (int)w->end_hour;
		if (weight_of(w->weight, "weight", &at->weight, err) < 0)
			return err_wrap(err, "windows[%zu]", i);
	}
	return zone_of(s->timezone, a, r, err);
}

/* "HH:MM", as the table's pattern has it. */
static int64_t clock_s(const char *text)
{
	return ((text[0] - '0') * 10 + text[1] - '0') * INT64_C(3600) +
	       ((text[3] - '0') * 10 + text[4] - '0') * INT64_C(60);
}

static int window_rule(const struct signal_window *s, int64_t now_ms, struct arena *a,
		       struct signal_rule *r, struct err *err)
{
	r->method = method_of(s->method);
	if ((s->window != NULL) == (s->relative_window > 0))
		return err_set(err, ERR_TERMINAL, "set relativeWindow or window, and not both");
	if (s->window == NULL) {
		r->window = WINDOW_SINCE;
		r->since_ms = now_ms - s->relative_window;
		return 0;
	}
	r->window = WINDOW_DAILY;
	r->from_s = clock_s(s->window->start);
	r->to_s = clock_s(s->window->end);
	if (r->from_s == r->to_s)
		return err_set(err, ERR_TERMINAL, "window: start and end are the same");
	return zone_of(s->timezone, a, r, err);
}

static void event_rule(const struct signal_event *s, struct signal_rule *r)
{
	r->series = is(s->metric, "imageSize") ? SERIES_IMAGE_BYTES : SERIES_PULL_SECONDS;
	if (*s->statistic == 'p') {
		r->method = METHOD_PERCENTILE;
		r->percentile = ((s->statistic[1] - '0') * 10 + s->statistic[2] - '0') / PERCENT;
	} else {
		r->method = method_of(s->statistic);
	}
}

static int signal_rule_of(const struct discovery_signal *s, const struct discovery_source *query,
			  int64_t now_ms, struct arena *a, struct signal_rule *r, struct err *err)
{
	bool lines = query->loki != NULL && query->loki->parser != NULL;
	bool events = lines || is(query->type, "cluster");
	bool times = query->registry == NULL;
	*r = (struct signal_rule){.series = lines ? SERIES_PULL_SECONDS : SERIES_VALUES};
	if (is(s->type, "aggregate") && s->aggregate != NULL) {
		r->method = method_of(s->aggregate->method);
		return 0;
	}
	if (is(s->type, "eventPullTime") && s->event != NULL) {
		event_rule(s->event, r);
		if (!events)
			return err_set(
				err, ERR_TERMINAL,
				"query %s has no events: it needs type loki with a parser, or "
				"type cluster",
				query->name);
		return 0;
	}
	if (!times && (s->weighted != NULL || s->window != NULL))
		return err_set(err, ERR_TERMINAL, "query %s has no times", query->name);
	if (is(s->type, "timeWeightedAggregate") && s->weighted != NULL)
		return hours_rule(s->weighted, a, r, err);
	if (is(s->type, "windowAggregate") && s->window != NULL)
		return window_rule(s->window, now_ms, a, r, err);
	return err_set(err, ERR_TERMINAL, "the block %s is missing", s->type);
}

int plan_rules(const struct discovery_signals *signals, const struct discovery_source *query,
	       int64_t now_ms, struct arena *a, struct signal_rule **ret, size_t *ret_n,
	       struct err *err)
{
	size_t n = 0;
	struct signal_rule *rules = arena_array(a, signals->n, sizeof(*rules));
	for (size_t i = 0; i < signals->n; i++) {
		const struct discovery_signal *s = &signals->at[i];
		if (!is(query->name, s->query))
			continue;
		if (signal_rule_of(s, query, now_ms, a, &rules[n++], err) < 0)
			return err_wrap(err, "signal %s", s->name);
	}
	*ret = rules;
	*ret_n = n;
	return 0;
}

/* ---- the ranking ---- */

static int use_signal(struct plan *plan, const char *name, struct ranking_part *ret,
		      struct err *err)
{
	for (size_t i = 0; i < plan->n_signals; i++)
		if (is(name, plan->signals->at[i].name)) {
			plan->used[i] = true;
			ret->signal = i;
			return 0;
		}
	return err_set(err, ERR_TERMINAL, "there is no signal %s", name != NULL ? name : "\"\"");
}

static int weighted_sum(struct plan *plan, const struct ranking_weighted *w,
			struct ranking_part *parts, struct err *err)
{
	plan->ranking.strategy = RANK_WEIGHTED_SUM;
	plan->ranking.drop_missing = is(w->missing_signal, "drop");
	for (size_t i = 0; i < w->terms.n; i++) {
		if (use_signal(plan, w->terms.at[i].signal, &parts[i], err) < 0 ||
		    weight_of(w->terms.at[i].weight, "weight", &parts[i].weight, err) < 0)
			return err_wrap(err, "weightedSum.terms[%zu]", i);
	}
	plan->ranking.n = w->terms.n;
	return 0;
}

static int model_exposure(struct plan *plan, const struct ranking_exposure *e,
			  struct ranking_part *parts, struct err *err)
{
	plan->ranking.strategy = RANK_MODEL_EXPOSURE;
	plan->ranking.n = 3;
	plan->nodes = e->nodes;
	plan->counts_nodes = e->nodes == NULL || e->nodes->count == 0 || e->nodes->selector != NULL;
	if (use_signal(plan, e->before, &parts[0], err) < 0 ||
	    use_signal(plan, e->target, &parts[1], err) < 0 ||
	    use_signal(plan, e->pull_time, &parts[2], err) < 0)
		return err_wrap(err, "modelExposure");
	return 0;
}

static int waiting_saved(struct plan *plan, struct err *err)
{
	plan->ranking.strategy = RANK_WAITING_SAVED;
	for (size_t i = 0; i < plan->queries.n; i++)
		if (is(plan->queries.at[i].type, "cluster"))
			return 0;
	return err_set(err, ERR_TERMINAL, "waitingSaved needs a query of type cluster");
}

static int make_ranking(struct plan *plan, const struct discovery_ranking *r, struct arena *a,
			struct err *err)
{
	if (r == NULL)
		return 0;
	size_t n = r->weighted != NULL ? r->weighted->terms.n : 3;
	struct ranking_part *parts = arena_array(a, n, sizeof(*parts));
	plan->ranking.parts = parts;
	if (is(r->strategy, "signal")) {
		plan->ranking.strategy = RANK_SIGNAL;
		plan->ranking.n = 1;
		return use_signal(plan, r->signal, parts, err);
	}
	if (is(r->strategy, "weightedSum") && r->weighted != NULL)
		return weighted_sum(plan, r->weighted, parts, err);
	if (is(r->strategy, "modelExposure") && r->exposure != NULL)
		return model_exposure(plan, r->exposure, parts, err);
	if (is(r->strategy, "waitingSaved"))
		return waiting_saved(plan, err);
	return err_set(err, ERR_TERMINAL, "the member %s is missing", r->strategy);
}

/* ---- the whole ---- */

static int check_form(const struct discoverypolicy_spec *spec, struct err *err)
{
	bool pipeline = spec->queries.n > 0 || spec->signals.n > 0 || spec->ranking != NULL;
	if (spec->sources.n > 0 && pipeline)
		return err_set(err, ERR_TERMINAL,
			       "set sources, or queries with signals and ranking, and not both");
	if (spec->sources.n > 0)
		return 0;
	if (spec->queries.n == 0)
		return err_set(err, ERR_TERMINAL, "there is no query: set sources or queries");
	if (desc_validate(&discoverypolicy_spec_desc, spec, err) < 0)
		return -1;
	for (size_t i = 0; i < spec->queries.n; i++)
		for (size_t k = 0; k < i; k++)
			if (is(spec->queries.at[i].name, spec->queries.at[k].name))
				return err_set(err, ERR_TERMINAL, "two queries are named %s",
					       spec->queries.at[i].name);
	return 0;
}

static int check_signals(const struct discoverypolicy_spec *spec, struct arena *a, struct err *err)
{
	for (size_t i = 0; i < spec->signals.n; i++) {
		const struct discovery_signal *s = &spec->signals.at[i];
		bool known = false;
		for (size_t k = 0; k < spec->queries.n; k++)
			known |= is(spec->queries.at[k].name, s->query);
		if (!known)
			return err_set(err, ERR_TERMINAL, "signal %s: there is no query %s",
				       s->name, s->query);
		for (size_t k = 0; k < i; k++)
			if (is(s->name, spec->signals.at[k].name))
				return err_set(err, ERR_TERMINAL, "two signals are named %s",
					       s->name);
	}
	for (size_t i = 0; i < spec->queries.n; i++) {
		struct signal_rule *rules;
		size_t n;
		if (plan_rules(&spec->signals, &spec->queries.at[i], 0, a, &rules, &n, err) < 0)
			return -1;
	}
	return 0;
}

static void take_queries(struct plan *plan, struct arena *a)
{
	plan->of = arena_array(a, plan->queries.n, sizeof(*plan->of));
	for (size_t i = 0; i < plan->queries.n; i++) {
		struct plan_query *q = &plan->of[i];
		q->signals = arena_array(a, plan->n_signals, sizeof(*q->signals));
		q->names = arena_array(a, plan->n_signals, sizeof(*q->names));
		for (size_t k = 0; k < plan->n_signals; k++) {
			if (!is(plan->queries.at[i].name, plan->signals->at[k].query))
				continue;
			q->names[q->n] = plan->signals->at[k].name;
			q->signals[q->n++] = k;
		}
	}
}

int plan_make(const struct discoverypolicy_spec *spec, struct arena *a, struct plan *ret,
	      struct err *err)
{
	*ret = (struct plan){.queries = plan_queries(spec), .signals = &spec->signals};
	if (ret->queries.pipeline)
		ret->n_signals = spec->signals.n;
	ret->used = arena_array(a, ret->n_signals, sizeof(*ret->used));
	take_queries(ret, a);
	if (check_form(spec, err) < 0)
		return -1;
	if (!ret->queries.pipeline)
		return 0;
	if (check_signals(spec, a, err) < 0)
		return -1;
	return make_ranking(ret, spec->ranking, a, err) < 0 ? err_wrap(err, "ranking") : 0;
}

void plan_list_rules(const struct plan *plan, int64_t matching, struct ranking *ranking,
		     struct list_rules *rules)
{
	if (!plan->queries.pipeline)
		return;
	bool selects = plan->nodes != NULL && plan->nodes->selector != NULL;
	int64_t count = plan->nodes != NULL ? plan->nodes->count : 0;
	*ranking = plan->ranking;
	ranking->nodes = (double)(count > 0 && (!selects || matching == 0) ? count : matching);
	rules->ranking = ranking;
	rules->n_signals = plan->n_signals;
	for (size_t i = 0; i < plan->n_signals; i++)
		if (plan->used[i])
			rules->signal_bytes += strlen(plan->signals->at[i].name) + SIGNAL_BYTES;
}

/* ---- the status ---- */

static struct signal_values values_of(const struct plan *plan, const double *numbers,
				      struct arena *a)
{
	struct signal_values v = {arena_array(a, plan->n_signals, sizeof(*v.at)), 0};
	for (size_t i = 0; numbers != NULL && i < plan->n_signals; i++)
		if (plan->used[i] && !isnan(numbers[i]))
			v.at[v.n++] = (struct signal_value){plan->signals->at[i].name,
							    decimal_text(numbers[i], a)};
	return v;
}

struct discovered_images plan_images(const struct plan *plan, const struct list *list,
				     struct arena *a)
{
	struct discovered_images all = {arena_array(a, list->n, sizeof(*all.at)), list->n};
	for (size_t i = 0; i < list->n; i++) {
		const struct list_image *image = &list->at[i];
		struct discovered_image *at = &all.at[i];
		at->image = image->image;
		if (plan->queries.pipeline) {
			at->rank = (int64_t)i + 1;
			at->final_score = decimal_text(image->score, a);
			at->signals = image->numbers == NULL && image->kept != NULL
					      ? *image->kept
					      : values_of(plan, image->numbers, a);
		} else {
			at->score = (int64_t)image->score;
			at->source = image->source != NULL ? image->source : "";
		}
	}
	return all;
}
