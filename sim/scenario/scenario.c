/*
 * Reads scenario files and single steps. Everything that is written must mean something:
 * after the tables (sim/scenario/tables.c) it checks what one row alone cannot know, such as
 * which arguments a step needs and whether a node of that name can exist.
 */
#include "sim/scenario/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "api/ref.h"
#include "api/yaml_tree.h"

#include "sim/objects/resources.h"
#include "sim/scenario/tables.h"

#define STEPS         (sizeof(step_kinds) / sizeof(step_kinds[0]))
#define ITEM_PATH_MAX 40

static const struct step_info {
	const char *name, *needs; /* arguments, with a blank between them */
} step_kinds[] = {
#define S(id, name, needs, doc) {name, needs},
	SIM_STEPS(S)
#undef S
};

int sim_step_kind(const char *name)
{
	for (size_t i = 0; i < STEPS; i++)
		if (strcmp(step_kinds[i].name, name) == 0)
			return (int)i;
	return -1;
}

bool sim_step_lasts(enum sim_step_kind kind)
{
	switch (kind) {
	case SIM_STEP_NODE_NOTREADY:
	case SIM_STEP_NODE_VANISH:
	case SIM_STEP_NODE_PRESSURE:
	case SIM_STEP_NODE_FULL:
	case SIM_STEP_NODE_CORDON:
	case SIM_STEP_NODE_CLOCK:
	case SIM_STEP_POD_STATUS:
	case SIM_STEP_POD_MUTATE:
	case SIM_STEP_REGISTRY_FAULT:
	case SIM_STEP_API_FAULT:
	case SIM_STEP_CLOCK_JUMP:
		return true;
	default:
		return false;
	}
}

/* ---- what one row alone cannot know ---- */

static bool is_object(const char *json)
{
	struct arena a = ARENA_INIT;
	cJSON *tree = cJSON_Parse(json);
	const char *version =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, "apiVersion"));
	const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, "kind"));
	const cJSON *meta = cJSON_GetObjectItemCaseSensitive(tree, "metadata");
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(meta, "name"));
	bool ok = version != NULL && kind != NULL && name != NULL && name[0] != '\0' &&
		  resource_of_kind(version, kind) != NULL;
	cJSON_Delete(tree);
	arena_done(&a);
	return ok;
}

static int check_object(const char *path, const char *json, struct err *err)
{
	if (is_object(json))
		return 0;
	return err_set(err, ERR_TERMINAL,
		       "%s: needs apiVersion and kind of something that is served here, and "
		       "metadata.name",
		       path);
}

static bool step_has(const struct sim_step *s, const char *argument)
{
	const struct {
		const char *name;
		bool there;
	} all[] = {
		{"node", s->node != NULL},
		{"image", s->image != NULL},
		{"registry", s->registry != NULL},
		{"fault", s->fault != NULL},
		{"api", s->api != NULL},
		{"object", s->object != NULL},
		{"status", s->status != NULL},
		{"pod", s->pod != NULL},
		{"by", s->by_ms != 0},
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i].name, argument) == 0)
			return all[i].there;
	return false;
}

static int check_needs(const char *path, const struct sim_step *s, const char *needs,
		       struct err *err)
{
	char one[16];
	for (const char *p = needs; *p != '\0'; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		snprintf(one, sizeof(one), "%.*s", (int)n, p);
		if (!step_has(s, one))
			return err_set(err, ERR_TERMINAL, "%s: %s needs %s", path, s->what, one);
		p += n;
	}
	return 0;
}

static int check_fault(const char *path, const struct sim_api_fault *f, bool lasting,
		       struct err *err)
{
	bool once = strcmp(f->kind, "drop-watch") == 0 || strcmp(f->kind, "expire") == 0;
	bool delayed = strcmp(f->kind, "slow") == 0 || strcmp(f->kind, "lag-watch") == 0 ||
		       strcmp(f->kind, "stale-list") == 0;
	if (once && lasting)
		return err_set(err, ERR_TERMINAL,
			       "%s: %s happens at a moment: write it as a step api-fault, "
			       "without `for`",
			       path, f->kind);
	if (delayed && f->delay_ms == 0)
		return err_set(err, ERR_TERMINAL, "%s: %s needs delay", path, f->kind);
	return 0;
}

/* What is written as an object must be one. */
static int check_json(const char *path, const char *key, const char *json, struct err *err)
{
	cJSON *tree = json != NULL ? cJSON_Parse(json) : NULL;
	bool ok = json == NULL || cJSON_IsObject(tree);
	cJSON_Delete(tree);
	return ok ? 0 : err_set(err, ERR_TERMINAL, "%s.%s: must be an object", path, key);
}

