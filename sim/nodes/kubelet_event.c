/* See kubelet_event.h. */
#include "sim/nodes/kubelet_event.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/pullpod.h"
#include "base/xalloc.h"

static bool is_ours(const struct kpod *p)
{
	const char *name = p->main->name;
	size_t n = strlen(PULLPOD_CONTAINER);
	return strncmp(name, PULLPOD_CONTAINER, n) == 0 && (name[n] == '\0' || name[n] == '-');
}

static bool is_lost(const struct kubelet *k)
{
	struct kubelet_env *env = k->env;
	if (k->group->lost_events == 0)
		return false;
	env->random = env->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (env->random >> 33) % 100 < k->group->lost_events;
}

void kevent_add(struct kpod *p, bool was_pulled, struct now now)
{
	struct kubelet_env *env = p->kubelet->env;
	const struct kcontainer *c = p->cur;
	if ((is_ours(p) && env->config.instant) || env->n_events == KEVENTS_MAX)
		return;
	struct kevent *e = xcalloc(1, sizeof(*e));
	*e = (struct kevent){
		.kubelet = p->kubelet,
		.ns = xstrdup(p->ns),
		.pod = xstrdup(p->name),
		.uid = xstrdup(p->uid),
		.container = xstrdup(c->name),
		.image = xstrdup(c->image),
		.init = c->init,
		.was_pulled = was_pulled,
		.lost = is_lost(p->kubelet),
		.took_ms = now.boot_ms - p->began_ms,
		.waited_ms = now.boot_ms - p->queued_ms,
		.bytes = was_pulled ? p->pull.content->size : 0,
		.fetched = was_pulled ? p->total : 0,
		.at_s = now.wall_s + p->kubelet->skew_s,
		.at_ms = now.boot_ms,
		.number = ++env->event_number,
	};
	TAILQ_INSERT_TAIL(&env->events, e, link);
	env->n_events++;
}

struct kevent *kevent_take(struct kubelet_env *env)
{
	struct kevent *e = TAILQ_FIRST(&env->events);
	if (e == NULL)
		return NULL;
	TAILQ_REMOVE(&env->events, e, link);
	env->n_events--;
	return e;
}

static void add_message(const struct kevent *e, struct buf *out)
{
	struct buf text = {0};
	char took[TIME_TEXT_MAX], waited[TIME_TEXT_MAX];
	duration_format(took, e->took_ms);
	duration_format(waited, e->waited_ms);
	if (e->was_pulled)
		buf_addf(&text,
			 "Successfully pulled image \"%s\" in %s (%s including waiting). Image "
			 "size: %" PRId64 " bytes.",
			 e->image, took, waited, e->bytes);
	else
		buf_addf(&text, "Container image \"%s\" already present on machine", e->image);
	buf_add_json(out, text.data);
	buf_done(&text);
}

void kevent_write(const struct kevent *e, const char *node, struct buf *out)
{
	char at[TIME_TEXT_MAX];
	time_format(at, e->at_s);
	buf_adds(out, "{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"metadata\":{\"name\":");
	buf_addf(out, "\"%s.%016" PRIx64 "\",\"namespace\":\"%s\"}", e->pod, e->number, e->ns);
	buf_addf(out,
		 ",\"involvedObject\":{\"kind\":\"Pod\",\"namespace\":\"%s\",\"name\":\"%s\","
		 "\"uid\":\"%s\",\"apiVersion\":\"v1\",\"fieldPath\":\"spec.%s{%s}\"}",
		 e->ns, e->pod, e->uid, e->init ? "initContainers" : "containers", e->container);
	buf_adds(out, ",\"reason\":\"Pulled\",\"message\":");
	add_message(e, out);
	buf_addf(out,
		 ",\"source\":{\"component\":\"kubelet\",\"host\":\"%s\"},\"type\":\"Normal\","
		 "\"firstTimestamp\":\"%s\",\"lastTimestamp\":\"%s\",\"count\":1,"
		 "\"reportingComponent\":\"kubelet\",\"reportingInstance\":\"%s\"}",
		 node, at, at, node);
}

void kevent_tell(const struct kevent *e, const char *node, struct buf *out)
{
	buf_addf(out, "{\"node\":\"%s\",\"namespace\":\"%s\",\"pod\":\"%s\",\"image\":", node,
		 e->ns, e->pod);
	buf_add_json(out, e->image);
	buf_addf(out,
		 ",\"pulled\":%s,\"tookMs\":%" PRId64 ",\"waitedMs\":%" PRId64
		 ",\"fetchedBytes\":%" PRId64 ",\"atMs\":%" PRId64 ",\"lost\":%s}",
		 e->was_pulled ? "true" : "false", e->was_pulled ? e->took_ms : 0,
		 e->was_pulled ? e->waited_ms : 0, e->fetched, e->at_ms,
		 e->lost ? "true" : "false");
}

void kevent_free(struct kevent *e)
{
	free(e->ns);
	free(e->pod);
	free(e->uid);
	free(e->container);
	free(e->image);
	free(e);
}
