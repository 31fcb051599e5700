/* See image_facts.h. Invariant: each question is answered once, or its asker's deadline has passed. */
#include "discoverer/image_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void image_facts_done(struct discoverer *d)
{
	struct image_facts_state *s = &d->facts;
	for (size_t i = 0; i < FACTS_SHOWN_MAX; i++)
		inquiry_free(s->shown[i].inquiry);
	endpoints_done(&s->endpoints);
	hosts_done(&s->hosts);
}

/* Without the right it is the same as without the secret, but somebody may wonder. */
static void note_forbidden(struct image_facts_state *s, const struct image_facts *f, int64_t now_ms)
{
	if (!f->forbidden || (s->told_ms != 0 && now_ms - s->told_ms < FORBIDDEN_MS))
		return;
	s->told_ms = now_ms;
	log_warn("imagePullSecrets may not be read: registries are asked without them "
		 "(registryChecks.secretNames of the chart)");
}

/* ---- dropctl facts ---- */

static void show(struct proc *p, const struct reply_to *to, const struct image_facts *f)
{
	struct arena *a = proc_arena(p);
	struct err err;
	struct msg_facts_shown m = {
		.known = f->end == FACTS_KNOWN,
		.text = facts_text(f->end),
		.code = (uint64_t)f->code,
		.digest = f->digest,
		.is_public = f->is_public,
		.index = f->index,
		.platforms = {arena_array(a, f->n_platforms, sizeof(*m.platforms.at)),
			      f->n_platforms},
	};
	for (size_t i = 0; i < f->n_platforms; i++)
		m.platforms.at[i] = (struct msg_platform){.name = f->platforms[i].name,
							  .bytes = (uint64_t)f->platforms[i].bytes};
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
	for (size_t i = 0; i < m->secrets.n; i++)
		secrets[i] = m->secrets.at[i].name != NULL ? m->secrets.at[i].name : "";
	const struct inquiry_wish wish = {
		.reference = m->reference != NULL ? m->reference : "",
		.secrets = secrets,
		.n_secrets = m->secrets.n,
		.platforms = true,
		.deadline_ms = proc_now(p).boot_ms + FACTS_SHOW_MS,
		.number = ++s->number,
	};
	s->shown[slot] = (struct facts_shown){inquiry_new(&s->env, &wish), in->reply_to};
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
	return next;
}
