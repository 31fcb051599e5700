/* See image_facts.h. Invariant: each question is answered once, or its asker's deadline has passed.
 */
#include "discoverer/image_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/kinds.h"
#include "base/buf.h"
#include "base/log.h"

#include "discoverer/discoverer.h"

/* Bytes of a file of authorities. */
#define CA_MAX (1024 * 1024)

static int read_ca(struct endpoints *e, size_t i, struct err *err)
{
	const char *path = e->at[i].ca_file;
	FILE *file = fopen(path, "re");
	char *text = arena_alloc(&e->mem, CA_MAX + 1);
	size_t n = file != NULL ? fread(text, 1, CA_MAX, file) : 0;
	if (file != NULL)
		fclose(file);
	text[n] = '\0';
	if (n == CA_MAX || strstr(text, "-----BEGIN ") == NULL)
		return err_set(err, ERR_TERMINAL, "%s is no PEM file that can be read", path);
	e->at[i].ca = (struct fetch_bytes){text, n};
	return 0;
}

int image_facts_init(struct discoverer *d, const char *registries, struct err *err)
{
	struct image_facts_state *s = &d->facts;
	s->env = (struct inquiry_env){.kube = d->kube,
				      .limiter = &d->limiter,
				      .tokens = &d->tokens,
				      .endpoints = &s->endpoints,
				      .hosts = &s->hosts,
				      .pod_namespace = d->env.pod_namespace};
	if (endpoints_parse(&s->endpoints, registries, err) < 0)
		return err_wrap(err, "--registries");
	for (size_t i = 0; i < s->endpoints.n; i++)
		if (s->endpoints.at[i].ca_file != NULL && read_ca(&s->endpoints, i, err) < 0)
			return err_wrap(err, "--registries");
	return 0;
}

static void kept_clear(struct facts_kept *k)
{
	inquiry_free(k->inquiry);
	free(k->key);
	struct arena mem = k->mem;
	*k = (struct facts_kept){0};
	arena_done(&mem);
}

void image_facts_done(struct discoverer *d)
{
	struct image_facts_state *s = &d->facts;
	for (size_t i = 0; i < FACTS_SHOWN_MAX; i++)
		inquiry_free(s->shown[i].inquiry);
	for (size_t i = 0; i < FACTS_KEPT_MAX; i++)
		kept_clear(&s->kept[i]);
	endpoints_done(&s->endpoints);
	hosts_done(&s->hosts);
}

/* A missing right counts as a missing secret, but it is logged. */
static void note_forbidden(struct image_facts_state *s, const struct image_facts *f, int64_t now_ms)
{
	if (!f->forbidden || (s->told_ms != 0 && now_ms - s->told_ms < FORBIDDEN_MS))
		return;
	s->told_ms = now_ms;
	log_warn("imagePullSecrets may not be read: registries are asked without them "
		 "(registryChecks.secretNames of the chart)");
}

static struct msg_platform_list platforms_of(const struct image_facts *f, struct arena *a)
{
	struct msg_platform_list list = {arena_array(a, f->n_platforms, sizeof(*list.at)),
					 f->n_platforms};
	for (size_t i = 0; i < list.n; i++)
		list.at[i] = (struct msg_platform){.name = f->platforms[i].name,
						   .bytes = (uint64_t)f->platforms[i].bytes};
	return list;
}

/* ---- dropctl facts ---- */

static void show(struct proc *p, const struct reply_to *to, const struct image_facts *f)
{
	struct arena *a = proc_arena(p);
	struct err err;
	struct msg_facts_shown m = {
		.known = f->end == FACTS_KNOWN,
		.text = facts_text(f->end != FACTS_KNOWN ? f->end : f->missing),
		.code = (uint64_t)f->code,
		.digest = f->digest,
		.is_public = f->is_public,
		.index = f->index,
		.platforms = platforms_of(f, a),
	};
	if (proc_reply(p, to, MSG_facts_shown, &m, &err) < 0)
		log_debug("answer not sent, ignoring", LS("error", err.text));
}