static int check_step(const char *path, const struct sim_step *s, struct err *err)
{
	int kind = sim_step_kind(s->what);
	if (check_needs(path, s, step_kinds[kind].needs, err) != 0)
		return -1;
	if ((s->for_ms != 0 || s->end) && !sim_step_lasts((enum sim_step_kind)kind))
		return err_set(err, ERR_TERMINAL,
			       "%s: %s does not last: it takes neither `for` nor `end`", path,
			       s->what);
	if (s->for_ms != 0 && s->end)
		return err_set(err, ERR_TERMINAL, "%s: `for` and `end` exclude each other", path);
	if (kind == SIM_STEP_API_FAULT && check_fault(path, s->api, s->for_ms != 0, err) != 0)
		return -1;
	if (kind == SIM_STEP_CLOCK_JUMP && strcmp(s->clock, "sleep") == 0 && s->by_ms < 0)
		return err_set(err, ERR_TERMINAL, "%s: a sleep cannot go back in time", path);
	if (s->stays && (s->for_ms != 0 || s->end || kind != SIM_STEP_POD_STATUS))
		return err_set(err, ERR_TERMINAL,
			       "%s: `stays` is pod-status's, and ended by `end`: leave `for` out",
			       path);
	if (check_json(path, "status", s->status, err) != 0 ||
	    check_json(path, "pod", s->pod, err) != 0)
		return -1;
	return s->object != NULL ? check_object(path, s->object, err) : 0;
}

/* NAME, or NAME-NNN with NNN below the group's count. */
static bool node_exists(const struct sim_scenario *s, const char *node)
{
	for (size_t i = 0; i < s->nodes.n; i++) {
		const struct sim_group *g = &s->nodes.at[i];
		size_t n = strlen(g->name);
		if (strncmp(node, g->name, n) != 0)
			continue;
		if (node[n] == '\0')
			return true;
		char *end;
		long k = node[n] == '-' ? strtol(node + n + 1, &end, 10) : -1;
		char want[128];
		snprintf(want, sizeof(want), "%s-%03ld", g->name, k);
		if (k >= 0 && k < g->count && strcmp(want, node) == 0)
			return true;
	}
	return false;
}

static int check_groups(const struct sim_scenario *s, struct err *err)
{
	for (size_t i = 0; i < s->nodes.n; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(s->nodes.at[i].name, s->nodes.at[k].name) == 0)
				return err_set(err, ERR_TERMINAL,
					       "nodes[%zu].name: the group \"%s\" is there twice",
					       i, s->nodes.at[i].name);
	return 0;
}

static int check_startup_taints(const struct sim_scenario *s, struct err *err)
{
	for (size_t i = 0; i < s->nodes.n; i++)
		for (size_t k = 0; k < s->nodes.at[i].startup.n; k++)
			if (s->nodes.at[i].startup.at[k].cleared_ms != 0 &&
			    s->nodes.at[i].startup.at[k].back_ms != 0)
				return err_set(err, ERR_TERMINAL,
					       "nodes[%zu].startupTaints[%zu]: write clearedAfter "
					       "or backAfter, not both",
					       i, k);
	return 0;
}

static int check_images(const struct sim_scenario *s, struct arena *a, struct err *err)
{
	for (size_t i = 0; i < s->images.n; i++) {
		if (ref_normal(a, s->images.at[i].ref) == NULL)
			return err_set(err, ERR_TERMINAL, "images[%zu].ref: no image reference: %s",
				       i, s->images.at[i].ref);
		if (s->images.at[i].layers.n != 0 && s->images.at[i].size_mib != 0)
			return err_set(err, ERR_TERMINAL,
				       "images[%zu]: write layers or sizeMiB, not both", i);
	}
	return 0;
}

static int check_faults(const struct sim_scenario *s, struct err *err)
{
	char path[ITEM_PATH_MAX];
	for (size_t i = 0; i < s->faults.n; i++) {
		snprintf(path, sizeof(path), "faults[%zu]", i);
		if (check_fault(path, &s->faults.at[i], true, err) != 0)
			return -1;
	}
	return 0;
}

static int check_timeline(const struct sim_scenario *s, struct err *err)
{
	char path[ITEM_PATH_MAX];
	for (size_t i = 0; i < s->timeline.n; i++) {
		const struct sim_step *step = &s->timeline.at[i];
		snprintf(path, sizeof(path), "timeline[%zu]", i);
		if (check_step(path, step, err) != 0)
			return -1;
		if (step->node != NULL && !node_exists(s, step->node))
			return err_set(err, ERR_TERMINAL,
				       "%s.node: no group has a node %s: use NAME or NAME-000",
				       path, step->node);
	}
	return 0;
}

