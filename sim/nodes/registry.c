/*
 * What references mean. A reference is resolved once, from the scenario's row or, if there
 * is none and any image exists, from its own hash; then it is a look-up by its text. Contents are
 * shared: two references with the same layers have one digest, as in a real registry.
 *
 * Invariant: tag names, digest names and contents are interned, so that equal means the same
 * pointer; nothing of them is ever freed or changed before registries_free.
 */
#include "sim/nodes/registry.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/names.h"
#include "base/xalloc.h"

#include "api/ref.h"
#include "sim/nodes/manifests.h"

#define MIB         (1024 * 1024)
#define IMAGE_MIB   50    /* on average, where the scenario says nothing */
#define TIMEOUT_MS  30000 /* until containerd gives up dialling */
#define PAUSE       "registry.k8s.io/pause:3.10"
#define PAUSE_BYTES 320000

static const char *const fault_names[] = {
#define F(id, name, doc) [PULL_FAULT_##id] = (name),
	PULL_FAULTS(F)
#undef F
};

struct entry { /* a reference in its normal form */
	const char *name;
	const char *host;
	struct sim_manifest manifest;
	const struct sim_image *row; /* NULL: the scenario has none */
	uint64_t version;            /* of its content; a step image-set moves it on */
	int64_t pulls;
	bool exists;
};

struct host {
	const char *name;
	enum pull_fault own, step; /* of the scenario; of a step, which wins */
	int64_t delay_ms;
};

struct part { /* what an index names for one platform */
	const char *digest;
	const struct sim_content *content;
	const char *platform;
};

struct registries {
	struct arena arena; /* everything below, for good */
	struct arena turn;  /* of one call */
	bool any_image;
	int64_t image_bytes;
	struct map rows;     /* normal form -> struct sim_image */
	struct map raw;      /* text as in pods -> struct entry */
	struct map entries;  /* normal form -> struct entry */
	struct map contents; /* digest -> struct sim_content */
	struct map parts;    /* digest -> struct part */
	struct map texts;    /* digest names -> themselves */
	struct map hosts;    /* -> struct host */
};

/* ---- content ---- */

/* FNV's high bits are weak for short texts: one round of a finalizer (splitmix64's). */
static uint64_t mixed(uint64_t h)
{
	h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9ULL;
	h = (h ^ (h >> 27)) * 0x94d049bb133111ebULL;
	return h ^ (h >> 31);
}

static const char *intern(struct registries *r, const char *text)
{
	char *known = map_get(&r->texts, text);
	if (known == NULL) {
		known = arena_strdup(&r->arena, text);
		map_put(&r->texts, known, known);
	}
	return known;
}

/* Its index can be asked for what it names, once its digest is known. */
static void add_parts(struct registries *r, const struct sim_content *c)
{
	struct buf text = {0};
	char digest[DIGEST_TEXT_MAX];
	for (size_t i = 0; i < c->n_platforms; i++) {
		struct part *part = arena_alloc(&r->arena, sizeof(*part));
		buf_clear(&text, SIZE_MAX);
		manifest_write_platform(c, c->platforms[i], &text);
		manifest_digest(&text, digest);
		*part = (struct part){arena_strdup(&r->arena, digest), c, c->platforms[i]};
		map_put(&r->parts, part->digest, part);
	}
	buf_done(&text);
}

static void digest_of(const struct sim_content *c, char out[DIGEST_TEXT_MAX])
{
	struct buf text = {0};
	manifest_write(c, &text);
	manifest_digest(&text, out);
	buf_done(&text);
}

/* The one content that is as this one; without a digest it gets that of its manifest. */
static const struct sim_content *content_of(struct registries *r, struct sim_content c)
{
	char made[DIGEST_TEXT_MAX];
	bool own = c.digest == NULL;
	c.size = 0;
	for (size_t i = 0; i < c.n_layers; i++)
		c.size += c.layers[i].size;
	if (own)
		digest_of(&c, made);
	struct sim_content *known = map_get(&r->contents, own ? made : c.digest);
	if (known != NULL)
		return known;
	c.digest = arena_strdup(&r->arena, own ? made : c.digest);
	c.has_manifest = own;
	known = arena_memdup(&r->arena, &c, sizeof(c));
	map_put(&r->contents, known->digest, known);
	if (own)
		add_parts(r, known);
	return known;
}

