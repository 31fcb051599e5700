/*
 * What of a pod matters to its kubelet, decided once: whether it tolerates the node, its
 * pull policy, whether it ends. The first container is the one that counts; pull pods have
 * no other.
 */
#include "sim/kubelet_pod.h"

#include <string.h>

#include "base/hash.h"
#include "base/xalloc.h"

static bool tolerates(const struct api_toleration *t, const struct node_taint *taint)
{
	bool exists = t->op != NULL && strcmp(t->op, "Exists") == 0;
	const char *key = t->key != NULL ? t->key : "", *value = t->value != NULL ? t->value : "";
	if (t->effect != NULL && *t->effect != '\0' && strcmp(t->effect, taint->effect) != 0)
		return false;
	if (*key == '\0')
		return exists;
	if (strcmp(key, taint->key) != 0)
		return false;
	return exists || strcmp(value, taint->value != NULL ? taint->value : "") == 0;
}

/* Kubelets look at NoExecute only; the rest is the scheduler's (and our operator's). */
static bool is_intolerant(const struct sim_pod *pod, const struct node_taints *taints)
{
	for (size_t i = 0; i < taints->n; i++) {
		bool ok = strcmp(taints->at[i].effect, "NoExecute") != 0;
		for (size_t j = 0; !ok && j < pod->tolerations.n; j++)
			ok = tolerates(&pod->tolerations.at[j], &taints->at[i]);
		if (!ok)
			return true;
	}
	return false;
}

static bool is(const char *text, const char *want)
{
	return text != NULL && strcmp(text, want) == 0;
}

/* All texts of a pod in one block behind it. */
static struct kpod *with_texts(const struct sim_pod *pod)
{
	const struct sim_pod_container *c = &pod->containers.at[0];
	const char *ns = pod->meta.ns != NULL ? pod->meta.ns : "";
	struct buf texts = {0};
	size_t at[6];
	buf_addf(&texts, "%s/%s", ns, pod->meta.name);
	const char *rest[] = {ns, pod->meta.name, pod->meta.uid, c->name, c->image};
	for (size_t i = 0; i < 5; i++) {
		buf_add(&texts, "", 1);
		at[i] = texts.len;
		buf_adds(&texts, rest[i] != NULL ? rest[i] : "");
	}
	buf_add(&texts, "", 1);
	at[5] = texts.len;
	for (size_t i = 0; i < pod->secrets.n; i++)
		if (pod->secrets.at[i].name != NULL && *pod->secrets.at[i].name != '\0')
			buf_add(&texts, pod->secrets.at[i].name,
				strlen(pod->secrets.at[i].name) + 1);
	struct kpod *p = xcalloc(1, sizeof(*p) + texts.len + 1);
	char *block = (char *)(p + 1);
	memcpy(block, texts.data, texts.len); /* ended by calloc's zero */
	buf_done(&texts);
	p->key = block;
	p->ns = block + at[0];
	p->name = block + at[1];
	p->uid = block + at[2];
	p->container = block + at[3];
	p->image = block + at[4];
	p->secrets = block + at[5];
	return p;
}

struct kpod *kpod_new(const struct sim_pod *pod, const struct node_taints *taints)
{
	const struct sim_pod_container *c = &pod->containers.at[0];
	struct kpod *p = with_texts(pod);
	p->timer.owner = TIMER_POD;
	p->address = hash_stable_str(HASH_STABLE_START, p->uid);
	p->generation = pod->meta.generation;
	p->never = is(c->policy, "Never");
	p->always = !p->never && !is(c->policy, "IfNotPresent");
	p->ends = c->command.n > 0 && is(c->command.at[0], "true");
	p->intolerant = is_intolerant(pod, taints);
	if (is(pod->phase, "Succeeded") || is(pod->phase, "Failed"))
		p->state = KPOD_OVER;
	return p;
}
