/*
 * What happens to nodes on purpose: one row a step of a scenario. A step that names a group
 * happens to each of its nodes. What a step begins, the same step with `end` ends.
 */
#include "sim/nodes/inside.h"

#include <string.h>

#include "sim/nodes/kubelet_pull.h"

static void tell(struct nodes *n, struct snode *s, unsigned wants)
{
	if (s->exists)
		snode_write(n, s, wants);
}

static void join(struct nodes *n, struct snode *s, const struct sim_step *step, struct now now)
{
	(void)step;
	if (!s->exists)
		snode_join(n, s, now);
}

static void away(struct nodes *n, struct snode *s, bool is_away, struct now now)
{
	if (!s->exists || s->kubelet.away == is_away)
		return;
	s->ready_s = now.wall_s;
	if (is_away) {
		kubelet_stop(&s->kubelet, now);
	} else {
		kubelet_start(&s->kubelet, now);
		s->ready_s = s->pressure_s = s->began_s = kubelet_now(&s->kubelet, now).wall_s;
	}
	tell(n, s, NODE_WRITE_STATUS | NODE_WRITE_TAINTS | (is_away ? 0 : NODE_WRITE_IMAGES));
}

static void notready(struct nodes *n, struct snode *s, const struct sim_step *step, struct now now)
{
	away(n, s, !step->end, now);
}

static void ready(struct nodes *n, struct snode *s, const struct sim_step *step, struct now now)
{
	(void)step;
	away(n, s, false, now);
}

static void vanish(struct nodes *n, struct snode *s, const struct sim_step *step, struct now now)
{
	if (step->end)
		join(n, s, step, now);
	else if (s->exists)
		snode_leave(n, s, false, now);
}

static void replace(struct nodes *n, struct snode *s, const struct sim_step *step, struct now now)
{
	(void)step;
	if (s->exists)
		snode_leave(n, s, true, now);
	snode_join(n, s, now);
}

static void pressure(struct nodes *n, struct snode *s, const struct sim_step *step, struct now now)
{
	if (!s->exists || s->kubelet.pressure == !step->end)
		return;
	kubelet_set_pressure(&s->kubelet, !step->end, now);
	s->pressure_s = kubelet_now(&s->kubelet, now).wall_s;
	snode_arm(n, s);
	tell(n, s, NODE_WRITE_STATUS | NODE_WRITE_TAINTS);
}

static void full(struct nodes *n, struct snode *s, const struct sim_step *step, struct now now)
{
	(void)n;
	(void)now;
	s->kubelet.full = !step->end;
}

static void cordon(struct nodes *n, struct snode *s, const struct sim_step *step, struct now now)
{
	(void)now;
	if (s->cordoned == !step->end)
		return;
	s->cordoned = !step->end;
	tell(n, s, NODE_WRITE_TAINTS);
}

static void move_clock(struct nodes *n, struct snode *s, const struct sim_step *step,
		       struct now now)
{
	(void)now;
	int64_t by = step->by_ms / 1000;
	s->kubelet.skew_s += step->end ? -by : by;
	if (!s->kubelet.away && !s->group->kubelet.by_hand) /* the next heartbeat tells */
		tell(n, s, NODE_WRITE_STATUS | NODE_WRITE_IMAGES);
}

static void evict_image(struct nodes *n, struct snode *s, const struct sim_step *step,
			struct now now)
{
	struct sim_manifest m;
	(void)now;
	if (registries_find(n->env.registries, step->image, &m) != 0)
		return;
	if (disk_evict(&s->kubelet.disk, m.tag_name != NULL ? m.tag_name : m.digest_name))
		kubelet_images_changed(&s->kubelet);
}

static const struct step_row {
	const char *what;
	bool image; /* needs one */
	void (*run)(struct nodes *n, struct snode *s, const struct sim_step *step, struct now now);
} rows[] = {
	{"node-join", false, join},         {"node-notready", false, notready},
	{"node-ready", false, ready},       {"node-vanish", false, vanish},
	{"node-replace", false, replace},   {"node-pressure", false, pressure},
	{"node-full", false, full},         {"node-cordon", false, cordon},
	{"evict-image", true, evict_image}, {"node-clock", false, move_clock},
};

static const struct step_row *row_of(const char *what)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].what, what) == 0)
			return &rows[i];
	return NULL;
}

int nodes_step(struct nodes *n, const struct sim_step *step, struct now now, struct err *err)
{
	const struct step_row *row = row_of(step->what);
	size_t met = 0;
	if (row == NULL)
		return err_set(err, ERR_TERMINAL, "%s is no step of nodes", step->what);
	if (step->node == NULL || *step->node == '\0')
		return err_set(err, ERR_TERMINAL, "%s needs `node`", step->what);
	if (row->image && (step->image == NULL || *step->image == '\0'))
		return err_set(err, ERR_TERMINAL, "%s needs `image`", step->what);
	for (size_t i = 0; i < n->n; i++) {
		struct snode *s = n->at[i];
		if (strcmp(s->name, step->node) != 0 &&
		    strcmp(s->group->kubelet.name, step->node) != 0)
			continue;
		row->run(n, s, step, now);
		met++;
	}
	if (met == 0)
		return err_set(err, ERR_TERMINAL, "%s: no node or group is called %s", step->what,
			       step->node);
	return 0;
}