/* Around the average, and different for each reference: ties would hide the order by size. */
static int64_t size_by_hash(const struct registries *r, uint64_t h)
{
	uint64_t mean = (uint64_t)r->image_bytes;
	return (int64_t)(mean / 5 + mixed(h) % (mean * 8 / 5 + 1));
}

/* What the scenario says of an image, whatever is pushed under its name. NULL: nothing. */
static void of_row(const struct sim_image *row, struct sim_content *c)
{
	if (row == NULL)
		return;
	c->scratch = row->scratch;
	c->platforms = row->platforms.at;
	c->n_platforms = row->platforms.n;
}

/* digest NULL: made from the content. */
static const struct sim_content *own_layer(struct registries *r, const struct entry *e,
					   int64_t size_mib, const char *digest)
{
	struct sim_blob *layer = arena_alloc(&r->arena, sizeof(*layer));
	uint64_t h = hash_stable_bytes(hash_stable_str(HASH_STABLE_START, e->name), &e->version,
				       sizeof(e->version));
	layer->id = mixed(h);
	layer->size = size_mib > 0 ? size_mib * MIB : size_by_hash(r, h);
	struct sim_content c = {.digest = digest, .layers = layer, .n_layers = 1};
	of_row(e->row, &c);
	return content_of(r, c);
}

static const struct sim_content *listed_layers(struct registries *r, const struct sim_image *row)
{
	struct sim_blob *layers = arena_array(&r->arena, row->layers.n, sizeof(*layers));
	for (size_t i = 0; i < row->layers.n; i++) {
		layers[i].id = mixed(hash_stable_str(HASH_STABLE_START, row->layers.at[i].name));
		layers[i].size = row->layers.at[i].size_mib * MIB;
	}
	struct sim_content c = {.layers = layers, .n_layers = row->layers.n};
	of_row(row, &c);
	return content_of(r, c);
}

/* ---- references ---- */

static void point_at(struct registries *r, struct entry *e, const struct sim_content *content)
{
	const char *repository = ref_repository(&r->turn, e->name);
	e->manifest.content = content;
	e->manifest.digest_name =
		intern(r, arena_printf(&r->turn, "%s@%s", repository, content->digest));
	e->manifest.tag_name = strchr(e->name, '@') != NULL ? NULL : e->name;
	e->manifest.needs_secret = e->row != NULL && e->row->needs_secret;
}

static struct entry *resolve(struct registries *r, const char *normal)
{
	struct entry *e = map_get(&r->entries, normal);
	if (e != NULL || r->entries.count >= REGISTRY_REFERENCES_MAX)
		return e;
	e = arena_alloc(&r->arena, sizeof(*e));
	e->name = intern(r, normal);
	e->host = intern(r, ref_host(&r->turn, normal));
	e->row = map_get(&r->rows, normal);
	map_put(&r->entries, e->name, e);
	const char *digest = strchr(normal, '@');
	const struct sim_content *known = digest != NULL ? map_get(&r->contents, digest + 1) : NULL;
	e->exists = e->row != NULL || known != NULL || r->any_image;
	if (!e->exists)
		return e;
	if (known == NULL && e->row != NULL && e->row->layers.n > 0 && digest == NULL)
		known = listed_layers(r, e->row);
	if (known == NULL)
		known = own_layer(r, e, e->row != NULL ? e->row->size_mib : 0,
				  digest != NULL ? digest + 1 : NULL);
	point_at(r, e, known);
	return e;
}

/* NULL: the reference does not parse, or there are too many. */
static struct entry *find(struct registries *r, const char *reference)
{
	struct entry *e = map_get(&r->raw, reference);
	if (e != NULL)
		return e;
	const char *normal = ref_normal(&r->turn, reference);
	e = normal != NULL ? resolve(r, normal) : NULL;
	if (e != NULL && r->raw.count < REGISTRY_REFERENCES_MAX)
		map_put(&r->raw, intern(r, reference), e);
	arena_reset(&r->turn);
	return e;
}

