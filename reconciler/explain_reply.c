/*
 * Answers the questions of dropctl from the core (explain.h): turns structs into rows of
 * messages and cuts them to what one message holds. Decides nothing and changes nothing; a
 * question costs as much as its answer is long, so each is bounded.
 */
#include "reconciler/reconciler.h"

#include "api/ref.h"
#include "base/log.h"
#include "ipc/objpack.h"
#include "reconciler/explain/explain.h"

/* Rows of one answer: with texts of 1,024 bytes they stay under MSG_MAX. */
#define ROWS_MAX 400
/* Images of one answer: each looks at every node, and pulls wait meanwhile. */
#define IMAGES_MAX 50
/* Nodes of a plan that are looked at: more than any cluster has. */
#define PLAN_NODES_MAX 20000

static size_t rows_wanted(uint64_t wanted, size_t most)
{
	return wanted == 0 || wanted > most ? most : (size_t)wanted;
}

static struct msg_node_state state_of(const struct explain *e, struct arena *a)
{
	const struct explain_info *info = &explain_infos[e->reason];
	return (struct msg_node_state){
		.node = e->node,
		.state = explain_group_names[info->group],
		.reason = info->name,
		.text = explain_text(e, a),
		.at = e->at,
		.repull = e->repull,
		.bytes = e->bytes,
	};
}

static struct msg_node_state_list states_of(const struct explain *list, size_t n, struct arena *a)
{
	struct msg_node_state_list rows = {arena_array(a, n, sizeof(struct msg_node_state)), n};
	for (size_t i = 0; i < n; i++)
		rows.at[i] = state_of(&list[i], a);
	return rows;
}

static void answer(struct proc *p, const struct msg_in *in, enum msg_type type, const void *body)
{
	struct err err;
	if (proc_reply(p, &in->reply_to, type, body, &err) != 0)
		log_debug("answer not sent: the client has disconnected", LS("error", err.text));
}

void on_explain(struct proc *p, const struct msg_in *in)
{
	struct reconciler *r = proc_state(p);
	const struct msg_explain *ask = in->body;
	struct arena *a = proc_arena(p);
	struct msg_explained reply = {0};
	struct explain *list = NULL;
	if (ask->image != NULL && ask->node != NULL) {
		const struct explain *e =
			explain_pair(r->core, ask->image, ask->node, proc_now(p), a);
		reply.found = e != NULL;
		if (e != NULL)
			reply.nodes = states_of(e, 1, a);
	} else if (ask->image != NULL) {
		size_t max = rows_wanted(ask->max, ROWS_MAX);
		int n = explain_nodes(r->core, ask->image, ask->after, max, proc_now(p), a, &list);
		reply.found = n >= 0;
		reply.more = n == (int)max;
		if (n > 0)
			reply.nodes = states_of(list, (size_t)n, a);
	}
	answer(p, in, MSG_explained, &reply);
}

/* What counts for the sentence of an image: the nodes that are left out only if no other is left.
 */
static bool is_told(const struct explain_summary *s, enum explain_reason reason)
{
	if (reason == EXPLAIN_PLATFORM || reason == EXPLAIN_NO_ROOM)
		return s->targeted == 0;
	enum explain_group group = explain_infos[reason].group;
	return group != GROUP_DONE && group != GROUP_SKIPPED;
}

/* What most nodes that are not done have in common; 0 nodes: they are done. */
static uint32_t most_common(const struct explain_summary *s, enum explain_reason *ret)
{
	uint32_t most = 0;
	for (int i = 0; i < EXPLAIN_REASON_COUNT; i++) {
		if (is_told(s, (enum explain_reason)i) && s->reasons[i] > most) {
			most = s->reasons[i];
			*ret = (enum explain_reason)i;
		}
	}
	return most;
}

/* The sentence of the first node that has the reason. */
static const char *example_of(struct proc *p, const char *image, enum explain_reason reason)
{
	struct reconciler *r = proc_state(p);
	const char *after = NULL;
	for (;;) {
		struct explain *list;
		int n = explain_nodes(r->core, image, after, ROWS_MAX, proc_now(p), proc_arena(p),
				      &list);
		for (int i = 0; i < n; i++)
			if (list[i].reason == reason)
				return explain_text(&list[i], proc_arena(p));
		if (n < ROWS_MAX)
			return NULL;
		after = list[n - 1].node;
	}
}

static struct msg_progress progress_of(struct proc *p, const struct explain_summary *s)
{
	enum explain_reason reason = EXPLAIN_REASON_COUNT;
	bool left = most_common(s, &reason) > 0;
	return (struct msg_progress){
		.image = s->image,
		.phase = s->phase,
		.policy = s->policy,
		.policy_missing = s->policy_missing,
		.targeted = s->targeted,
		.ready = s->ready,
		.pulling = s->groups[GROUP_PULLING],
		.waiting = s->groups[GROUP_WAITING],
		.backoff = s->groups[GROUP_BACKOFF],
		.notready = s->groups[GROUP_NOTREADY],
		.pull_ms = s->pull_ms,
		.eta_s = s->eta_s,
		.reason = left ? explain_infos[reason].name : NULL,
		.text = left ? example_of(p, s->image, reason) : NULL,
		.cause = s->cause,
		.bytes_left = s->bytes_left,
		.nodes_skipped = s->left_out,
	};
}

