/* See discovery_status.h. The sentences are those of the reference; what we add comes after them.
 */
#include "discoverer/discovery_status.h"

#include <string.h>

#include "api/health.h"
#include "base/utf8.h"

static char *cut(struct arena *a, const char *text)
{
	return arena_strndup(a, text, utf8_cut(text, STATUS_MESSAGE_MAX));
}

/* lastTransitionTime moves only with status. */
static struct api_condition condition(const struct discoverypolicy_status *old, const char *type,
				      bool value, const char *reason, const char *message,
				      const struct status_facts *facts)
{
	const char *status = value ? "True" : "False";
	const struct api_condition *was = api_condition_find(&old->conditions, type);
	bool same = was != NULL && was->status != NULL && strcmp(was->status, status) == 0 &&
		    was->last_transition != 0;
	return (struct api_condition){
		.type = type,
		.status = status,
		.reason = reason,
		.message = message,
		.observed_generation = facts->generation,
		.last_transition = same ? was->last_transition : facts->now_s,
	};
}

/* Ours replaced, those of others kept, in their order. */
static void put(struct api_conditions *list, const struct api_condition *c)
{
	struct api_condition *known = api_condition_find(list, c->type);
	if (known != NULL)
		*known = *c;
	else
		list->at[list->n++] = *c;
}

/* What is left out for a reason that no setting chose is reported. */
static const char *left_out(const struct status_facts *f, struct arena *a)
{
	static const struct {
		enum drop_reason why;
		const char *text;
	} told[] = {
		{DROP_unusable, "names that are not image references"},
		{DROP_filter_limit, "names for which the filter exceeded its limits"},
		{DROP_too_many, "names beyond the limit of a source"},
	};
	const char *text = "";
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (f->left_out[told[i].why] > 0)
			text = arena_printf(a, "%s, left out %zu %s", text,
					    f->left_out[told[i].why], told[i].text);
	if (f->too_large > 0)
		text = arena_printf(a, "%s, left out %zu that exceed the size limit of the object",
				    text, f->too_large);
	for (size_t i = 0; i < f->n && strlen(text) < STATUS_MESSAGE_MAX; i++)
		if (f->sources[i].warning != NULL && *f->sources[i].warning != '\0')
			text = arena_printf(a, "%s; %s", text, f->sources[i].warning);
	return text;
}

/* ": why", of an empty list. */
static const char *notes(const struct status_facts *f, struct arena *a)
{
	const char *text = "";
	for (size_t i = 0; f->images.n == 0 && i < f->n && strlen(text) < STATUS_MESSAGE_MAX; i++)
		if (f->sources[i].note != NULL && f->sources[i].note[0] != '\0')
			text = arena_printf(a, "%s%s%s", text, text[0] != '\0' ? "; " : ": ",
					    f->sources[i].note);
	return text;
}

static size_t failed(const struct status_facts *f)
{
	size_t n = 0;
	for (size_t i = 0; i < f->n; i++)
		n += f->sources[i].fault != FAULT_NONE;
	return n;
}

static const struct source_view *first_failed(const struct status_facts *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->sources[i].fault != FAULT_NONE)
			return &f->sources[i];
	return NULL;
}

/* 50. What was said of the list stays true; of none that was ever made nothing is known. */
static struct api_condition ready_suspended(const struct status_facts *f,
					    const struct discoverypolicy_status *old)
{
	const struct api_condition *was = api_condition_find(&old->conditions, "Ready");
	if (was != NULL && was->status != NULL && strcmp(was->status, "True") == 0)
		return condition(old, "Ready", true, was->reason, was->message, f);
	return condition(old, "Ready", false, "Suspended", "Nothing is queried while suspended", f);
}

static struct api_condition ready(const struct status_facts *f,
				  const struct discoverypolicy_status *old, struct arena *a)
{
	size_t bad = failed(f);
	if (f->spec_error != NULL)
		return condition(old, "Ready", false, fault_reason(FAULT_SPEC),
				 cut(a, f->spec_error), f);
	if (f->suspended)
		return ready_suspended(f, old);
	if (bad == 0)
		return condition(old, "Ready", true, "Synced",
				 cut(a, arena_printf(a, "Discovered %zu images%s%s", f->images.n,
						     notes(f, a), left_out(f, a))),
				 f);
	/* Behaviour 53: images that were found before usage was disabled don't hide it. */
	bool disabled = bad == f->n && first_failed(f)->fault == FAULT_USAGE;
	if (!disabled && (f->images.n > 0 || bad < f->n))
		return condition(old, "Ready", true, "PartiallyFailed",
				 cut(a, arena_printf(a,
						     "Discovered %zu images, but some sources "
						     "failed: %zu%s",
						     f->images.n, bad, left_out(f, a))),
				 f);
	const struct source_view *first = first_failed(f);
	const char *more = bad > 1 ? arena_printf(a, "; and %zu more", bad - 1) : "";
	return condition(old, "Ready", false, fault_reason(first->fault),
			 cut(a, arena_printf(a, "%s%s", first->text, more)), f);
}

#define PLAIN_TEXT "; credentials are sent unencrypted over http: "

bool status_says_plain(const struct discoverypolicy_status *s)
{
	const struct api_condition *c = api_condition_find(&s->conditions, "SourceHealthy");
	return c != NULL && c->message != NULL && strstr(c->message, PLAIN_TEXT) != NULL;
}

static bool pipeline(const struct status_facts *f)
{
	return f->queries != NULL && f->queries->pipeline;
}