static struct host *host_of(struct registries *r, const char *name)
{
	struct host *h = map_get(&r->hosts, name);
	if (h == NULL) {
		h = arena_alloc(&r->arena, sizeof(*h));
		h->name = intern(r, name);
		map_put(&r->hosts, h->name, h);
	}
	return h;
}

/* ---- made from a scenario ---- */

static void copy_row(struct registries *r, const struct sim_image *from)
{
	const char *normal = ref_normal(&r->turn, from->ref);
	if (normal == NULL)
		return; /* scenario_read refuses it; a test may want it unresolvable */
	struct sim_image *row = arena_memdup(&r->arena, from, sizeof(*from));
	row->ref = intern(r, normal);
	row->layers.at =
		arena_memdup(&r->arena, from->layers.at, from->layers.n * sizeof(*from->layers.at));
	for (size_t i = 0; i < row->layers.n; i++)
		row->layers.at[i].name = intern(r, from->layers.at[i].name);
	row->platforms.at = arena_memdup(&r->arena, from->platforms.at,
					 from->platforms.n * sizeof(*from->platforms.at));
	for (size_t i = 0; i < row->platforms.n; i++)
		row->platforms.at[i] = intern(r, from->platforms.at[i]);
	map_put(&r->rows, row->ref, row);
}

struct registries *registries_new(const struct sim_scenario *scenario)
{
	struct registries *r = xcalloc(1, sizeof(*r));
	int64_t mib = scenario->image_size_mib > 0 ? scenario->image_size_mib : IMAGE_MIB;
	r->any_image = scenario->any_image;
	r->image_bytes = mib * MIB;
	for (size_t i = 0; i < scenario->images.n; i++)
		copy_row(r, &scenario->images.at[i]);
	/* Now, so that a pull by digest finds the content of a tag that nobody pulled yet. */
	for (size_t i = 0; i < scenario->images.n; i++)
		find(r, scenario->images.at[i].ref);
	for (size_t i = 0; i < scenario->registries.n; i++) {
		const struct sim_registry *from = &scenario->registries.at[i];
		struct host *h = host_of(r, from->host);
		int fault = pull_fault_find(from->fault != NULL ? from->fault : "");
		h->own = fault > 0 ? (enum pull_fault)fault : PULL_FAULT_NONE;
		h->delay_ms = from->delay_ms;
	}
	arena_reset(&r->turn);
	return r;
}

void registries_free(struct registries *r)
{
	if (r == NULL)
		return;
	struct map *maps[] = {&r->rows,  &r->raw,   &r->entries, &r->contents,
			      &r->parts, &r->texts, &r->hosts};
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		map_done(maps[i]);
	arena_done(&r->arena);
	arena_done(&r->turn);
	free(r);
}

/* ---- steps ---- */

static int need(const char *value, const char *what, const struct sim_step *step, struct err *err)
{
	if (value != NULL && *value != '\0')
		return 0;
	return err_set(err, ERR_TERMINAL, "%s needs `%s`", step->what, what);
}

static int image_set(struct registries *r, const struct sim_step *step, struct err *err)
{
	if (need(step->image, "image", step, err) != 0)
		return -1;
	struct entry *e = find(r, step->image);
	if (e == NULL || strchr(e->name, '@') != NULL)
		return err_set(err, ERR_TERMINAL, "image-set: %s is not a tag", step->image);
	e->version++;
	e->exists = true;
	point_at(r, e, own_layer(r, e, step->size_mib, NULL));
	arena_reset(&r->turn);
	return 0;
}

static int image_remove(struct registries *r, const struct sim_step *step, struct err *err)
{
	if (need(step->image, "image", step, err) != 0)
		return -1;
	struct entry *e = find(r, step->image);
	if (e == NULL)
		return err_set(err, ERR_TERMINAL, "image-remove: %s is no reference", step->image);
	e->exists = false;
	return 0;
}

static int registry_heal(struct registries *r, const struct sim_step *step, struct err *err)
{
	if (need(step->registry, "registry", step, err) != 0)
		return -1;
	struct host *h = host_of(r, step->registry);
	h->own = h->step = PULL_FAULT_NONE;
	return 0;
}

