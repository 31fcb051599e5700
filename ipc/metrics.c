/*
 * The registry. A series is found by its labels as they stand in the exposition formats
 * (image="a",node="b"), which are built once per sample. Invariant: a family's `at` holds each of
 * its series once, in the order of creation.
 */
#include "ipc/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/xalloc.h"

/* Bytes of labels: each value escaped may become three times as long, and has its name around it.
 */
#define KEY_MAX (METRIC_LABELS_MAX * (3 * METRIC_VALUE_MAX + 64))

struct metric_series {
	char *labels;      /* owned; key in by_labels */
	int64_t value;     /* of a histogram the sum */
	uint64_t mark;     /* when it was last recorded */
	uint64_t counts[]; /* histograms: one a bucket, and one for what is above the last bound */
};

static bool is_plain(const struct metric_info *info)
{
	return info->labels[0] == NULL && info->type != METRIC_HISTOGRAM;
}

static size_t n_counts(const struct metric_info *info)
{
	return info->type == METRIC_HISTOGRAM ? info->n_bounds + 1 : 0;
}

/* ---- labels ---- */

static void add_label(struct buf *out, const char *name, const char *value)
{
	char cut[METRIC_VALUE_MAX + 1];
	size_t len = strlen(value);
	if (len > METRIC_VALUE_MAX) {
		len = utf8_cut(value, METRIC_VALUE_MAX);
		memcpy(cut, value, len);
		cut[len] = '\0';
		value = cut;
	}
	buf_adds(out, name);
	buf_adds(out, "=\"");
	metric_add_escaped(out, value);
	buf_adds(out, "\"");
}

/* The key of a series; its buffer is used again and again. */
static const char *key_of(enum metric_id id, const char *const *labels)
{
	static struct buf key;
	const struct metric_info *info = &metric_infos[id];
	buf_clear(&key, KEY_MAX);
	buf_add(&key, "", 0);
	for (size_t i = 0; info->labels[i] != NULL; i++) {
		if (i > 0)
			buf_adds(&key, ",");
		add_label(&key, info->labels[i],
			  labels != NULL && labels[i] != NULL ? labels[i] : "");
	}
	return key.data != NULL ? key.data : "";
}

/* Where the value of a label begins, and behind it its closing quote; NULL: no such label. */
static const char *value_in(const char *key, const char *label, size_t *ret_len)
{
	size_t n = strlen(label);
	for (const char *at = key; *at != '\0';) {
		const char *value = strchr(at, '=') + 2, *end = value;
		while (*end != '"')
			end += *end == '\\' ? 2 : 1;
		if (strncmp(at, label, n) == 0 && at[n] == '=') {
			*ret_len = (size_t)(end - value);
			return value;
		}
		at = end[1] == ',' ? end + 2 : end + 1;
	}
	return NULL;
}

/* ---- series ---- */

static void family_add(struct metric_family *f, struct metric_series *s)
{
	if (f->n == f->cap) {
		f->cap = f->cap == 0 ? 8 : f->cap * 2;
		f->at = xreallocarray(f->at, f->cap, sizeof(struct metric_series *));
	}
	f->at[f->n++] = s;
	map_put(&f->by_labels, s->labels, s);
}

/* NULL: there are too many. */
static struct metric_series *series_of(struct metrics *m, enum metric_id id,
				       const char *const *labels)
{
	struct metric_family *f = &m->families[id];
	const char *key = key_of(id, labels);
	struct metric_series *s = map_get(&f->by_labels, key);
	if (s == NULL && m->n_series >= METRIC_SERIES_MAX) {
		m->families[METRIC_series_refused_total].plain++;
		return NULL;
	}
	if (s == NULL) {
		const size_t n = n_counts(&metric_infos[id]);
		s = xcalloc(1, sizeof(*s) + n * sizeof(s->counts[0]));
		s->labels = xstrdup(key);
		family_add(f, s);
		m->n_series++;
	}
	s->mark = m->marks;
	return s;
}

