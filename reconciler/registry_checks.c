/*
 * Has the core's questions to registries asked by the discoverer (behaviour.md 35, 37). Invariant:
 * each is answered to the core exactly once, at the latest when the time of the request is over, or
 * forgotten together with all others by registry_checks_fence().
 */
#include "reconciler/reconciler.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"

static void forget(struct registry_check *k)
{
	free(k->image_name);
	free(k->image_uid);
	free(k->reference);
	*k = (struct registry_check){0};
}

void registry_checks_fence(struct reconciler *r)
{
	for (size_t i = 0; i < CHECKS_MAX; i++)
		forget(&r->checks[i]);
	r->n_checks = 0;
}

static void tell(struct proc *p, struct registry_check *k, const struct core_told *told)
{
	struct reconciler *r = proc_state(p);
	metric_add(proc_metrics(p), METRIC_registry_checks_total, 1,
		   LABELS(told->known ? "known" : "unknown"));
	if (!told->known)
		log_debug("the registry tells nothing, pulling as without it",
			  LS("image", k->image_name), LS("why", told->text),
			  LN("code", told->code));
	core_told(r->core, k->image_name, k->image_uid, k->reference, told, proc_now(p));
	forget(k);
	r->n_checks--;
}

/*
 * Right after a start the discoverer may not be connected yet. An answer that it is not running
 * would make pods that are not needed, so questions wait for it, as long as they would for an
 * answer.
 */
size_t registry_checks_room(struct proc *p, int64_t *next)
{
	struct reconciler *r = proc_state(p);
	int64_t now_ms = proc_now(p).boot_ms;
	if (proc_connected(p, PROC_DISCOVERER))
		r->check_alone_ms = 0;
	else if (r->check_alone_ms == 0)
		r->check_alone_ms = now_ms;
	*next = r->check_alone_ms + CHECK_TIME_MS;
	if (r->check_alone_ms != 0 && now_ms < *next)
		return 0;
	*next = CLOCK_NEVER;
	return CHECKS_MAX - r->n_checks;
}

void registry_check(struct proc *p, const struct core_check *wanted)
{
	struct reconciler *r = proc_state(p);
	struct arena *a = proc_arena(p);
	struct err err;
	size_t slot = 0;
	while (slot < CHECKS_MAX - 1 && r->checks[slot].tag != 0)
		slot++;
	struct registry_check *k = &r->checks[slot];
	int64_t until_ms = proc_now(p).boot_ms + CHECK_TIME_MS;
	struct msg_image_facts m = {
		.reference = wanted->reference,
		.secrets = {arena_array(a, wanted->secrets.n, sizeof(*m.secrets.at)),
			    wanted->secrets.n},
		.after_ms = wanted->after_ms,
		.platforms = wanted->platforms,
		.sized = {arena_array(a, wanted->n_sized, sizeof(*m.sized.at)), wanted->n_sized},
		.have = wanted->have,
		.until_ms = until_ms,
	};
	for (size_t i = 0; i < wanted->secrets.n; i++)
		m.secrets.at[i].name = wanted->secrets.at[i].name;
	for (size_t i = 0; i < wanted->n_sized; i++)
		m.sized.at[i] = (struct msg_platform){.name = wanted->sized[i]};
	*k = (struct registry_check){
		.tag = ++r->checked * CHECKS_MAX + slot,
		.image_name = xstrdup(wanted->image_name),
		.image_uid = xstrdup(wanted->image_uid),
		.reference = xstrdup(wanted->reference),
	};
	r->n_checks++;
	if (proc_request(p, PROC_DISCOVERER, MSG_image_facts, &m, k->tag,
			 until_ms + ANSWER_GRACE_MS, &err) < 0)
		tell(p, k, &(struct core_told){.text = "the discoverer is not running"});
}

struct image_platforms platforms_told(const struct msg_platform_list *list, struct arena *a)
{
	struct image_platforms told = {arena_array(a, list->n, sizeof(*told.at)), list->n};
	for (size_t i = 0; i < list->n; i++)
		told.at[i] = (struct image_platform){
			.platform = list->at[i].name != NULL ? list->at[i].name : "",
			.bytes = (int64_t)list->at[i].bytes};
	return told;
}

void on_facts_told(struct proc *p, const struct msg_in *in)
{
	struct reconciler *r = proc_state(p);
	struct registry_check *k = &r->checks[in->tag % CHECKS_MAX];
	const struct msg_facts_told *m = in->body;
	if (k->tag != in->tag)
		return;
	if (m == NULL) {
		tell(p, k, &(struct core_told){.text = "the discoverer did not answer in time"});
		return;
	}
	tell(p, k,
	     &(struct core_told){
		     .platforms = platforms_told(&m->platforms, proc_arena(p)),
		     .known = m->known && m->digest != NULL && *m->digest != '\0',
		     .digest = m->digest,
		     .is_public = m->is_public,
		     .text = m->text,
		     .code = (int)m->code,
	     });
}