static size_t images_named(struct proc *p, const struct msg_image_name_list *wanted, size_t max,
			   struct explain_summary **ret_list)
{
	struct reconciler *r = proc_state(p);
	size_t n = wanted->n < max ? wanted->n : max;
	const char **names = arena_array(proc_arena(p), n, sizeof(const char *));
	for (size_t i = 0; i < n; i++)
		names[i] = wanted->at[i].image != NULL ? wanted->at[i].image : "";
	return explain_images_named(r->core, names, n, proc_now(p), proc_arena(p), ret_list);
}

void on_explain_images(struct proc *p, const struct msg_in *in)
{
	struct reconciler *r = proc_state(p);
	const struct msg_explain_images *ask = in->body;
	struct explain_summary *list;
	size_t max = rows_wanted(ask->max, IMAGES_MAX);
	size_t n = ask->wanted.n > 0 ? images_named(p, &ask->wanted, max, &list)
				     : explain_images(r->core, ask->after, max, proc_now(p),
						      proc_arena(p), &list);
	struct msg_images_explained reply = {
		.leading = r->acting,
		.lease_trouble = r->feed.lease_trouble[0] != '\0' ? r->feed.lease_trouble : NULL,
		.more = ask->wanted.n == 0 && n == max,
		.images = {arena_array(proc_arena(p), n, sizeof(struct msg_progress)), n},
	};
	for (size_t i = 0; i < n; i++)
		reply.images.at[i] = progress_of(p, &list[i]);
	answer(p, in, MSG_images_explained, &reply);
}

void on_explain_queue(struct proc *p, const struct msg_in *in)
{
	struct reconciler *r = proc_state(p);
	const struct msg_explain_queue *ask = in->body;
	struct explain_next *list;
	size_t n = explain_queue(r->core, rows_wanted(ask->max, ROWS_MAX), proc_now(p),
				 proc_arena(p), &list);
	struct msg_queue_explained reply = {
		.queue = {arena_array(proc_arena(p), n, sizeof(struct msg_turn)), n}};
	for (size_t i = 0; i < n; i++)
		reply.queue.at[i] = (struct msg_turn){
			.image = list[i].image,
			.node = list[i].node,
			.turn = list[i].turn,
			.reason = explain_infos[list[i].why.reason].name,
			.text = explain_text(&list[i].why, proc_arena(p)),
		};
	answer(p, in, MSG_queue_explained, &reply);
}

static struct msg_platform_list unsized_of(struct reconciler *r, const struct cachedimage *image,
					   const struct explain *list, size_t n, struct arena *a)
{
	struct api_strings names = explain_plan_unsized(r->core, image, list, n, a);
	struct msg_platform_list ret = {arena_array(a, names.n, sizeof(*ret.at)), names.n};
	for (size_t i = 0; i < names.n; i++)
		ret.at[i] = (struct msg_platform){.name = names.at[i]};
	return ret;
}

/* An image of a set that exists is planned as the child that it has; any other by its own name. */
static void name_child(struct reconciler *r, struct cachedimage *image, struct arena *a)
{
	const struct cachedimage_spec *spec = &image->spec;
	const char *set = image->meta.owners.n == 1 ? image->meta.owners.at[0].name : NULL;
	const char *normal = ref_normal(a, ref_make(a, spec->image, spec->tag, spec->digest));
	const char *child =
		set != NULL && normal != NULL ? sets_child_of(r->sets, set, normal) : NULL;
	if (child != NULL)
		image->meta.name = child;
}

static void count_nodes(const struct explain *list, size_t n, struct msg_planned *ret)
{
	for (size_t i = 0; i < n; i++)
		switch (explain_infos[list[i].reason].group) {
		case GROUP_DONE:
			ret->done++;
			break;
		case GROUP_PULLING:
			ret->pulling++;
			break;
		case GROUP_NOTREADY:
			ret->notready++;
			break;
		case GROUP_SKIPPED:
			ret->skipped++;
			break;
		default:
			ret->pulls++;
			ret->bytes += list[i].bytes;
			ret->unknown += list[i].bytes == 0;
		}
}

void on_explain_plan(struct proc *p, const struct msg_in *in)
{
	struct reconciler *r = proc_state(p);
	const struct msg_explain_plan *ask = in->body;
	struct arena *a = proc_arena(p);
	struct cachedimage image;
	struct explain *list = NULL;
	struct msg_planned reply = {0};
	struct err err;
	size_t n = 0, max = rows_wanted(ask->max, ROWS_MAX);
	if (ask->kind != KIND_CACHEDIMAGE ||
	    obj_unpack(kinds[KIND_CACHEDIMAGE].desc, ask->object.data, ask->object.len, a, &image,
		       &err) < 0)
		log_warn("plan request without a CachedImage, answering with an empty plan");
	else {
		name_child(r, &image, a);
		struct explain_pods pods = explain_plan_pods(r->core, &image, a);
		struct image_platforms told = platforms_told(&ask->platforms, a);
		n = explain_plan_told(r->core, &image, &told, PLAN_NODES_MAX, proc_now(p), a,
				      &list);
		if (ask->platforms.n == 0)
			reply.unsized = unsized_of(r, &image, list, n, a);
		reply.images_per_pod = pods.images_per_pod;
		reply.together = pods.together;
		struct explain_limits limits = explain_plan_limits(r->core, &image, a);
		reply.policy = limits.policy;
		reply.nodes_at_once = (uint64_t)limits.max_nodes;
		reply.delay_ms = (uint64_t)limits.delay_ms;
		reply.by_image = limits.by_image;
	}
	count_nodes(list, n, &reply);
	reply.nodes = states_of(list, n < max ? n : max, a);
	answer(p, in, MSG_planned, &reply);
}
