/*
 * The rules in the order they were added, and one random generator for all. A rule draws a number
 * only for requests that it matches, so that other requests affect it only by their order.
 */
#include "sim/play/api_faults.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/names.h"
#include "base/xalloc.h"

#include "api/desc.h"

#include "sim/scenario/tables.h"

#define STATUS_DEFAULT 500

static const char *const kind_names[] = {[API_FAULT_NONE] = "",
#define F(id, name, doc) [API_FAULT_##id] = (name),
					 API_FAULTS(F)
#undef F
};
#define KINDS (sizeof(kind_names) / sizeof(kind_names[0]))

struct rule {
	uint64_t id;
	enum api_fault kind;
	struct sim_api_fault *row; /* in its own arena */
	struct arena arena;
	int64_t left; /* times it may still be applied; -1: no limit */
};

struct faults {
	struct rule rules[SIM_FAULTS_MAX];
	size_t n;
	uint64_t last_id, state;
	uint64_t picked[KINDS];
};

/* splitmix64 (Steele et al., 2014): any seed will do, 0 included. */
static uint64_t chance(struct faults *f)
{
	uint64_t z = f->state += 0x9e3779b97f4a7c15ULL;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

struct faults *faults_new(uint64_t seed)
{
	struct faults *f = xcalloc(1, sizeof(*f));
	f->state = seed;
	return f;
}

void faults_free(struct faults *f)
{
	if (f != NULL)
		faults_clear(f);
	free(f);
}

int faults_add(struct faults *f, const struct sim_api_fault *row, uint64_t *ret_id, struct err *err)
{
	int kind = row->kind != NULL ? name_find(NAMES(kind_names), row->kind) : -1;
	if (kind <= API_FAULT_NONE)
		return err_set(err, ERR_TERMINAL, "no fault of the API is called %s",
			       row->kind != NULL ? row->kind : "\"\"");
	if (f->n == SIM_FAULTS_MAX)
		return err_set(err, ERR_TERMINAL, "%d faults of the API already; end some first",
			       SIM_FAULTS_MAX);
	struct rule *r = &f->rules[f->n++];
	*r = (struct rule){.id = ++f->last_id, .kind = (enum api_fault)kind};
	r->row = desc_clone(&sim_api_fault_desc, row, &r->arena);
	r->left = row->limit > 0 ? row->limit : -1;
	*ret_id = r->id;
	return 0;
}

void faults_remove(struct faults *f, uint64_t id)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->rules[i].id != id)
			continue;
		arena_done(&f->rules[i].arena);
		f->n--;
		memmove(&f->rules[i], &f->rules[i + 1], (f->n - i) * sizeof(f->rules[0]));
		return;
	}
}

void faults_clear(struct faults *f)
{
	for (size_t i = 0; i < f->n; i++)
		arena_done(&f->rules[i].arena);
	f->n = 0;
}

static bool listed(const struct api_strings *list, const char *one)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->at[i], one) == 0)
			return true;
	return list->n == 0;
}

static bool matches(const struct sim_api_fault *row, const struct fault_request *r)
{
	const char *agent = r->user_agent != NULL ? r->user_agent : "";
	return listed(&row->verbs, r->verb) && listed(&row->resources, r->resource) &&
	       (row->name == NULL || strcmp(row->name, r->name) == 0) &&
	       (row->user_agent == NULL ||
		strncmp(agent, row->user_agent, strlen(row->user_agent)) == 0);
}

/* Those that are about watches already open, or about history, are steps of the timeline. */
static bool of_requests(enum api_fault kind)
{
	return kind != API_FAULT_DROP_WATCH && kind != API_FAULT_LAG_WATCH &&
	       kind != API_FAULT_EXPIRE;
}

static bool fits_verb(enum api_fault kind, const char *verb)
{
	return kind != API_FAULT_STALE_LIST || strcmp(verb, "list") == 0;
}

struct fault faults_pick(struct faults *f, const struct fault_request *request)
{
	for (size_t i = 0; i < f->n; i++) {
		struct rule *r = &f->rules[i];
		if (!of_requests(r->kind) || r->left == 0 || !fits_verb(r->kind, request->verb) ||
		    !matches(r->row, request))
			continue;
		if (r->row->percent > 0 && chance(f) % 100 >= (uint64_t)r->row->percent)
			continue;
		r->left -= r->left > 0;
		f->picked[r->kind]++;
		int64_t code = r->row->code != 0 ? r->row->code : STATUS_DEFAULT;
		return (struct fault){
			.kind = r->kind,
			.code = r->kind == API_FAULT_STATUS ? code : 0,
			.retry_after_s = r->row->retry_after_s,
			.delay_ms = r->row->delay_ms,
		};
	}
	return (struct fault){.kind = API_FAULT_NONE};
}

int64_t faults_watch_lag(const struct faults *f, const struct fault_request *watch)
{
	int64_t lag = 0;
	for (size_t i = 0; i < f->n; i++) {
		const struct rule *r = &f->rules[i];
		if (r->kind == API_FAULT_LAG_WATCH && matches(r->row, watch) &&
		    r->row->delay_ms > lag)
			lag = r->row->delay_ms;
	}
	return lag;
}

const uint64_t *faults_picked(const struct faults *f)
{
	return f->picked;
}
