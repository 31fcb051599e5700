/*
 * What of a pod matters to its kubelet, decided once: whether it tolerates the node, its
 * pull policy, whether it ends. The container `pull`, else the first, is the one that the
 * counts are about; webhooks may have added others.
 */
#include "sim/nodes/kubelet_pod.h"

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

/* The pod's texts one after the other, each with its NUL; ended by an empty one. */
static void add_texts(const struct sim_pod *pod, struct buf *out)
{
	const char *ns = pod->meta.ns != NULL ? pod->meta.ns : "";
	const char *head[] = {ns, pod->meta.name, pod->meta.uid};
	const struct sim_pod_containers *lists[] = {&pod->init, &pod->containers};
	buf_addf(out, "%s/%s", ns, pod->meta.name);
	buf_add(out, "", 1);
	for (size_t i = 0; i < 3; i++)
		buf_add(out, head[i], strlen(head[i]) + 1);
	for (size_t l = 0; l < 2; l++)
		for (size_t i = 0; i < lists[l]->n; i++) {
			const struct sim_pod_container *c = &lists[l]->at[i];
			const char *texts[] = {c->name, c->image};
			for (size_t k = 0; k < 2; k++) {
				const char *t = texts[k] != NULL ? texts[k] : "";
				buf_add(out, t, strlen(t) + 1);
			}
		}
	for (size_t i = 0; i < pod->secrets.n; i++)
		if (pod->secrets.at[i].name != NULL && *pod->secrets.at[i].name != '\0')
			buf_add(out, pod->secrets.at[i].name, strlen(pod->secrets.at[i].name) + 1);
	buf_add(out, "", 1);
}

static const char *take(const char **at)
{
	const char *text = *at;
	*at += strlen(text) + 1;
	return text;
}

static void read_container(const struct sim_pod_container *from, bool init, struct kcontainer *c)
{
	const char *command = from->command.n > 0 ? from->command.at[0] : NULL;
	c->init = init;
	c->sidecar = init && is(from->restart_policy, "Always");
	c->never = is(from->policy, "Never");
	c->always = !c->never && !is(from->policy, "IfNotPresent");
	c->needs_true = is(command, "true");
	c->ends = init ? !c->sidecar && !is(command, "sleep") : c->needs_true;
}

/* The pod, its containers and its texts in one block. */
static struct kpod *with_texts(const struct sim_pod *pod)
{
	struct buf texts = {0};
	size_t n = pod->init.n + pod->containers.n;
	add_texts(pod, &texts);
	struct kpod *p = xcalloc(1, sizeof(*p) + n * sizeof(struct kcontainer) + texts.len);
	p->containers = (struct kcontainer *)(void *)(p + 1);
	p->n = n;
	p->n_init = pod->init.n;
	memcpy(p->containers + n, texts.data, texts.len);
	buf_done(&texts);
	const char *at = (const char *)(p->containers + n);
	p->key = take(&at);
	p->ns = take(&at);
	p->name = take(&at);
	p->uid = take(&at);
	for (size_t i = 0; i < n; i++) {
		p->containers[i].name = take(&at);
		p->containers[i].image = take(&at);
	}
	p->secrets = at;
	return p;
}

static bool of_os(const char *platform, const char *os)
{
	size_t n = strlen(os);
	return strncmp(platform, os, n) == 0 && platform[n] == '/';
}

struct kpod *kpod_new(const struct sim_pod *pod, const struct node_taints *taints,
		      const char *platform)
{
	struct kpod *p = with_texts(pod);
	p->timer.owner = TIMER_POD;
	p->address = hash_stable_str(HASH_STABLE_START, p->uid);
	p->generation = pod->meta.generation;
	p->main = &p->containers[p->n_init];
	for (size_t i = 0; i < p->n; i++) {
		bool init = i < p->n_init;
		read_container(init ? &pod->init.at[i] : &pod->containers.at[i - p->n_init], init,
			       &p->containers[i]);
		p->containers[i].said = p->n_init > 0 ? POD_SHAPE_INITIALIZING : POD_SHAPE_CREATING;
		if (!init && is(p->containers[i].name, "pull"))
			p->main = &p->containers[i];
	}
	p->cur = &p->containers[0];
	p->intolerant = is_intolerant(pod, taints);
	p->other_os = pod->os != NULL && !of_os(platform, pod->os);
	if (is(pod->phase, "Succeeded") || is(pod->phase, "Failed"))
		p->state = KPOD_OVER;
	return p;
}
