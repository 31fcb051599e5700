/*
 * A line when an image's phase changes, at each step of the timeline and at each tenth of
 * the whole: few enough to read, and none is ever repeated.
 */
#include "sim/screen/lines.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define TENTHS 10

struct said { /* of an image */
	char *name;
	char phase[32];
};

static void add_time(const struct screen_state *s, struct buf *out)
{
	buf_addf(out, "%6.1f s  ", (double)s->elapsed_ms / 1000);
}

static struct said *said_of(struct screen_printed *m, const char *name)
{
	struct said *one = map_get(&m->images, name);
	if (one != NULL)
		return one;
	one = xcalloc(1, sizeof(*one));
	one->name = xstrdup(name);
	map_put(&m->images, one->name, one);
	return one;
}

static void say_image(struct screen_printed *m, const struct screen_state *s,
		      const struct screen_image *i, struct buf *out)
{
	struct said *said = said_of(m, i->name);
	if (i->phase[0] == '\0' || strcmp(said->phase, i->phase) == 0)
		return;
	snprintf(said->phase, sizeof(said->phase), "%s", i->phase);
	add_time(s, out);
	buf_addf(out, "%s: %s, %" PRId64 " of %" PRId64 " nodes", i->name, i->phase, i->ready,
		 i->targeted);
	if (strcmp(i->phase, "Degraded") == 0)
		buf_addf(out, ": %s", i->cause);
	buf_adds(out, "\n");
}

static void say_events(struct screen_printed *m, const struct screen_state *s, struct buf *out)
{
	for (; m->events < s->n_events; m->events++) {
		const struct timeline_event *e = timeline_event(s->timeline, m->events);
		if (e != NULL)
			buf_addf(out, "%6.1f s  * %s%s\n", (double)e->at_ms / 1000, e->text,
				 e->failed ? " (failed)" : "");
	}
}

static void say_held(struct screen_printed *m, const struct screen_state *s, struct buf *out)
{
	if (m->held == s->nodes_held)
		return;
	m->held = s->nodes_held;
	add_time(s, out);
	buf_addf(out, "nodes held by a startup taint: %zu\n", s->nodes_held);
}

static void say_whole(struct screen_printed *m, const struct screen_state *s, struct buf *out)
{
	int64_t tenth = s->wanted > 0 ? s->had * TENTHS / s->wanted : 0;
	if (tenth <= m->tenth)
		return;
	m->tenth = tenth;
	add_time(s, out);
	buf_addf(out,
		 "%" PRId64 " of %" PRId64 " in place, %" PRId64 " in flight, %" PRId64
		 " waiting\n",
		 s->had, s->wanted, s->pulling, s->waiting);
}

void screen_lines(struct screen_printed *m, const struct screen_state *s, struct buf *out)
{
	if (!m->begun)
		buf_addf(out, "%s\n%zu nodes, %zu images\n", s->title, s->nodes_there, s->n_images);
	m->begun = true;
	say_events(m, s, out);
	say_held(m, s, out);
	for (size_t i = 0; i < s->n_images; i++)
		say_image(m, s, &s->images[i], out);
	say_whole(m, s, out);
}

void screen_printed_done(struct screen_printed *m)
{
	struct said *one;
	for (size_t i = 0; (one = map_next(&m->images, &i)) != NULL;) {
		free(one->name);
		free(one);
	}
	map_done(&m->images);
	*m = (struct screen_printed){0};
}

/* ---- the end ---- */

static size_t with_phase(const struct screen_state *s, const char *phase)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n_images; i++)
		n += strcmp(s->images[i].phase, phase) == 0;
	return n;
}

void screen_summary(const struct screen_state *s, const struct api_strings *missing,
		    size_t expected, struct buf *out)
{
	uint64_t pulls = s->done + s->failed;
	buf_addf(out, "\nafter %.1f s: %zu of %zu images Ready, %zu Degraded\n",
		 (double)s->elapsed_ms / 1000, with_phase(s, "Ready"), s->n_images,
		 with_phase(s, "Degraded"));
	buf_addf(out, "  pulls     %" PRIu64 " done, %" PRIu64 " failed\n", s->done, s->failed);
	buf_addf(out, "  requests  %" PRIu64 ", of which %" PRIu64 " for pods: %.2f a pull\n",
		 s->requests, s->pod_requests,
		 pulls != 0 ? (double)s->pod_requests / (double)pulls : 0.0);
	for (size_t i = 0; i < s->n_images; i++)
		if (strcmp(s->images[i].phase, "Degraded") == 0)
			buf_addf(out, "  failed    %s: %s\n", s->images[i].name,
				 s->images[i].cause);
	if (expected != 0 && missing->n == 0)
		buf_adds(out, "  all as expected\n");
	for (size_t i = 0; i < missing->n; i++)
		buf_addf(out, "  NOT as expected: %s\n", missing->at[i]);
}
