/* See signal.h. Sums stay finite: samples are within +-2^53, and weights are bounded. */
#include "discoverer/pipeline/signal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define MS 1000

static bool within(int64_t at, int64_t from, int64_t to)
{
	return from <= to ? at >= from && at < to : at >= from || at < to;
}

static int64_t second_of_day(const struct signal_rule *r, int64_t time_ms)
{
	int64_t utc_s = time_ms / MS - (time_ms % MS < 0);
	int64_t second = zone_local(r->zone, utc_s) % ZONE_DAY_S;
	return second < 0 ? second + ZONE_DAY_S : second;
}

static double weight_at(const struct signal_rule *r, int64_t time_ms)
{
	int64_t hour = second_of_day(r, time_ms) / 3600;
	for (size_t i = 0; i < r->n_windows; i++)
		if (within(hour, r->windows[i].from, r->windows[i].to))
			return r->windows[i].weight;
	return r->default_weight;
}

static bool in_window(const struct signal_rule *r, int64_t time_ms)
{
	switch (r->window) {
	case WINDOW_NONE:
		return true;
	case WINDOW_SINCE:
		return time_ms >= r->since_ms;
	case WINDOW_DAILY:
		return within(second_of_day(r, time_ms), r->from_s, r->to_s);
	}
	return true;
}

static void keep_values(struct signal_state *state, double value, uint64_t n)
{
	size_t cap = state->cap != 0 ? state->cap : 8;
	while (cap < state->n + n)
		cap *= 2;
	if (cap != state->cap)
		state->values = xreallocarray(state->values, cap, sizeof(*state->values));
	state->cap = cap;
	for (uint64_t i = 0; i < n; i++)
		state->values[state->n + i] = value;
}

void signal_fold(const struct signal_rule *r, struct signal_state *state, enum series s,
		 const struct sample *sample)
{
	signal_fold_many(r, state, s, sample, 1);
}

void signal_fold_many(const struct signal_rule *r, struct signal_state *state, enum series s,
		      const struct sample *sample, uint64_t n)
{
	if (n == 0)
		return;
	if (s != r->series || !in_window(r, sample->time_ms))
		return;
	double value = sample->value;
	if (r->weighted)
		value *= weight_at(r, sample->time_ms);
	if (state->n == 0 || value > state->max)
		state->max = value;
	if (state->n == 0 || value < state->min)
		state->min = value;
	state->sum += value * (double)n;
	if (r->method == METHOD_PERCENTILE)
		keep_values(state, value, n);
	state->n += n;
}

void signal_merge(struct signal_state *into, struct signal_state *from)
{
	if (from->n == 0)
		return;
	if (into->n == 0) {
		signal_clear(into);
		*into = *from;
		*from = (struct signal_state){0};
		return;
	}
	into->sum += from->sum;
	into->max = fmax(into->max, from->max);
	into->min = fmin(into->min, from->min);
	if (from->values != NULL) {
		into->cap = into->n + from->n;
		into->values = xreallocarray(into->values, into->cap, sizeof(*into->values));
		memcpy(into->values + into->n, from->values, from->n * sizeof(*from->values));
	}
	into->n += from->n;
	signal_clear(from);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Linear between the closest ranks: h = (n - 1) p. */
static double percentile(const struct signal_state *state, double p)
{
	qsort(state->values, state->n, sizeof(*state->values), by_value);
	double h = (double)(state->n - 1) * p;
	size_t low = (size_t)h;
	double part = h - (double)low;
	if (low + 1 >= state->n)
		return state->values[state->n - 1];
	return state->values[low] + part * (state->values[low + 1] - state->values[low]);
}

double signal_number(const struct signal_rule *r, const struct signal_state *state)
{
	if (state->n == 0)
		return NAN;
	switch (r->method) {
	case METHOD_SUM:
		return state->sum;
	case METHOD_COUNT:
		return (double)state->n;
	case METHOD_AVG:
		return state->sum / (double)state->n;
	case METHOD_MAX:
		return state->max;
	case METHOD_MIN:
		return state->min;
	case METHOD_PERCENTILE:
		return percentile(state, r->percentile);
	}
	return NAN;
}

void signal_clear(struct signal_state *state)
{
	free(state->values);
	*state = (struct signal_state){0};
}
