/*
 * A pretend cluster for the tests of usage/: nodes n1 and n2, events as the API server hands them
 * out, time. The functions are of the file that includes it.
 */
#ifndef DROP_TESTS_USAGE_WORLD_H
#define DROP_TESTS_USAGE_WORLD_H

#include "tests/unit.h"

#include <stdlib.h>

#include "api/ref.h"
#include "base/buf.h"
#include "usage/fold.h"
#include "usage/stored.h"

#define HOUR  3600
#define DAY   (24 * HOUR)
#define BEGIN (20000 * (int64_t)DAY + 60) /* shortly after an hour's begin */

struct world {
	struct usage *u;
	struct arena a;
	uint64_t rv, uid;
	int64_t now;
	bool listed; /* nodes list every image */
};

static inline bool lists(void *ctx, const char *node, uint64_t hash)
{
	(void)node;
	(void)hash;
	return ((struct world *)ctx)->listed;
}

static inline void add_node(struct usage *u, const char *name)
{
	struct node node = {.meta = {.name = name, .uid = name, .created = BEGIN - DAY}};
	usage_node_seen(u, &node, NULL);
}

static inline struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));
	w->u = usage_new("drop-system", lists, w);
	w->now = BEGIN;
	w->listed = true;
	add_node(w->u, "n1");
	add_node(w->u, "n2");
	return w;
}

static inline void world_free(struct world *w)
{
	usage_free(w->u);
	arena_done(&w->a);
	free(w);
}

/* An event of a pull of `image` on n1, as it would be written now. */
static inline struct pulled event(struct world *w, const char *image)
{
	return (struct pulled){
		.uid = arena_printf(&w->a, "e%llu", (unsigned long long)++w->uid),
		.rv = ++w->rv,
		.created_s = w->now,
		.last_s = w->now,
		.count = 1,
		.ns = "shop",
		.pod_uid = arena_printf(&w->a, "p%llu", (unsigned long long)w->uid),
		.container = "c",
		.node = "n1",
		.image = ref_normal(&w->a, image),
		.hash = ref_hash(image),
		.was_pulled = true,
		.seconds = 10,
		.waited = 12,
		.bytes = 1e8,
	};
}

static inline void see(struct world *w, const struct pulled *e)
{
	usage_event(w->u, e, w->now);
}

static inline void use(struct world *w, const char *image)
{
	struct pulled e = event(w, image);
	e.was_pulled = usage_image_find(&w->u->images, e.hash) == NULL;
	see(w, &e);
}

static inline void list(struct world *w)
{
	usage_list_begin(w->u, w->now);
	usage_list_end(w->u);
}

static inline const struct usage_image *image_of(const struct world *w, const char *image)
{
	return usage_image_find(&w->u->images, ref_hash(image));
}

static inline uint64_t uses_of(const struct world *w, const char *image)
{
	const struct usage_image *found = image_of(w, image);
	return found != NULL ? usage_image_uses(&w->u->images, found, 0) : 0;
}

/* Writes u and reads it into another world, as a watcher that starts. */
static inline void restart(struct world *w)
{
	struct buf parts[STORED_PARTS] = {{0}};
	struct err err;
	for (int i = 0; i < STORED_PARTS; i++)
		assert_int_equal(usage_store(w->u, i, &parts[i]), 0);
	usage_free(w->u);
	w->u = usage_new("drop-system", lists, w);
	const struct now now = {.wall_s = w->now, .boot_ms = w->now * 1000};
	for (int i = 0; i < STORED_PARTS; i++) {
		assert_int_equal(usage_restore(w->u, i, parts[i].data, parts[i].len, now, &err), 0);
		buf_done(&parts[i]);
	}
	add_node(w->u, "n1");
	add_node(w->u, "n2");
}

#endif
