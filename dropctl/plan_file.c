/* See plan_file.h. Nothing is guessed: a manifest the API server would refuse is refused. */
#include "dropctl/plan_file.h"

#include <string.h>

#include "base/buf.h"
#include "api/desc.h"
#include "api/ref.h"
#include "api/tables.h"
#include "api/yaml_tree.h"
#include "dropctl/manifest.h"

static void add_note(struct plan_file *f, const char *note)
{
	const char **grown = arena_array(&f->arena, f->notes.n + 1, sizeof(*grown));
	if (f->notes.n > 0)
		memcpy(grown, f->notes.at, f->notes.n * sizeof(*grown));
	grown[f->notes.n++] = note;
	f->notes.at = grown;
}

/* set: it is of the list of this CachedImageSet; NULL: it is a CachedImage of the file. */
static int add_image(struct plan_file *f, const char *name, const char *set,
		     const struct cachedimage_spec *spec, struct err *err)
{
	if (f->n == PLAN_IMAGES_MAX)
		return err_set(err, ERR_TERMINAL, "more than %d images: split the file",
			       PLAN_IMAGES_MAX);
	if (f->n == f->cap) {
		size_t cap = f->cap == 0 ? 16 : 2 * f->cap;
		struct cachedimage *grown = arena_array(&f->arena, cap, sizeof(*grown));
		if (f->n > 0)
			memcpy(grown, f->images, f->n * sizeof(*grown));
		f->images = grown;
		f->cap = cap;
	}
	struct cachedimage *image = &f->images[f->n++];
	*image = (struct cachedimage){.meta.name = name, .spec = *spec};
	if (set != NULL) {
		image->meta.owners = (struct api_owners){
			arena_array(&f->arena, 1, sizeof(*image->meta.owners.at)), 1};
		image->meta.owners.at[0] =
			(struct api_owner){.kind = kinds[KIND_CACHEDIMAGESET].kind, .name = set};
	}
	return 0;
}

static int check_reference(const struct yaml_doc *doc, const char *image, const char *tag,
			   const char *digest, struct plan_file *f, struct err *err)
{
	bool tagged = tag != NULL && *tag != '\0', pinned = digest != NULL && *digest != '\0';
	if (tagged && pinned)
		err_set(err, ERR_TERMINAL, "%s has a tag and a digest: keep one of them", image);
	else if (ref_normal(&f->arena, ref_make(&f->arena, image, tag, digest)) == NULL)
		err_set(err, ERR_TERMINAL, "%s is not an image reference", image);
	else
		return 0;
	return err_wrap(err, "line %zu", yaml_where(doc, "spec"));
}

static int add_set(struct plan_file *f, const struct yaml_doc *doc, struct err *err)
{
	struct cachedimageset set;
	if (manifest_decode(doc, KIND_CACHEDIMAGESET, &cachedimageset_spec_desc, &f->arena, &set,
			    err) != 0)
		return -1;
	const struct cachedimageset_spec *s = &set.spec;
	for (size_t i = 0; i < s->images.n; i++) {
		const struct image_entry *e = &s->images.at[i];
		struct cachedimage_spec spec = {
			.image = e->image,
			.tag = e->tag,
			.digest = e->digest,
			.image_pull_policy = s->image_pull_policy,
			.image_pull_secrets = s->image_pull_secrets,
			.node_selector = s->node_selector,
			.tolerations = s->tolerations,
			.policy_ref = s->policy_ref,
			.pod_metadata = s->pod_metadata,
			.gate_nodes = s->gate_nodes,
			.suspend = s->suspend,
		};
		if (check_reference(doc, e->image, e->tag, e->digest, f, err) != 0 ||
		    add_image(f, arena_printf(&f->arena, "%s[%zu]", set.meta.name, i),
			      set.meta.name, &spec, err) != 0)
			return -1;
	}
	if (s->discovery_policy_ref != NULL)
		add_note(f, arena_printf(
				    &f->arena,
				    "%s: images of DiscoveryPolicy %s are not included in the plan",
				    set.meta.name, s->discovery_policy_ref->name));
	return 0;
}

static int add_doc(struct plan_file *f, const struct yaml_doc *doc, struct err *err)
{
	const char *kind;
	if (manifest_kind(doc, &kind, err) != 0)
		return -1;
	if (kind == NULL)
		return 0;
	if (strcmp(kind, "CachedImageSet") == 0)
		return add_set(f, doc, err);
	if (strcmp(kind, "CachedImage") == 0) {
		struct cachedimage image;
		if (manifest_decode(doc, KIND_CACHEDIMAGE, &cachedimage_spec_desc, &f->arena,
				    &image, err) != 0 ||
		    check_reference(doc, image.spec.image, image.spec.tag, image.spec.digest, f,
				    err) != 0)
			return -1;
		return add_image(f, image.meta.name, NULL, &image.spec, err);
	}
	if (strcmp(kind, "PullPolicy") == 0)
		add_note(f, "PullPolicies in the file are ignored: the plan uses the policies of "
			    "the cluster");
	f->others++;
	return 0;
}

int plan_file_parse(const char *text, size_t len, struct plan_file *ret, struct err *err)
{
	struct yaml_docs docs;
	*ret = (struct plan_file){0};
	if (yaml_read(text, len, YAML_CORE, &docs, err) != 0)
		return -1;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < docs.n; i++)
		rc = add_doc(ret, &docs.at[i], err);
	yaml_done(&docs);
	if (rc == 0 && ret->n == 0)
		rc = err_set(err, ERR_TERMINAL, "no CachedImage or CachedImageSet found");
	if (rc != 0)
		plan_file_done(ret);
	return rc;
}

int plan_file_read(const char *path, struct plan_file *ret, struct err *err)
{
	struct buf text;
	if (manifest_read(path, &text, err) != 0)
		return -1;
	int rc = plan_file_parse(text.data, text.len, ret, err);
	buf_done(&text);
	return rc == 0 ? 0 : err_wrap(err, "%s", manifest_name(path));
}

void plan_file_unread(struct plan_file *f, const char *why)
{
	for (size_t i = 0; i < PLAN_UNREAD_MAX; i++) {
		struct plan_unread *u = &f->unread[i];
		if (u->why == NULL)
			u->why = arena_strdup(&f->arena, why);
		if (strcmp(u->why, why) != 0)
			continue;
		u->n++;
		return;
	}
}

void plan_file_end(struct plan_file *f)
{
	for (size_t i = 0; i < PLAN_UNREAD_MAX && f->unread[i].why != NULL; i++)
		add_note(f, arena_printf(&f->arena, "the size of %zu %s is not known: %s",
					 f->unread[i].n, f->unread[i].n == 1 ? "image" : "images",
					 f->unread[i].why));
}

void plan_file_done(struct plan_file *f)
{
	arena_done(&f->arena);
	*f = (struct plan_file){0};
}
