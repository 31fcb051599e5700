/*
 * The beginning of the stories of pods of several images: images i0 .. i3, which node old has, and
 * node a, which pulls them.
 */
#ifndef DROP_TESTS_RECONCILER_CORE_BATCHES_H
#define DROP_TESTS_RECONCILER_CORE_BATCHES_H

#include "tests/reconciler/core/rig.h"

#include "api/pullpod.h"

#define S   1000
#define MIN (60 * S)
#define N   4

static const char *const names[N] = {"i0", "i1", "i2", "i3"};

static inline void batch_policy(struct rig *r, int64_t images, int64_t per_node)
{
	struct pullpolicy p = {.meta = {.name = "p", .uid = "p"},
			       .spec = {.max_concurrent_nodes = 9,
					.max_concurrent_pulls = 2,
					.max_pulls_per_node = per_node,
					.max_images_per_pod = images,
					.pull_timeout = 30 * MIN}};
	core_put(r->core, KIND_PULLPOLICY, &p, r->now);
}

static inline struct cachedimage known_image(struct rig *r, const char *name)
{
	static const char *const old[] = {"old"};
	struct cachedimage img = rig_image_of(name, "1", "p");
	img.status = (struct cachedimage_status){
		.observed_generation = 1,
		.cached_image = arena_printf(&r->keep, "%s:1", name),
		.cached_nodes = {(const char **)(uintptr_t)old, 1},
		.last_pulled_at = RIG_WALL_S - 1000,
	};
	return img;
}

/* Node old has i0 .. i3 and lists them; what is not known is listed nowhere. */
static inline void old_node(struct rig *r)
{
	static const struct rig_listed lists[] = {{{"docker.io/library/i0:1"}, 10000000},
						  {{"docker.io/library/i1:1"}, 9000000},
						  {{"docker.io/library/i2:1"}, 8000000},
						  {{"docker.io/library/i3:1"}, 7000000},
						  {{NULL}, 0}};
	rig_node_lists(r, "old", RIG_WALL_S, lists);
}

/* Node a has nothing yet, and policy p pulls up to so many at once. */
static inline void begin_with(struct rig *r, int64_t images, int64_t per_node)
{
	rig_new(r);
	batch_policy(r, images, per_node);
	rig_node(r, "a");
	old_node(r);
	for (size_t i = 0; i < N; i++) {
		struct cachedimage img = known_image(r, names[i]);
		rig_put_image(r, &img);
	}
	rig_lead(r);
	rig_turn(r, 0);
}

static inline void begin(struct rig *r, int64_t images)
{
	begin_with(r, images, 2);
}

static inline const struct core_start *one_batch(struct rig *r, size_t n)
{
	const struct core_start *s = rig_start(r);
	assert_int_equal(s->n_pulls, n);
	assert_non_null(s->batch);
	/* 44. The digits of the label are those of the name. */
	assert_true(strncmp(s->batch, PULLPOD_BATCH_LABEL, strlen(PULLPOD_BATCH_LABEL)) == 0);
	assert_string_equal(s->batch + strlen(PULLPOD_BATCH_LABEL),
			    s->pod_name + strlen("pull-batch-"));
	return s;
}

static inline const struct cachedimage_status *status_of(struct rig *r, const char *image)
{
	for (size_t i = 0; i < r->acts.n_writes; i++)
		if (strcmp(r->acts.writes[i].image_name, image) == 0)
			return r->acts.writes[i].new;
	return NULL;
}

#endif
