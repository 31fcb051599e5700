/*
 * The rule of behaviour 42. What may fail, or take long, goes alone: others would wait for it,
 * since the kubelet pulls the images of a pod one after another and tells of all at the end.
 */
#include "reconciler/rules/batch.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool same_map(const struct api_map *a, const struct api_map *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!same_text(a->at[i].key, b->at[i].key) ||
		    !same_text(a->at[i].value, b->at[i].value))
			return false;
	return true;
}

static bool same_metadata(const struct pod_metadata *a, const struct pod_metadata *b)
{
	return same_map(&a->labels, &b->labels) && same_map(&a->annotations, &b->annotations);
}

/* Does it share a pod at all? */
static bool shares(const struct batch_item *i)
{
	return i->proven && i->first_try && i->sized && i->bytes < BATCH_BYTES_MAX;
}

static uint64_t limit_of(const struct batch *b)
{
	return b->max_bytes != 0 && b->max_bytes < BATCH_BYTES_MAX ? b->max_bytes : BATCH_BYTES_MAX;
}

bool batch_open(const struct batch *b)
{
	return b->n < b->max && (b->n == 0 || (shares(&b->first) && b->bytes < limit_of(b)));
}

bool batch_add(struct batch *b, const struct batch_item *item)
{
	if (!batch_open(b))
		return false;
	if (b->n == 0) {
		b->first = *item;
	} else if (!shares(item) || item->bytes > limit_of(b) - b->bytes ||
		   !same_text(item->host, b->first.host) ||
		   !api_name_refs_equal(item->secrets, b->first.secrets) ||
		   !same_metadata(item->metadata, b->first.metadata)) {
		return false;
	}
	b->n++;
	b->bytes += item->bytes;
	return true;
}

/*
 * Its images are pulled one after another, and nothing is told in between: which of them takes long
 * is not known before the end. So each has the time of all. A stuck pod ends all the same.
 */
int64_t batch_timeout_ms(int64_t timeout_ms, size_t n)
{
	if (n <= 1 || timeout_ms >= BATCH_TIMEOUT_MAX_MS)
		return timeout_ms;
	return timeout_ms < BATCH_TIMEOUT_MAX_MS / (int64_t)n ? timeout_ms * (int64_t)n
							      : BATCH_TIMEOUT_MAX_MS;
}