/* Sources whose credentials go over http, or "". */
static const char *plain(const struct status_facts *f, struct arena *a)
{
	const char *text = "";
	for (size_t i = 0; i < f->n && strlen(text) < STATUS_MESSAGE_MAX / 4; i++)
		if (f->sources[i].plain)
			text = arena_printf(a, "%s%s%s[%zu]", text,
					    *text == '\0' ? PLAIN_TEXT : ", ",
					    pipeline(f) ? "queries" : "sources", i);
	return text;
}

static struct api_condition healthy(const struct status_facts *f,
				    const struct discoverypolicy_status *old, struct arena *a)
{
	const char *said = plain(f, a);
	if (failed(f) == 0)
		return condition(
			old, "SourceHealthy", true, "AllSourcesHealthy",
			arena_printf(a, "All discovery sources responded successfully%s", said), f);
	const char *text = "One or more sources failed to respond";
	size_t room = STATUS_MESSAGE_MAX - strlen(said);
	for (size_t i = 0, told = 0; i < f->n && strlen(text) < room; i++)
		if (f->sources[i].fault != FAULT_NONE)
			text = arena_printf(a, "%s%s%s: %s", text, told++ == 0 ? ": " : "; ",
					    fault_reason(f->sources[i].fault), f->sources[i].text);
	text = arena_strndup(a, text, utf8_cut(text, room));
	return condition(old, "SourceHealthy", false, "SourceError",
			 arena_printf(a, "%s%s", text, said), f);
}

/*
 * 59. Ready stays True while a last list is kept (30), also when no source has answered: machines
 * learn that from these. One source that refuses access is enough for Stalled.
 */
static enum health health_now(const struct status_facts *f, struct arena *a,
			      struct api_condition *why)
{
	size_t bad = failed(f);
	if (f->spec_error != NULL)
		return HEALTH_STALLED;
	if (f->suspended)
		return strcmp(why->status, "True") == 0 ? HEALTH_CURRENT : HEALTH_RECONCILING;
	for (size_t i = 0; i < f->n; i++) {
		const struct source_view *s = &f->sources[i];
		if (!fault_lasts(s->fault))
			continue;
		why->reason = fault_reason(s->fault);
		why->message = cut(a, s->text);
		return HEALTH_STALLED;
	}
	if (bad == 0 || bad < f->n)
		return HEALTH_CURRENT;
	why->reason = fault_reason(first_failed(f)->fault);
	why->message = cut(a, arena_printf(a, "No source has answered: %s", first_failed(f)->text));
	return HEALTH_RECONCILING;
}

static void put_health(const struct status_facts *f, const struct discoverypolicy_status *old,
		       const struct api_condition *ready, struct arena *a,
		       struct api_conditions *list)
{
	struct health_memory m = health_of(&old->conditions);
	struct api_condition why = *ready;
	enum health health = health_now(f, a, &why);
	size_t n = 0;
	for (size_t i = 0; i < list->n; i++)
		if (!health_is_condition(list->at[i].type))
			list->at[n++] = list->at[i];
	list->n = n + health_condition(&m, health, &why, f->now_s, &list->at[n]);
}

/* 50. There while it holds. */
static void put_suspended(const struct status_facts *f, const struct discoverypolicy_status *old,
			  struct api_conditions *list)
{
	size_t n = 0;
	for (size_t i = 0; i < list->n; i++)
		if (list->at[i].type == NULL || strcmp(list->at[i].type, "Suspended") != 0)
			list->at[n++] = list->at[i];
	list->n = n;
	if (f->suspended)
		list->at[list->n++] = condition(old, "Suspended", true, "Suspended",
						"Nothing is queried; the list stays as it is", f);
}

/* What each query last said; one that has not answered yet failed for now. */
static struct query_results results(const struct status_facts *f, struct arena *a)
{
	struct query_results r = {0};
	if (!pipeline(f))
		return r;
	r = (struct query_results){arena_array(a, f->n, sizeof(*r.at)), f->n};
	for (size_t i = 0; i < f->n; i++) {
		const struct source_view *s = &f->sources[i];
		const struct discovery_source *q = &f->queries->at[i];
		bool ok = s->fault == FAULT_NONE;
		const char *text = !ok                                 ? s->text
				   : s->warning != NULL && *s->warning ? s->warning
								       : s->note;
		r.at[i] = (struct query_result){
			.name = q->name != NULL ? q->name : "",
			.type = q->type != NULL ? q->type : "",
			.status = ok ? "success" : "failed",
			.message = text != NULL && *text != '\0' ? cut(a, text) : NULL,
		};
	}
	return r;
}

struct discoverypolicy_status status_make(const struct status_facts *facts,
					  const struct discoverypolicy_status *old, struct arena *a)
{
	struct discoverypolicy_status s = *old;
	/* 59. Tools that wait for a change to be observed read this, not the conditions. */
	s.observed_generation = facts->generation;
	s.conditions.at = arena_array(a, old->conditions.n + 4, sizeof(*s.conditions.at));
	for (size_t i = 0; i < old->conditions.n; i++)
		s.conditions.at[i] = old->conditions.at[i];
	if (facts->spec_error == NULL && !facts->suspended) {
		struct api_condition c = healthy(facts, old, a);
		put(&s.conditions, &c);
		s.discovered_images = facts->images;
		s.query_results = results(facts, a);
		if (facts->synced)
			s.last_sync_time = facts->now_s;
	}
	struct api_condition c = ready(facts, old, a);
	put(&s.conditions, &c);
	put_health(facts, old, &c, a, &s.conditions);
	put_suspended(facts, old, &s.conditions);
	s.image_count = (int64_t)s.discovered_images.n;
	s.source_count = (int64_t)facts->n;
	return s;
}