void on_facts_show(struct proc *p, const struct msg_in *in)
{
	struct discoverer *d = proc_state(p);
	struct image_facts_state *s = &d->facts;
	const struct msg_facts_show *m = in->body;
	const char **secrets = arena_array(proc_arena(p), m->secrets.n, sizeof(*secrets));
	size_t slot = 0;
	while (slot < FACTS_SHOWN_MAX && s->shown[slot].inquiry != NULL)
		slot++;
	if (slot == FACTS_SHOWN_MAX) {
		show(p, &in->reply_to, &(struct image_facts){.end = FACTS_BUSY});
		return;
	}
	const char **sized = arena_array(proc_arena(p), m->sized.n, sizeof(*sized));
	for (size_t i = 0; i < m->secrets.n; i++)
		secrets[i] = m->secrets.at[i].name != NULL ? m->secrets.at[i].name : "";
	for (size_t i = 0; i < m->sized.n; i++)
		sized[i] = m->sized.at[i].name != NULL ? m->sized.at[i].name : "";
	const struct inquiry_request request = {
		.reference = m->reference != NULL ? m->reference : "",
		.secrets = secrets,
		.n_secrets = m->secrets.n,
		.platforms = true,
		.bytes = m->sized.n == 0,
		.sized = sized,
		.n_sized = m->sized.n,
		.sparing = m->sparing,
		.deadline_ms = proc_now(p).boot_ms + FACTS_SHOW_MS,
		.number = ++s->number,
	};
	s->shown[slot] = (struct facts_shown){inquiry_new(&s->env, &request), in->reply_to};
}

/* ---- the reconciler's questions ---- */

static void tell(struct proc *p, const struct reply_to *to, const struct image_facts *f)
{
	struct err err;
	struct msg_facts_told m = {
		.known = f->end == FACTS_KNOWN,
		.digest = f->digest,
		.is_public = f->is_public,
		.text = facts_text(f->end),
		.code = (uint64_t)f->code,
		.platforms = platforms_of(f, proc_arena(p)),
	};
	if (proc_reply(p, to, MSG_facts_told, &m, &err) < 0)
		log_debug("answer not sent, ignoring", LS("error", err.text));
}

static void tell_all(struct proc *p, struct facts_kept *k)
{
	struct discoverer *d = proc_state(p);
	for (size_t i = 0; i < FACTS_WAITING_MAX; i++) {
		struct facts_waiting *w = &d->facts.waiting[i];
		if (w->kept != k)
			continue;
		tell(p, &w->to, &k->facts);
		w->kept = NULL;
	}
}

static void end_kept(struct proc *p, struct facts_kept *k, const struct image_facts *f)
{
	k->facts = *f;
	k->facts.n_platforms = f->n_platforms <= PLATFORMS_TOLD_MAX ? f->n_platforms : 0;
	k->facts.platforms =
		arena_memdup(&k->mem, f->platforms, k->facts.n_platforms * sizeof(*f->platforms));
	inquiry_free(k->inquiry);
	k->inquiry = NULL;
	k->answered = true;
	k->at_ms = proc_now(p).boot_ms;
	tell_all(p, k);
}

static char *key_of(const struct msg_image_facts *m)
{
	struct buf key = {0};
	buf_adds(&key, m->reference != NULL ? m->reference : "");
	for (size_t i = 0; i < m->secrets.n; i++)
		buf_addf(&key, " %s", m->secrets.at[i].name != NULL ? m->secrets.at[i].name : "");
	if (m->platforms)
		buf_addf(&key, " platforms %s", m->have != NULL ? m->have : "");
	for (size_t i = 0; m->platforms && i < m->sized.n; i++)
		buf_addf(&key, " %s", m->sized.at[i].name != NULL ? m->sized.at[i].name : "");
	return key.data;
}

/* The one of that key, else a free one, else the oldest that is answered; NULL: all are busy. */
static struct facts_kept *kept_for(struct image_facts_state *s, const char *key)
{
	struct facts_kept *best = NULL;
	for (size_t i = 0; i < FACTS_KEPT_MAX; i++) {
		struct facts_kept *k = &s->kept[i];
		if (k->key != NULL && strcmp(k->key, key) == 0)
			return k;
		if (k->key != NULL && !k->answered)
			continue;
		if (best == NULL ||
		    (best->key != NULL && (k->key == NULL || k->at_ms < best->at_ms)))
			best = k;
	}
	return best;
}

