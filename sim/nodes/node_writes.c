/*
 * The writes of kubelets, in the order in which they became due. At most one write for one object
 * is unanswered; later changes go into the next. All calls of the port are made here, while no
 * structure is half changed: a port may call back at once.
 */
#include "sim/nodes/inside.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/xalloc.h"

#include "sim/nodes/kubelet_event.h"

/* kubelet asks again for the end of a pod that the API server still shows. */
#define DELETE_AGAIN_MS 10000
/* "namespace/name": a DNS label and a DNS subdomain. */
#define NODES_POD_KEY_MAX (63 + 1 + 253 + 1)

void snode_write(struct nodes *n, struct snode *s, unsigned wants)
{
	s->wants |= wants;
	if (s->queued || s->flying != 0 || s->retry_ms != CLOCK_NEVER || s->wants == 0)
		return;
	s->queued = true;
	TAILQ_INSERT_TAIL(&n->writes, s, of_writes);
}

void snode_arm(struct nodes *n, struct snode *s)
{
	int64_t at = s->kubelet.evict_ms < s->retry_ms ? s->kubelet.evict_ms : s->retry_ms;
	if (s->exists && s->beat_ms < at)
		at = s->beat_ms;
	if (s->exists && s->images_ms < at)
		at = s->images_ms;
	timer_set(&n->timers, &s->timer, at);
}

static bool busy(const struct nodes *n)
{
	return n->port.busy != NULL && n->port.busy(n->port.ctx);
}

static struct node_said about(const struct snode *s)
{
	return (struct node_said){.name = s->name,
				  .group = s->group,
				  .kubelet = &s->kubelet,
				  .cordoned = s->cordoned,
				  .installed = s->installed,
				  .fresh = !s->registered,
				  .images = (s->wants & NODE_WRITE_IMAGES) != 0,
				  .heartbeat_s = s->heartbeat_s,
				  .ready_s = s->ready_s,
				  .pressure_s = s->pressure_s,
				  .began_s = s->began_s};
}

/* The first of what it wants, as flags that the write covers. */
static unsigned next_write(const struct snode *s)
{
	if (s->wants & NODE_WRITE_DELETE)
		return NODE_WRITE_DELETE;
	if (s->wants & NODE_WRITE_CREATE) /* says all */
		return s->wants;
	if (s->wants & NODE_WRITE_TAINTS)
		return NODE_WRITE_TAINTS;
	return s->wants & (NODE_WRITE_STATUS | NODE_WRITE_IMAGES);
}

/* Those of others stay as they are. */
static void write_taints(const struct node_port *port, const struct node_said *said,
			 struct buf *out)
{
	struct buf others = {0};
	if (port->other_taints != NULL)
		port->other_taints(port->ctx, said->name, &others);
	else
		node_write_own_taints(said, &others);
	node_write_taints(said, others.len != 0 ? others.data : "", out);
	buf_done(&others);
}

static void write_node(struct nodes *n, struct snode *s, struct now now)
{
	struct buf text = {0};
	struct node_port port = n->port;
	if (!s->kubelet.away)
		s->heartbeat_s = kubelet_now(&s->kubelet, now).wall_s;
	struct node_said said = about(s);
	unsigned what = next_write(s);
	s->flying = what;
	s->wants &= ~what;
	if (what & NODE_WRITE_DELETE) {
		port.node_delete(port.ctx, s->name);
	} else if (what & NODE_WRITE_CREATE) {
		node_write_object(&said, &text);
		port.node_create(port.ctx, s->name, text.data, text.len);
	} else if (what & NODE_WRITE_TAINTS) {
		write_taints(&port, &said, &text);
		port.node_patch(port.ctx, s->name, text.data, text.len);
	} else {
		node_write_status(&said, &text);
		port.node_status(port.ctx, s->name, text.data, text.len);
	}
	buf_done(&text);
}

static void write_pod(struct nodes *n, struct kpod *p, struct now now)
{
	struct buf text = {0};
	struct node_port port = n->port;
	if (p->dirty) {
		p->dirty = false;
		p->flying = true;
		kubelet_write(p, &text);
		port.pod_status(port.ctx, p->ns, p->name, p->uid, text.data, text.len);
	} else if (p->wants_delete) {
		/* The pod may go within the call, and its texts with it. */
		char *ns = xstrdup(p->ns), *name = xstrdup(p->name), *uid = xstrdup(p->uid);
		p->wants_delete = false;
		timer_set(&n->timers, &p->timer, now.boot_ms + DELETE_AGAIN_MS);
		port.pod_delete(port.ctx, ns, name, uid);
		free(ns);
		free(name);
		free(uid);
	}
	buf_done(&text);
}