/* ---- text into structs ---- */

/* Objects of a step are texts in its table: what stands there is turned into its JSON. */
static void objects_to_text(cJSON *step)
{
	for (const char *const *key = sim_step_objects; *key != NULL; key++) {
		cJSON *object = cJSON_GetObjectItemCaseSensitive(step, *key);
		if (!cJSON_IsObject(object))
			continue;
		struct arena a = ARENA_INIT;
		cJSON *text = cJSON_CreateString(yaml_json(object, &a));
		cJSON_ReplaceItemInObjectCaseSensitive(step, *key, text);
		arena_done(&a);
	}
}

static void prepare(cJSON *root)
{
	cJSON *step;
	cJSON_ArrayForEach(step, cJSON_GetObjectItemCaseSensitive(root, "timeline"))
		objects_to_text(step);
	if (cJSON_IsObject(root) && !cJSON_HasObjectItem(root, "anyImage"))
		cJSON_AddTrueToObject(root, "anyImage");
}

static int from_tree(const struct desc *d, const cJSON *tree, struct arena *a, void *ret,
		     struct err *err)
{
	const char *json = yaml_json(tree, a);
	size_t len = strlen(json);
	if (desc_known(d, json, len, err) != 0 || desc_decode(d, json, len, true, a, ret, err) != 0)
		return -1;
	return desc_validate(d, ret, err);
}

static int read_first(const struct yaml_doc *doc, struct arena *a, struct sim_scenario *ret,
		      struct err *err)
{
	if (cJSON_HasObjectItem(doc->root, "apiVersion"))
		return err_set(err, ERR_TERMINAL,
			       "line %zu: the first document must be the scenario; Kubernetes "
			       "objects come after it",
			       yaml_where(doc, ""));
	prepare(doc->root);
	if (from_tree(&sim_scenario_desc, doc->root, a, ret, err) != 0 ||
	    check_groups(ret, err) != 0 || check_startup_taints(ret, err) != 0 ||
	    check_images(ret, a, err) != 0 || check_faults(ret, err) != 0 ||
	    check_timeline(ret, err) != 0)
		return yaml_add_line(doc, sim_scenario_desc.name, err);
	return 0;
}

static int read_objects(const struct yaml_docs *docs, size_t from, struct arena *a,
			struct api_strings *ret, struct err *err)
{
	ret->at = arena_array(a, docs->n, sizeof(*ret->at));
	ret->n = 0;
	for (size_t i = from; i < docs->n; i++) {
		if (cJSON_IsNull(docs->at[i].root))
			continue;
		char place[ITEM_PATH_MAX];
		snprintf(place, sizeof(place), "line %zu: the object",
			 yaml_where(&docs->at[i], ""));
		const char *json = yaml_json(docs->at[i].root, a);
		if (check_object(place, json, err) != 0)
			return -1;
		ret->at[ret->n++] = json;
	}
	return 0;
}

int scenario_read(const char *text, size_t len, struct arena *a, struct sim_scenario *ret,
		  struct err *err)
{
	struct yaml_docs docs = {0};
	struct err mine;
	struct sim_scenario s = {0};
	if (yaml_read(text, len, YAML_CORE, &docs, err) != 0)
		return -1;
	size_t first = 0;
	while (first < docs.n && cJSON_IsNull(docs.at[first].root))
		first++;
	int rc = first == docs.n ? err_set(&mine, ERR_TERMINAL, "the scenario is empty")
				 : read_first(&docs.at[first], a, &s, &mine);
	if (rc == 0)
		rc = read_objects(&docs, first + 1, a, &s.objects, &mine);
	yaml_done(&docs);
	if (rc != 0)
		return err_set(err, mine.cls, "%s", mine.text);
	*ret = s;
	return 0;
}

int scenario_read_step(const char *json, size_t len, struct arena *a, struct sim_step *ret,
		       struct err *err)
{
	struct sim_step s = {0};
	cJSON *tree = cJSON_ParseWithLength(json, len);
	if (!cJSON_IsObject(tree)) {
		cJSON_Delete(tree);
		return err_set(err, ERR_TERMINAL, "a step must be a JSON object");
	}
	objects_to_text(tree);
	int rc = from_tree(&sim_step_desc, tree, a, &s, err);
	cJSON_Delete(tree);
	if (rc != 0 || check_step("step", &s, err) != 0)
		return -1;
	*ret = s;
	return 0;
}