static void begin_kept(struct proc *p, struct facts_kept *k, char *key,
		       const struct msg_image_facts *m)
{
	struct discoverer *d = proc_state(p);
	int64_t now_ms = proc_now(p).boot_ms;
	kept_clear(k);
	const char **secrets = arena_array(&k->mem, m->secrets.n, sizeof(*secrets));
	const char **sized = arena_array(&k->mem, m->sized.n, sizeof(*sized));
	for (size_t i = 0; i < m->secrets.n; i++)
		secrets[i] = arena_strdup(
			&k->mem, m->secrets.at[i].name != NULL ? m->secrets.at[i].name : "");
	for (size_t i = 0; i < m->sized.n; i++)
		sized[i] = arena_strdup(&k->mem,
					m->sized.at[i].name != NULL ? m->sized.at[i].name : "");
	k->key = key;
	k->at_ms = now_ms;
	k->request = (struct inquiry_request){
		.reference = arena_strdup(&k->mem, m->reference != NULL ? m->reference : ""),
		.secrets = secrets,
		.n_secrets = m->secrets.n,
		.platforms = m->platforms,
		.sized = sized,
		.n_sized = m->sized.n,
		.have = arena_strdup(&k->mem, m->have),
		.deadline_ms =
			m->until_ms < now_ms + FACTS_TIME_MS ? m->until_ms : now_ms + FACTS_TIME_MS,
		.number = ++d->facts.number,
	};
}

void on_image_facts(struct proc *p, const struct msg_in *in)
{
	struct discoverer *d = proc_state(p);
	struct image_facts_state *s = &d->facts;
	const struct msg_image_facts *m = in->body;
	char *key = key_of(m);
	struct facts_kept *k = kept_for(s, key);
	size_t slot = 0;
	while (slot < FACTS_WAITING_MAX && s->waiting[slot].kept != NULL)
		slot++;
	if (k == NULL || slot == FACTS_WAITING_MAX) {
		tell(p, &in->reply_to, &(struct image_facts){.end = FACTS_BUSY});
		free(key);
		return;
	}
	bool same = k->key != NULL && strcmp(k->key, key) == 0;
	if (same && k->answered && k->at_ms >= m->after_ms) {
		tell(p, &in->reply_to, &k->facts);
		free(key);
		return;
	}
	if (same && !k->answered)
		free(key); /* it is being asked */
	else
		begin_kept(p, k, key, m);
	s->waiting[slot] = (struct facts_waiting){k, in->reply_to};
}

void image_facts_fence(struct proc *p)
{
	struct discoverer *d = proc_state(p);
	for (size_t i = 0; i < FACTS_KEPT_MAX; i++) {
		struct facts_kept *k = &d->facts.kept[i];
		if (k->key != NULL && !k->answered)
			end_kept(p, k, &(struct image_facts){.end = FACTS_STANDBY});
		kept_clear(k);
	}
}

/* A new inquiry begins only while this replica leads. */
static int64_t kept_turn(struct proc *p, struct facts_kept *k, struct now now)
{
	struct discoverer *d = proc_state(p);
	if (k->inquiry == NULL && d->acting)
		k->inquiry = inquiry_new(&d->facts.env, &k->request);
	if (k->inquiry == NULL) {
		if (now.boot_ms < k->request.deadline_ms)
			return k->request.deadline_ms;
		end_kept(p, k, &(struct image_facts){.end = FACTS_STANDBY});
		return CLOCK_NEVER;
	}
	int64_t at_ms = inquiry_tick(k->inquiry, now.boot_ms);
	const struct image_facts *f = inquiry_facts(k->inquiry);
	if (f == NULL)
		return at_ms;
	note_forbidden(&d->facts, f, now.boot_ms);
	end_kept(p, k, f);
	return CLOCK_NEVER;
}

/* ---- time ---- */

int64_t image_facts_turn(struct proc *p, struct now now)
{
	struct discoverer *d = proc_state(p);
	struct image_facts_state *s = &d->facts;
	int64_t next = CLOCK_NEVER;
	for (size_t i = 0; i < FACTS_SHOWN_MAX; i++) {
		struct facts_shown *shown = &s->shown[i];
		if (shown->inquiry == NULL)
			continue;
		int64_t at_ms = inquiry_tick(shown->inquiry, now.boot_ms);
		const struct image_facts *f = inquiry_facts(shown->inquiry);
		if (f == NULL) {
			next = at_ms < next ? at_ms : next;
			continue;
		}
		note_forbidden(s, f, now.boot_ms);
		show(p, &shown->to, f);
		inquiry_free(shown->inquiry);
		shown->inquiry = NULL;
	}
	for (size_t i = 0; i < FACTS_KEPT_MAX; i++) {
		struct facts_kept *k = &s->kept[i];
		int64_t at_ms = k->key != NULL && !k->answered ? kept_turn(p, k, now) : CLOCK_NEVER;
		next = at_ms < next ? at_ms : next;
	}
	return next;
}
