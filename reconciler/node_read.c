/*
 * Reads the Nodes that the core wants to know a digest from (reconciler/core/digests.h).
 * Invariant: what the core asked for is answered once, or forgotten by apply_fence().
 */
#include "reconciler/reconciler.h"

#include <stdlib.h>

#include "api/tables.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "kube/urls.h"

struct node_read { /* lives from kube_send to its answer */
	struct reconciler *r;
	char *image_name, *image_uid, *reference;
};

static const char *digest_of(const struct kube_answer *answer, const char *reference,
			     struct arena *a)
{
	struct node node;
	struct err err;
	if (desc_decode(&node_desc, answer->body, answer->len, false, a, &node, &err) == 0)
		return node_digest(&node, reference, a);
	log_warn("node cannot be decoded, ignoring", LS("error", err.text));
	return NULL;
}

static void on_node_read(void *ctx, const struct kube_answer *answer)
{
	struct node_read *read = ctx;
	struct reconciler *r = read->r;
	struct arena a = ARENA_INIT;
	const char *digest = answer->code == 200 ? digest_of(answer, read->reference, &a) : NULL;
	/* Who may not read Nodes need not ask again; what went wrong otherwise may not tomorrow. */
	bool answered = answer->code == 200 || answer->code == 403;
	r->n_resolves--;
	if (r->acting)
		core_resolved(r->core, read->image_name, read->image_uid, read->reference, answered,
			      digest);
	arena_done(&a);
	free(read->image_name);
	free(read->image_uid);
	free(read->reference);
	free(read);
}

void node_read(struct proc *p, const struct core_resolve *wanted)
{
	struct reconciler *r = proc_state(p);
	struct node_read *read = xcalloc(1, sizeof(*read));
	*read = (struct node_read){
		.r = r,
		.image_name = xstrdup(wanted->image_name),
		.image_uid = xstrdup(wanted->image_uid),
		.reference = xstrdup(wanted->reference),
	};
	struct kube_request req = {
		.method = KUBE_GET,
		.lane = KUBE_WRITE,
		.path = url_named(proc_arena(p), KIND_NODE, NULL, wanted->node),
		.deadline_ms = takeover_deadline(&r->takeover, proc_now(p).boot_ms),
	};
	r->n_resolves++;
	kube_send(r->kube, &req, on_node_read, read);
}