static int registry_fault(struct registries *r, const struct sim_step *step, struct err *err)
{
	if (step->end) {
		if (need(step->registry, "registry", step, err) != 0)
			return -1;
		host_of(r, step->registry)->step = PULL_FAULT_NONE;
		return 0;
	}
	if (need(step->registry, "registry", step, err) != 0 ||
	    need(step->fault, "fault", step, err) != 0)
		return -1;
	int fault = pull_fault_find(step->fault);
	if (fault < 0)
		return err_set(err, ERR_TERMINAL, "registry-fault: no fault is called %s",
			       step->fault);
	host_of(r, step->registry)->step = (enum pull_fault)fault;
	return 0;
}

static const struct {
	const char *what;
	int (*run)(struct registries *r, const struct sim_step *step, struct err *err);
} step_table[] = {
	{"image-set", image_set},
	{"image-remove", image_remove},
	{"registry-fault", registry_fault},
	{"registry-heal", registry_heal},
};

int registries_step(struct registries *r, const struct sim_step *step, struct err *err)
{
	for (size_t i = 0; i < sizeof(step_table) / sizeof(step_table[0]); i++)
		if (strcmp(step_table[i].what, step->what) == 0)
			return step_table[i].run(r, step, err);
	return err_set(err, ERR_TERMINAL, "%s is no step of images or registries", step->what);
}

/* ---- pulls ---- */

static bool has_platform(const struct entry *e, const char *platform)
{
	if (e->row == NULL || e->row->platforms.n == 0)
		return true;
	for (size_t i = 0; i < e->row->platforms.n; i++)
		if (strcmp(e->row->platforms.at[i], platform) == 0)
			return true;
	return false;
}

/* What the host does to whoever asks it. */
static enum pull_fault fault_of(const struct registries *r, const char *host, int64_t *ret_delay_ms)
{
	const struct host *h = map_get(&r->hosts, host);
	*ret_delay_ms = 0;
	if (h == NULL)
		return PULL_FAULT_NONE;
	enum pull_fault fault = h->step != PULL_FAULT_NONE ? h->step : h->own;
	*ret_delay_ms = h->delay_ms + (fault == PULL_FAULT_TIMEOUT ? TIMEOUT_MS : 0);
	return fault;
}

int registries_find(struct registries *r, const char *reference, struct sim_manifest *ret)
{
	struct entry *e = find(r, reference);
	if (e == NULL || e->manifest.content == NULL)
		return -1;
	*ret = e->manifest;
	return 0;
}

struct sim_manifest registries_pause(struct registries *r)
{
	struct entry *e = find(r, PAUSE);
	if (e->manifest.content == NULL || e->manifest.content->size != PAUSE_BYTES) {
		struct sim_blob *layer = arena_alloc(&r->arena, sizeof(*layer));
		*layer = (struct sim_blob){mixed(hash_stable_str(HASH_STABLE_START, PAUSE)),
					   PAUSE_BYTES};
		const struct sim_content c = {.layers = layer, .n_layers = 1, .scratch = true};
		point_at(r, e, content_of(r, c));
		arena_reset(&r->turn);
		e->exists = true;
	}
	return e->manifest;
}

enum pull_fault registries_pull(struct registries *r, const char *reference, const char *platform,
				bool has_secret, struct sim_manifest *ret, int64_t *ret_delay_ms)
{
	struct entry *e = find(r, reference);
	if (e == NULL)
		return PULL_FAULT_INVALID_NAME;
	enum pull_fault fault = fault_of(r, e->host, ret_delay_ms);
	if (fault != PULL_FAULT_NONE && fault != PULL_FAULT_SLOW)
		return fault;
	if (!e->exists)
		return PULL_FAULT_NOT_FOUND;
	if (e->manifest.needs_secret && !has_secret)
		return PULL_FAULT_UNAUTHORIZED;
	if (!has_platform(e, platform))
		return PULL_FAULT_NO_PLATFORM;
	*ret = e->manifest;
	e->pulls++;
	return fault;
}

