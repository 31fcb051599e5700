/* See pipeline_rules.h. Rules are found by their text, as in rules.c. */
#include "sim/store/admission/pipeline_rules.h"

#include <string.h>

#include "sim/store/admission/members.h"

static const char *text_of(const cJSON *self, const char *name)
{
	const char *s = member_text(self, name);
	return s != NULL ? s : "";
}

/* Is exactly the block there that the member names? NULL ends. */
static bool only_block(const cJSON *self, const char *member_name, const char *const *blocks)
{
	for (; *blocks != NULL; blocks++)
		if ((member(self, *blocks) != NULL) !=
		    (strcmp(text_of(self, member_name), *blocks) == 0))
			return false;
	return true;
}

static bool query_block(const cJSON *self)
{
	static const char *const blocks[] = {"prometheus", "loki", "registry", NULL};
	bool cluster = strcmp(text_of(self, "type"), "cluster") == 0;
	return only_block(self, "type", blocks) && (cluster || member(self, "cluster") == NULL);
}

static bool signal_block(const cJSON *self)
{
	static const char *const blocks[] = {"aggregate", "timeWeightedAggregate",
					     "windowAggregate", "eventPullTime", NULL};
	return only_block(self, "type", blocks);
}

static bool ranking_block(const cJSON *self)
{
	static const char *const blocks[] = {"signal", "weightedSum", "modelExposure", NULL};
	return only_block(self, "strategy", blocks);
}

static bool one_window(const cJSON *self)
{
	return (member(self, "relativeWindow") != NULL) != (member(self, "window") != NULL);
}

static bool one_form(const cJSON *self)
{
	return member(self, "sources") == NULL ||
	       (member(self, "queries") == NULL && member(self, "signals") == NULL &&
		member(self, "ranking") == NULL);
}

/* The element of the list with that name; NULL: there is none. */
static const cJSON *named(const cJSON *self, const char *list, const char *name)
{
	const cJSON *all = member(self, list);
	for (const cJSON *one = all != NULL ? all->child : NULL; one != NULL; one = one->next)
		if (strcmp(text_of(one, "name"), name) == 0)
			return one;
	return NULL;
}

static const cJSON *first_signal(const cJSON *self)
{
	const cJSON *signals = member(self, "signals");
	return signals != NULL ? signals->child : NULL;
}

static bool queries_known(const cJSON *self)
{
	for (const cJSON *s = first_signal(self); s != NULL; s = s->next)
		if (named(self, "queries", text_of(s, "query")) == NULL)
			return false;
	return true;
}

static bool signals_fit(const cJSON *self)
{
	for (const cJSON *s = first_signal(self); s != NULL; s = s->next) {
		const cJSON *q = named(self, "queries", text_of(s, "query"));
		const char *of = text_of(q, "type"), *type = text_of(s, "type");
		if (q == NULL || strcmp(type, "aggregate") == 0)
			continue;
		if (strcmp(type, "eventPullTime") == 0
			    ? strcmp(of, "loki") != 0 && strcmp(of, "cluster") != 0
			    : strcmp(of, "registry") == 0)
			return false;
	}
	return true;
}

static bool ranking_signal(const cJSON *self)
{
	const cJSON *ranking = member(self, "ranking");
	return member(ranking, "signal") == NULL ||
	       named(self, "signals", text_of(ranking, "signal")) != NULL;
}

static bool ranking_terms(const cJSON *self)
{
	const cJSON *sum = member(member(self, "ranking"), "weightedSum");
	const cJSON *terms = member(sum, "terms");
	for (const cJSON *t = terms != NULL ? terms->child : NULL; t != NULL; t = t->next)
		if (named(self, "signals", text_of(t, "signal")) == NULL)
			return false;
	return true;
}

static bool ranking_exposure(const cJSON *self)
{
	static const char *const names[] = {"preWindowUsageSignal", "targetWindowUsageSignal",
					    "pullTimeSignal"};
	const cJSON *exposure = member(member(self, "ranking"), "modelExposure");
	for (size_t i = 0; exposure != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		if (named(self, "signals", text_of(exposure, names[i])) == NULL)
			return false;
	return true;
}

static bool ranking_waiting(const cJSON *self)
{
	const cJSON *queries = member(self, "queries");
	if (strcmp(text_of(member(self, "ranking"), "strategy"), "waitingSaved") != 0)
		return true;
	for (const cJSON *q = queries != NULL ? queries->child : NULL; q != NULL; q = q->next)
		if (strcmp(text_of(q, "type"), "cluster") == 0)
			return true;
	return false;
}

static const struct {
	const char *rule;
	bool (*holds)(const cJSON *self);
} rules[] = {
	{"has(self.prometheus) == (self.type == 'prometheus') && has(self.loki) == (self.type == "
	 "'loki') && has(self.registry) == (self.type == 'registry') && (!has(self.cluster) || "
	 "self.type == 'cluster')",
	 query_block},
	{"has(self.aggregate) == (self.type == 'aggregate') && has(self.timeWeightedAggregate) == "
	 "(self.type == 'timeWeightedAggregate') && has(self.windowAggregate) == (self.type == "
	 "'windowAggregate') && has(self.eventPullTime) == (self.type == 'eventPullTime')",
	 signal_block},
	{"has(self.signal) == (self.strategy == 'signal') && has(self.weightedSum) == "
	 "(self.strategy == 'weightedSum') && has(self.modelExposure) == (self.strategy == "
	 "'modelExposure')",
	 ranking_block},
	{"has(self.relativeWindow) != has(self.window)", one_window},
	{"!has(self.sources) || !(has(self.queries) || has(self.signals) || has(self.ranking))",
	 one_form},
	{"!has(self.signals) || self.signals.all(s, has(self.queries) && self.queries.exists(q, "
	 "q.name == s.query))",
	 queries_known},
	{"!has(self.signals) || !has(self.queries) || self.signals.all(s, s.type == 'aggregate' || "
	 "self.queries.all(q, q.name != s.query || (s.type == 'eventPullTime' ? q.type in "
	 "['loki', 'cluster'] : q.type != 'registry')))",
	 signals_fit},
	{"!has(self.ranking) || !has(self.ranking.signal) || (has(self.signals) && "
	 "self.signals.exists(s, s.name == self.ranking.signal))",
	 ranking_signal},
	{"!has(self.ranking) || !has(self.ranking.weightedSum) || "
	 "self.ranking.weightedSum.terms.all(t, has(self.signals) && self.signals.exists(s, s.name "
	 "== t.signal))",
	 ranking_terms},
	{"!has(self.ranking) || !has(self.ranking.modelExposure) || "
	 "[self.ranking.modelExposure.preWindowUsageSignal, "
	 "self.ranking.modelExposure.targetWindowUsageSignal, "
	 "self.ranking.modelExposure.pullTimeSignal].all(n, has(self.signals) && "
	 "self.signals.exists(s, s.name == n))",
	 ranking_exposure},
	{"!has(self.ranking) || self.ranking.strategy != 'waitingSaved' || (has(self.queries) && "
	 "self.queries.exists(q, q.type == 'cluster'))",
	 ranking_waiting},
};

bool pipeline_rule_holds(const char *rule, const cJSON *self, bool *known)
{
	size_t i = 0, n = sizeof(rules) / sizeof(rules[0]);
	while (i < n && strcmp(rules[i].rule, rule) != 0)
		i++;
	*known = i < n;
	return !*known || self == NULL || rules[i].holds(self);
}