void metrics_begin(struct metrics *m, const char *owner)
{
	for (int i = 0; i < METRIC_COUNT; i++) {
		const enum metric_id id = (enum metric_id)i;
		const struct metric_info *info = &metric_infos[id];
		if (!metric_of_any(id) && strcmp(info->owner, owner) != 0)
			continue;
		if (info->type == METRIC_HISTOGRAM && info->labels[0] == NULL)
			(void)series_of(m, id, NULL);
		for (const struct metric_zero *z = metric_zeros; z->id != METRIC_COUNT; z++)
			if (z->id == id)
				(void)series_of(m, id, z->labels);
	}
}

static void series_drop(struct metrics *m, struct metric_family *f, size_t place)
{
	struct metric_series *s = f->at[place];
	map_del(&f->by_labels, s->labels);
	free(s->labels);
	free(s);
	f->at[place] = NULL;
	f->holes++;
	m->n_series--;
}

/* Closes the holes once they are the most of it; order stays. */
static void family_close(struct metric_family *f)
{
	size_t n = 0;
	if (f->holes <= f->n / 2)
		return;
	for (size_t i = 0; i < f->n; i++)
		if (f->at[i] != NULL)
			f->at[n++] = f->at[i];
	f->n = n;
	f->holes = 0;
}

void metrics_done(struct metrics *m)
{
	for (int id = 0; id < METRIC_COUNT; id++) {
		struct metric_family *f = &m->families[id];
		for (size_t i = 0; i < f->n; i++)
			if (f->at[i] != NULL)
				series_drop(m, f, i);
		map_done(&f->by_labels);
		free(f->at);
		*f = (struct metric_family){0};
	}
}

/* ---- recording ---- */

static int64_t *value_of(struct metrics *m, enum metric_id id, const char *const *labels)
{
	if (is_plain(&metric_infos[id]))
		return &m->families[id].plain;
	struct metric_series *s = series_of(m, id, labels);
	return s != NULL ? &s->value : NULL;
}

void metric_add(struct metrics *m, enum metric_id id, int64_t n, const char *const *labels)
{
	int64_t *value = value_of(m, id, labels);
	if (value != NULL)
		*value += n;
}

void metric_set(struct metrics *m, enum metric_id id, int64_t v, const char *const *labels)
{
	int64_t *value = value_of(m, id, labels);
	if (value != NULL)
		*value = v;
}

void metric_observe(struct metrics *m, enum metric_id id, int64_t v, const char *const *labels)
{
	const struct metric_info *info = &metric_infos[id];
	struct metric_series *s = series_of(m, id, labels);
	size_t bucket = 0;
	if (s == NULL)
		return;
	while (bucket < info->n_bounds && v > info->bounds[bucket])
		bucket++;
	s->counts[bucket]++;
	s->value += v;
}

void metric_mark(struct metrics *m)
{
	m->marks++;
}

void metric_sweep(struct metrics *m, enum metric_id id)
{
	struct metric_family *f = &m->families[id];
	for (size_t i = 0; i < f->n; i++)
		if (f->at[i] != NULL && f->at[i]->mark != m->marks)
			series_drop(m, f, i);
	family_close(f);
}

static bool differs(void *ctx, const char *value)
{
	return strcmp(ctx, value) != 0;
}

void metric_drop(struct metrics *m, enum metric_id id, const char *label, const char *value)
{
	metric_keep(m, id, label, differs, (void *)(uintptr_t)value);
}

/* The value as it was given, into out. */
static void unescape(const char *from, size_t len, char out[METRIC_VALUE_MAX + 1])
{
	size_t n = 0;
	for (size_t i = 0; i < len && n < METRIC_VALUE_MAX; i++) {
		char c = from[i];
		if (c == '\\')
			c = from[++i] == 'n' ? '\n' : from[i];
		out[n++] = c;
	}
	out[n] = '\0';
}

