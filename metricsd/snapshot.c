/* See snapshot.h. A row in a family's buffer: labels with their NUL, value, counts of its buckets.
 */
#include "metricsd/snapshot.h"

#include <string.h>

static size_t n_counts(enum metric_id id)
{
	const struct metric_info *info = &metric_infos[id];
	return info->type == METRIC_HISTOGRAM ? info->n_bounds + 1 : 0;
}

void snapshot_done(struct snapshot *s)
{
	for (int i = 0; i < METRIC_COUNT; i++)
		buf_done(&s->families[i]);
	*s = (struct snapshot){0};
}

void snapshot_add(struct snapshot *s, const struct msg_metrics *page)
{
	for (size_t f = 0; f < page->families.n; f++) {
		const struct msg_family *family = &page->families.at[f];
		int id = family->name != NULL ? metric_find(family->name) : -1;
		for (size_t i = 0; id >= 0 && i < family->samples.n; i++) {
			const struct msg_sample *row = &family->samples.at[i];
			struct buf *out = &s->families[id];
			if (row->labels == NULL || row->counts.n != n_counts((enum metric_id)id))
				continue;
			buf_add(out, row->labels, strlen(row->labels) + 1);
			buf_add(out, &row->value, sizeof(row->value));
			for (size_t k = 0; k < row->counts.n; k++)
				buf_add(out, &row->counts.at[k].n, sizeof(row->counts.at[k].n));
		}
	}
	s->whole = !page->more;
}

bool snapshot_next(const struct snapshot *s, enum metric_id id, size_t *at,
		   struct snapshot_row *ret)
{
	const struct buf *b = &s->families[id];
	if (*at >= b->len)
		return false;
	const char *row = b->data + *at;
	size_t labels = strlen(row) + 1, counts = n_counts(id) * sizeof(ret->counts[0]);
	ret->labels = row;
	memcpy(&ret->value, row + labels, sizeof(ret->value));
	memcpy(ret->counts, row + labels + sizeof(ret->value), counts);
	*at += labels + sizeof(ret->value) + counts;
	return true;
}

int64_t snapshot_value(const struct snapshot *s, enum metric_id id, const char *labels,
		       int64_t or_else)
{
	struct snapshot_row row;
	for (size_t at = 0; snapshot_next(s, id, &at, &row);)
		if (strcmp(row.labels, labels) == 0)
			return row.value;
	return or_else;
}
