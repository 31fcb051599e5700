/* See plan_facts.h. */
#include "dropctl/plan_facts.h"

#include "api/ref.h"

static struct msg_platform_list keep(struct plan_facts *f, const struct msg_platform_list *list)
{
	struct msg_platform_list ret = {arena_array(&f->mem, list->n, sizeof(*ret.at)), list->n};
	for (size_t i = 0; i < list->n; i++) {
		ret.at[i] = list->at[i];
		ret.at[i].name = arena_strdup(&f->mem, list->at[i].name);
	}
	return ret;
}

bool plan_facts_want(struct plan_facts *f, const struct msg_planned *m)
{
	if (f->asked || m->unsized.n == 0)
		return false;
	f->unsized = keep(f, &m->unsized);
	f->wanted = true;
	return true;
}

struct msg_facts_show plan_facts_question(const struct plan_facts *f,
					  const struct cachedimage *image, struct arena *a)
{
	const struct cachedimage_spec *s = &image->spec;
	struct msg_facts_show m = {
		.reference = ref_make(a, s->image, s->tag, s->digest),
		.secrets = {arena_array(a, s->image_pull_secrets.n, sizeof(*m.secrets.at)),
			    s->image_pull_secrets.n},
		.sized = f->unsized,
		.sparing = true,
	};
	for (size_t i = 0; i < m.secrets.n; i++)
		m.secrets.at[i] = (struct msg_secret){.name = s->image_pull_secrets.at[i].name};
	return m;
}

void plan_facts_answer(struct plan_facts *f, const struct msg_facts_shown *m)
{
	f->wanted = false;
	f->asked = true;
	if (m != NULL && m->known)
		f->told = keep(f, &m->platforms);
	if (m != NULL && m->text != NULL && m->text[0] != '\0')
		f->why = arena_strdup(&f->mem, m->text);
}

void plan_facts_done(struct plan_facts *f)
{
	arena_done(&f->mem);
	*f = (struct plan_facts){0};
}
