/*
 * Walks nodes and CachedImages once: nodes times images, so for questions at human pace.
 */
#include "sim/play/truth.h"

#include <inttypes.h>

#include "api/desc.h"
#include "api/kinds.h"
#include "api/ref.h"

#include "sim/play/api_faults.h"
#include "sim/nodes/nodes.h"
#include "sim/store/store.h"

/* Which nodes a list is about, by nodes_progress(). */
enum place { ON, PULLING, FAILING };

static bool is_at(enum place place, int progress)
{
	switch (place) {
	case ON:
		return progress == 100;
	case PULLING:
		return progress >= 0 && progress < 100;
	case FAILING:
		return progress == -2;
	}
	return false;
}

static void add_nodes_at(const struct nodes *n, enum place place, const char *ref, struct buf *out)
{
	static const char *const names[] = {
		[ON] = "on", [PULLING] = "pulling", [FAILING] = "failing"};
	bool first = true;
	buf_addf(out, ",\"%s\":[", names[place]);
	for (size_t i = 0; i < nodes_count(n); i++) {
		if (!is_at(place, nodes_progress(n, i, ref)))
			continue;
		buf_adds(out, first ? "" : ",");
		buf_add_json(out, nodes_view(n, i).name);
		first = false;
	}
	buf_adds(out, "]");
}

static void add_image(const struct control *c, const struct object *o, struct buf *out)
{
	struct arena a = ARENA_INIT;
	struct cachedimage image;
	bool read = desc_decode(kinds[KIND_CACHEDIMAGE].desc, o->text->json, o->text->len, true, &a,
				&image, NULL) == 0;
	buf_adds(out, "{\"name\":");
	buf_add_json(out, o->name);
	if (read) {
		const char *ref = ref_make(&a, image.spec.image, image.spec.tag, image.spec.digest);
		buf_adds(out, ",\"ref\":");
		buf_add_json(out, ref);
		for (int place = ON; place <= FAILING; place++)
			add_nodes_at(c->world->nodes, (enum place)place, ref, out);
		buf_adds(out, ",\"phase\":");
		buf_add_json(out, image.status.phase != NULL ? image.status.phase : "");
		buf_adds(out, ",\"ready\":");
		buf_add_json(out, image.status.ready != NULL ? image.status.ready : "");
	}
	buf_adds(out, "}");
	arena_done(&a);
}

static void add_images(const struct control *c, struct buf *out)
{
	const struct resource *r = resource_find(API_GROUP, API_VERSION, "cachedimages");
	const struct object *o = NULL;
	buf_adds(out, "\"images\":[");
	for (bool first = true; store_next(c->world->store, r, o != NULL ? o->ns : NULL,
					   o != NULL ? o->name : NULL, &o);
	     first = false) {
		buf_adds(out, first ? "" : ",");
		add_image(c, o, out);
	}
	buf_adds(out, "],");
}

static void add_nodes(const struct nodes *n, struct buf *out)
{
	buf_adds(out, "\"nodes\":[");
	for (size_t i = 0; i < nodes_count(n); i++) {
		struct node_view v = nodes_view(n, i);
		buf_adds(out, i == 0 ? "{\"name\":" : ",{\"name\":");
		buf_add_json(out, v.name);
		buf_addf(out,
			 ",\"exists\":%s,\"ready\":%s,\"pods\":%zu,\"pulling\":%zu,\"images\":%zu,"
			 "\"diskMiB\":%" PRId64 ",\"usedMiB\":%" PRId64 "}",
			 v.exists ? "true" : "false", v.ready ? "true" : "false", v.pods, v.pulling,
			 v.images, v.disk_mib, v.used_mib);
	}
	buf_adds(out, "],");
}

static void add_counts(const struct nodes *n, struct buf *out)
{
	struct nodes_counts k = nodes_counts(n);
	buf_addf(out,
		 "\"counts\":{\"pullsStarted\":%" PRIu64 ",\"pullsDone\":%" PRIu64
		 ",\"pullsFailed\":%" PRIu64 ",\"podsAccepted\":%" PRIu64
		 ",\"podsRejected\":%" PRIu64 ",\"doublePulls\":%" PRIu64 ",\"mostAtOnce\":%" PRIu64
		 ",\"mostNodesAtOnce\":%" PRIu64 ",\"bytesPulled\":%" PRIu64 "},",
		 k.pulls_started, k.pulls_done, k.pulls_failed, k.pods_accepted, k.pods_rejected,
		 k.double_pulls, k.most_at_once, k.most_nodes_at_once, k.bytes_pulled);
}

static void add_faults(const struct faults *f, struct buf *out)
{
	static const char *const names[] = {
#define F(id, name, doc) [API_FAULT_##id] = (name),
		API_FAULTS(F)
#undef F
	};
	const uint64_t *picked = faults_picked(f);
	bool first = true;
	buf_adds(out, "\"faults\":{");
	for (size_t i = API_FAULT_NONE + 1; i < sizeof(names) / sizeof(names[0]); i++) {
		if (picked[i] == 0)
			continue;
		buf_addf(out, "%s\"%s\":%" PRIu64, first ? "" : ",", names[i], picked[i]);
		first = false;
	}
	buf_adds(out, "},");
}

static size_t pods_of(const struct store *store)
{
	const struct resource *r = resource_find("", "v1", "pods");
	const struct object *o = NULL;
	size_t n = 0;
	while (store_next(store, r, o != NULL ? o->ns : NULL, o != NULL ? o->name : NULL, &o))
		n++;
	return n;
}

void truth_write(const struct control *c, struct now now, struct buf *out)
{
	struct timeline_counts steps = timeline_counts(c->timeline);
	buf_addf(out, "{\"elapsedMs\":%" PRId64 ",", now.boot_ms - timeline_began(c->timeline));
	add_nodes(c->world->nodes, out);
	add_images(c, out);
	add_counts(c->world->nodes, out);
	add_faults(c->world->faults, out);
	buf_addf(out, "\"steps\":{\"done\":%zu,\"failed\":%zu,\"waiting\":%zu},\"pods\":%zu}\n",
		 steps.done, steps.failed, steps.waiting, pods_of(c->world->store));
}