int64_t registries_pulls(struct registries *r, const char *reference)
{
	const struct entry *e = find(r, reference);
	return e != NULL ? e->pulls : 0;
}

/* ---- manifests ---- */

static bool repository_needs_secret(const struct registries *r, const char *repository)
{
	const struct sim_image *row;
	size_t n = strlen(repository);
	for (size_t i = 0; (row = map_next(&r->rows, &i)) != NULL;)
		if (row->needs_secret && strncmp(row->ref, repository, n) == 0 &&
		    (row->ref[n] == ':' || row->ref[n] == '@'))
			return true;
	return false;
}

static enum pull_fault by_digest(const struct registries *r, const char *digest, struct buf *out,
				 struct sim_served *ret)
{
	const struct sim_content *c = map_get(&r->contents, digest);
	const struct part *part = map_get(&r->parts, digest);
	if (part != NULL) {
		*ret = (struct sim_served){
			part->digest, manifest_write_platform(part->content, part->platform, out)};
		return PULL_FAULT_NONE;
	}
	if (c == NULL || !c->has_manifest)
		return PULL_FAULT_NOT_FOUND;
	*ret = (struct sim_served){c->digest, manifest_write(c, out)};
	return PULL_FAULT_NONE;
}

enum pull_fault registries_manifest(struct registries *r, const char *repository,
				    const char *target, bool logged_in, struct buf *out,
				    struct sim_served *ret, int64_t *ret_delay_ms)
{
	const char *host = ref_host(&r->turn, repository);
	bool digest = strchr(target, ':') != NULL;
	enum pull_fault fault =
		host != NULL ? fault_of(r, host, ret_delay_ms) : PULL_FAULT_INVALID_NAME;
	if (fault != PULL_FAULT_NONE && fault != PULL_FAULT_SLOW) {
		arena_reset(&r->turn);
		return fault;
	}
	struct arena a = ARENA_INIT; /* find() empties that of the turn */
	const struct entry *e =
		find(r, arena_printf(&a, "%s%c%s", repository, digest ? '@' : ':', target));
	arena_done(&a);
	if (e == NULL)
		return PULL_FAULT_INVALID_NAME;
	if (repository_needs_secret(r, repository) && !logged_in)
		return PULL_FAULT_UNAUTHORIZED;
	if (digest)
		return by_digest(r, target, out, ret);
	if (!e->exists)
		return PULL_FAULT_NOT_FOUND;
	return by_digest(r, e->manifest.content->digest, out, ret);
}

/* ---- tags ---- */

/* The tag, if the entry is one of that repository. */
static const char *tag_in(const struct entry *e, const char *repository)
{
	size_t n = strlen(repository);
	bool in = e->exists && strncmp(e->name, repository, n) == 0 && e->name[n] == ':';
	return in && strchr(e->name + n, '@') == NULL ? e->name + n + 1 : NULL;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum pull_fault registries_tags(struct registries *r, const char *repository, struct arena *a,
				struct api_strings *ret, int64_t *ret_delay_ms)
{
	const char *host = ref_host(&r->turn, repository);
	enum pull_fault fault =
		host != NULL ? fault_of(r, host, ret_delay_ms) : PULL_FAULT_INVALID_NAME;
	const struct entry *e;
	arena_reset(&r->turn);
	*ret = (struct api_strings){arena_array(a, r->entries.count + 1, sizeof(*ret->at)), 0};
	if (fault != PULL_FAULT_NONE && fault != PULL_FAULT_SLOW)
		return fault;
	for (size_t i = 0; (e = map_next(&r->entries, &i)) != NULL;) {
		const char *tag = tag_in(e, repository);
		if (tag != NULL)
			ret->at[ret->n++] = tag;
	}
	qsort(ret->at, ret->n, sizeof(*ret->at), by_bytes);
	return ret->n != 0 ? PULL_FAULT_NONE : PULL_FAULT_NOT_FOUND;
}

int pull_fault_find(const char *name)
{
	if (strcmp(name, "none") == 0)
		return PULL_FAULT_NONE;
	return name_find(NAMES(fault_names), name);
}
