/* See registry_hosts.h. Invariant: each host is there once. */
#include "sim/registry_hosts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "api/ref.h"
#include "base/buf.h"

struct hosts {
	struct arena mem;
	const char *at[HOSTS_WRITTEN_MAX];
	size_t n;
};

static void add(struct hosts *h, const char *host)
{
	if (host == NULL)
		return;
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->at[i], host) == 0)
			return;
	if (h->n < HOSTS_WRITTEN_MAX)
		h->at[h->n++] = host;
}

static void add_reference(struct hosts *h, const char *reference)
{
	const char *normal = reference != NULL ? ref_normal(&h->mem, reference) : NULL;
	if (normal != NULL)
		add(h, ref_host(&h->mem, normal));
}

/* Whatever is called `image` in an object. */
static void add_images(struct hosts *h, const cJSON *part)
{
	const cJSON *member;
	cJSON_ArrayForEach(member, part)
	{
		if (member->string != NULL && strcmp(member->string, "image") == 0)
			add_reference(h, cJSON_GetStringValue(member));
		add_images(h, member);
	}
}

static void add_object(struct hosts *h, const char *text)
{
	cJSON *object = text != NULL ? cJSON_Parse(text) : NULL;
	add_images(h, object);
	cJSON_Delete(object);
}

static void find_all(struct hosts *h, const struct sim_scenario *s)
{
	add(h, "docker.io");
	for (size_t i = 0; i < s->registries.n; i++)
		add(h, s->registries.at[i].host);
	for (size_t i = 0; i < s->images.n; i++)
		add_reference(h, s->images.at[i].ref);
	for (size_t i = 0; i < s->nodes.n; i++)
		for (size_t k = 0; k < s->nodes.at[i].images.n; k++)
			add_reference(h, s->nodes.at[i].images.at[k]);
	for (size_t i = 0; i < s->timeline.n; i++) {
		add(h, s->timeline.at[i].registry);
		add_reference(h, s->timeline.at[i].image);
		add_object(h, s->timeline.at[i].object);
	}
	for (size_t i = 0; i < s->objects.n; i++)
		add_object(h, s->objects.at[i]);
}

static int write_file(const char *path, const char *text, struct err *err)
{
	FILE *file = fopen(path, "we");
	bool broken = file == NULL || fputs(text, file) == EOF;
	if (file != NULL)
		broken |= fclose(file) != 0;
	return broken ? err_set(err, ERR_TERMINAL, "--registries-out %s: %s", path, strerror(errno))
		      : 0;
}

int hosts_write(const char *path, const struct sim_scenario *scenario, const char *url,
		const char *authority, struct err *err)
{
	struct hosts h = {0};
	struct buf out = {0};
	find_all(&h, scenario);
	const char *ca = arena_printf(&h.mem, "%s.ca", path);
	for (size_t i = 0; i < h.n; i++)
		buf_addf(&out, "%s%s=%s/registries/%s%s%s", i == 0 ? "" : ",", h.at[i], url,
			 h.at[i], authority != NULL ? ";ca=" : "", authority != NULL ? ca : "");
	buf_adds(&out, "\n");
	int rc = authority != NULL ? write_file(ca, authority, err) : 0;
	if (rc == 0)
		rc = write_file(path, out.data, err);
	buf_done(&out);
	arena_done(&h.mem);
	return rc;
}