void metric_keep(struct metrics *m, enum metric_id id, const char *label,
		 bool (*keep)(void *ctx, const char *value), void *ctx)
{
	struct metric_family *f = &m->families[id];
	char value[METRIC_VALUE_MAX + 1];
	size_t len;
	for (size_t i = 0; i < f->n; i++) {
		const char *at = f->at[i] == NULL ? NULL : value_in(f->at[i]->labels, label, &len);
		if (at == NULL)
			continue;
		unescape(at, len, value);
		if (!keep(ctx, value))
			series_drop(m, f, i);
	}
	family_close(f);
}

int64_t metric_get(const struct metrics *m, enum metric_id id, const char *const *labels)
{
	const struct metric_info *info = &metric_infos[id];
	const struct metric_family *f = &m->families[id];
	int64_t n = 0;
	if (is_plain(info))
		return f->plain;
	const struct metric_series *s = map_get(&f->by_labels, key_of(id, labels));
	if (s == NULL || info->type != METRIC_HISTOGRAM)
		return s == NULL ? 0 : s->value;
	for (size_t i = 0; i < n_counts(info); i++)
		n += (int64_t)s->counts[i];
	return n;
}

/* ---- telling ---- */

/* Bytes of a sample on the wire, roughly: its labels, its numbers, the heads of its fields. */
static size_t weight(const struct metric_info *info, const char *labels)
{
	return strlen(labels) + 32 + 12 * n_counts(info);
}

static void tell_series(const struct metric_info *info, const struct metric_series *s,
			struct arena *a, struct msg_sample *ret)
{
	ret->labels = s->labels;
	ret->value = s->value;
	ret->counts.n = n_counts(info);
	ret->counts.at = arena_array(a, ret->counts.n, sizeof(*ret->counts.at));
	for (size_t i = 0; i < ret->counts.n; i++)
		ret->counts.at[i].n = s->counts[i];
}

/* Adds what the family has from `place` on; returns where it stopped, or n when it did not. */
static size_t tell_family(const struct metrics *m, enum metric_id id, size_t place, size_t *room,
			  struct arena *a, struct msg_family *ret)
{
	const struct metric_info *info = &metric_infos[id];
	const struct metric_family *f = &m->families[id];
	ret->name = info->name;
	if (is_plain(info)) {
		ret->samples.at = arena_array(a, 1, sizeof(*ret->samples.at));
		ret->samples.at[ret->samples.n++] =
			(struct msg_sample){.labels = "", .value = f->plain};
		*room -= *room < weight(info, "") ? *room : weight(info, "");
		return f->n;
	}
	size_t left = f->n - place, most = *room / weight(info, "");
	ret->samples.at = arena_array(a, left < most ? left : most, sizeof(*ret->samples.at));
	for (; place < f->n; place++) {
		const struct metric_series *s = f->at[place];
		if (s == NULL)
			continue;
		if (*room < weight(info, s->labels))
			break;
		*room -= weight(info, s->labels);
		tell_series(info, s, a, &ret->samples.at[ret->samples.n++]);
	}
	return place;
}

void metrics_page(const struct metrics *m, const struct msg_metrics_get *ask, struct arena *a,
		  struct msg_metrics *ret)
{
	size_t id = ask->after >> 32, place = ask->after & UINT32_MAX, room = METRIC_PAGE_BYTES;
	*ret = (struct msg_metrics){
		.families.at = arena_array(a, METRIC_COUNT, sizeof(*ret->families.at))};
	for (; id < METRIC_COUNT; id++, place = 0) {
		const struct metric_family *f = &m->families[id];
		struct msg_family *told = &ret->families.at[ret->families.n];
		if (place > f->n)
			place = f->n;
		if (room < weight(&metric_infos[id], ""))
			break;
		place = tell_family(m, (enum metric_id)id, place, &room, a, told);
		ret->families.n += told->samples.n > 0;
		if (place < f->n)
			break;
	}
	ret->more = id < METRIC_COUNT;
	ret->next = (uint64_t)id << 32 | place;
}
