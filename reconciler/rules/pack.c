/*
 * One block an object instead of dozens: thousands of nodes with their labels stay
 * small. Invariant: counting and copying walk the same path, so `used` ends equal.
 */
#include "reconciler/rules/pack.h"

#include <string.h>

#include "base/hash.h"

static void *take(struct pack *p, size_t size, size_t align)
{
	size_t at = (p->used + align - 1) / align * align;
	p->used = at + size;
	return p->mem != NULL ? p->mem + at : NULL;
}

const char *pack_str(struct pack *p, const char *s)
{
	if (s == NULL)
		return NULL;
	size_t n = strlen(s) + 1;
	char *copy = take(p, n, 1);
	return copy != NULL ? memcpy(copy, s, n) : "";
}

struct api_map pack_map(struct pack *p, const struct api_map *m)
{
	struct api_map copy = {take(p, m->n * sizeof(*m->at), _Alignof(struct api_kv)), m->n};
	for (size_t i = 0; i < m->n; i++) {
		struct api_kv kv = {pack_str(p, m->at[i].key), pack_str(p, m->at[i].value)};
		if (copy.at != NULL)
			copy.at[i] = kv;
	}
	return copy;
}

struct pod_metadata pack_pod_metadata(struct pack *p, const struct pod_metadata *m)
{
	if (m == NULL)
		return (struct pod_metadata){0};
	return (struct pod_metadata){.labels = pack_map(p, &m->labels),
				     .annotations = pack_map(p, &m->annotations)};
}

struct api_tolerations pack_tolerations(struct pack *p, const struct api_tolerations *t)
{
	struct api_tolerations copy = {
		take(p, t->n * sizeof(*t->at), _Alignof(struct api_toleration)), t->n};
	for (size_t i = 0; i < t->n; i++) {
		struct api_toleration one = {
			.key = pack_str(p, t->at[i].key),
			.op = pack_str(p, t->at[i].op),
			.value = pack_str(p, t->at[i].value),
			.effect = pack_str(p, t->at[i].effect),
			.seconds = t->at[i].seconds,
		};
		if (copy.at != NULL)
			copy.at[i] = one;
	}
	return copy;
}

struct node_taints pack_taints(struct pack *p, const struct node_taints *t)
{
	struct node_taints copy = {take(p, t->n * sizeof(*t->at), _Alignof(struct node_taint)),
				   t->n};
	for (size_t i = 0; i < t->n; i++) {
		struct node_taint one = {
			.key = pack_str(p, t->at[i].key),
			.value = pack_str(p, t->at[i].value),
			.effect = pack_str(p, t->at[i].effect),
		};
		if (copy.at != NULL)
			copy.at[i] = one;
	}
	return copy;
}

struct api_name_refs pack_names(struct pack *p, const struct api_name_refs *n)
{
	struct api_name_refs copy = {take(p, n->n * sizeof(*n->at), _Alignof(struct api_name_ref)),
				     n->n};
	for (size_t i = 0; i < n->n; i++) {
		const char *name = pack_str(p, n->at[i].name);
		if (copy.at != NULL)
			copy.at[i].name = name;
	}
	return copy;
}

uint64_t spec_hash(const struct desc *d, const void *spec)
{
	struct buf text = {0};
	desc_encode(d, spec, &text);
	uint64_t h = hash_bytes(HASH_START, text.data, text.len);
	buf_done(&text);
	return h;
}