const struct buf *nodes_starts(const struct nodes *n)
{
	return &n->starts;
}

static void write_event(struct nodes *n, struct kevent *e)
{
	struct buf text = {0};
	const char *node = snode_of(e->kubelet)->name;
	buf_adds(&text, n->starts.len > 0 ? ",\n" : "");
	kevent_tell(e, node, &text);
	buf_add(&n->starts, text.data, text.len);
	text.len = 0;
	kevent_write(e, node, &text);
	if (!e->lost)
		n->port.event(n->port.ctx, e->ns, text.data, text.len);
	buf_done(&text);
}

void nodes_flush(struct nodes *n, struct now now)
{
	struct snode *s;
	struct kpod *p;
	while (!busy(n) && (s = TAILQ_FIRST(&n->writes)) != NULL) {
		TAILQ_REMOVE(&n->writes, s, of_writes);
		s->queued = false;
		write_node(n, s, now);
	}
	while (!busy(n) && (p = TAILQ_FIRST(&n->env.writes)) != NULL) {
		TAILQ_REMOVE(&n->env.writes, p, of_writes);
		p->queued = false;
		write_pod(n, p, now);
	}
	struct kevent *e;
	while (!busy(n) && (e = kevent_take(&n->env)) != NULL) {
		if (n->port.event != NULL)
			write_event(n, e);
		kevent_free(e);
	}
}

/* ---- answers ---- */

static void node_written(struct nodes *n, struct snode *s, bool ok, struct now now)
{
	unsigned was = s->flying;
	s->flying = 0;
	if (ok) {
		/* Admission gives a new node the taint not-ready; we play who takes it off. */
		if ((was & NODE_WRITE_CREATE) && s->exists)
			s->wants |= NODE_WRITE_TAINTS;
		if (was == NODE_WRITE_TAINTS)
			s->registered = s->exists;
		if (was & NODE_WRITE_DELETE)
			s->registered = false;
	} else {
		/* A node that left meanwhile takes back what was never made. */
		s->wants |= s->wants & NODE_WRITE_DELETE ? 0 : was;
		s->retry_ms = now.boot_ms + NODES_RETRY_MS;
		snode_arm(n, s);
	}
	snode_write(n, s, 0);
}

static void requeue(struct nodes *n, struct kpod *p)
{
	if (p->queued || p->kubelet->away || (!p->dirty && !p->wants_delete))
		return;
	p->queued = true;
	TAILQ_INSERT_TAIL(&n->env.writes, p, of_writes);
}

static void pod_written(struct nodes *n, struct kpod *p, bool ok, struct now now)
{
	if (!p->flying)
		return; /* of an earlier pod of that name */
	p->flying = false;
	if (ok) {
		requeue(n, p);
		return;
	}
	p->dirty = true;
	p->waits_retry = true;
	p->retry_ms = now.boot_ms + NODES_RETRY_MS;
	TAILQ_INSERT_TAIL(&n->env.retries, p, of_writes);
	timer_set(&n->timers, &n->retry, TAILQ_FIRST(&n->env.retries)->retry_ms);
}

void nodes_retry(struct nodes *n, struct now now)
{
	struct kpod *p;
	while ((p = TAILQ_FIRST(&n->env.retries)) != NULL && p->retry_ms <= now.boot_ms) {
		TAILQ_REMOVE(&n->env.retries, p, of_writes);
		p->waits_retry = false;
		requeue(n, p);
	}
	timer_set(&n->timers, &n->retry, p != NULL ? p->retry_ms : CLOCK_NEVER);
}

void nodes_written(struct nodes *n, const char *node, const char *ns, const char *pod, bool ok,
		   struct now now)
{
	if (node != NULL) {
		struct snode *s = map_get(&n->by_name, node);
		if (s != NULL && s->flying != 0)
			node_written(n, s, ok, now);
		return;
	}
	char key[NODES_POD_KEY_MAX];
	snprintf(key, sizeof(key), "%s/%s", ns, pod);
	struct kpod *p = map_get(&n->pods, key);
	if (p != NULL)
		pod_written(n, p, ok, now);
}
