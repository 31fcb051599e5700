/*
 * What a CRD says beyond the schema: names, category, subresource, the columns of `kubectl get`,
 * which users' eyes and scripts know, and the fields it selects by.
 */
#include "api/crd.h"

#include <string.h>

#include "api/crd_schema.h"

#define REASON  ".status.conditions[?(@.type==\"Ready\")].reason"
#define MESSAGE ".status.conditions[?(@.type==\"Ready\")].message"
#define AGE                                                                                        \
	{                                                                                          \
		"Age", "date", ".metadata.creationTimestamp", false, "Since when it exists."       \
	}
#define STATUS                                                                                     \
	{                                                                                          \
		"Status", "string", REASON, false, "Reason of the Ready condition."                \
	}
#define TEXT                                                                                       \
	{                                                                                          \
		"Message", "string", MESSAGE, true, "Message of the Ready condition."              \
	}

static const struct crd_column cachedimage_columns[] = {
	{"Image", "string", ".spec.image", false, "Repository."},
	{"Tag", "string", ".spec.tag", false, "Tag."},
	STATUS,
	{"Ready", "string", ".status.ready", false, "Nodes that have it of those that should."},
	AGE,
	{"Digest", "string", ".status.resolvedDigest", true, "What was pulled."},
	{"Set", "string", ".metadata.labels['drop\\.corewire\\.io/imageset']", true,
	 "CachedImageSet it belongs to."},
	TEXT,
	{"Policy", "string", ".spec.policyRef.name", true, "PullPolicy that paces it."},
	{0},
};

static const struct crd_column cachedimageset_columns[] = {
	STATUS,
	{"Ready", "integer", ".status.imagesReady", false, "Images that are Ready."},
	{"Managed", "integer", ".status.imagesManaged", false, "Images that belong to it."},
	{"Source", "string", ".spec.discoveryPolicyRef.name", false, "DiscoveryPolicy it follows."},
	AGE,
	TEXT,
	{0},
};

static const struct crd_column discoverypolicy_columns[] = {
	STATUS,
	{"Sources", "integer", ".status.sourceCount", false, "Number of sources."},
	{"Images", "integer", ".status.imageCount", false, "Number of discovered images."},
	{"LastSync", "date", ".status.lastSyncTime", false, "Since the last successful sync."},
	AGE,
	TEXT,
	{0},
};

static const struct crd_column pullpolicy_columns[] = {
	{"MaxNodes", "integer", ".spec.maxConcurrentNodes", false, "Nodes pulling at once."},
	{"MinDelay", "string", ".spec.minDelayBetweenPulls", false, "Wait between two nodes."},
	{"RepullInterval", "string", ".spec.repullInterval", false, "Age at which to pull again."},
	AGE,
	{0},
};

static const struct crd_column *const columns[KIND_COUNT] = {
	[KIND_CACHEDIMAGE] = cachedimage_columns,
	[KIND_CACHEDIMAGESET] = cachedimageset_columns,
	[KIND_DISCOVERYPOLICY] = discoverypolicy_columns,
	[KIND_PULLPOLICY] = pullpolicy_columns,
};

const struct crd_column *crd_columns(enum kind kind)
{
	return columns[kind];
}

static const char *const cachedimage_selectable[] = {"spec.image", "spec.tag",
						     "spec.policyRef.name", "status.phase", NULL};
static const char *const cachedimageset_selectable[] = {
	"spec.policyRef.name", "spec.discoveryPolicyRef.name", "status.phase", NULL};

static const char *const *const selectable[KIND_COUNT] = {
	[KIND_CACHEDIMAGE] = cachedimage_selectable,
	[KIND_CACHEDIMAGESET] = cachedimageset_selectable,
};

const char *const *crd_selectable(enum kind kind)
{
	return selectable[kind];
}

static bool has_status(const struct desc *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->fields[i].json, "status") == 0)
			return true;
	return false;
}

static void write_names(const struct kind_info *k, struct buf *out)
{
	yaml_line(out, 2, "names:");
	yaml_line(out, 4, "kind: %s", k->kind);
	yaml_line(out, 4, "listKind: %sList", k->kind);
	yaml_line(out, 4, "plural: %s", k->plural);
	yaml_line(out, 4, "singular: %s", k->singular);
	yaml_line(out, 4, "shortNames: [%s]", k->short_name);
	yaml_line(out, 4, "categories: [%s]", CRD_CATEGORY);
}

/* Kubernetes 1.29 does not know them, 1.30 drops them: nothing of ours depends on them. */
static void write_selectable(const char *const *path, struct buf *out)
{
	if (path != NULL)
		yaml_line(out, 4, "selectableFields:");
	for (; path != NULL && *path != NULL; path++)
		yaml_line(out, 4, "- jsonPath: .%s", *path);
}

static void write_columns(const struct crd_column *c, struct buf *out)
{
	yaml_line(out, 4, "additionalPrinterColumns:");
	for (; c->name != NULL; c++) {
		yaml_line(out, 4, "- name: %s", c->name);
		yaml_line(out, 6, "type: %s", c->type);
		yaml_text(out, 6, "jsonPath", c->path);
		yaml_text(out, 6, "description", c->doc);
		if (c->wide)
			yaml_line(out, 6, "priority: 1");
	}
}

void crd_write(enum kind kind, struct buf *out)
{
	const struct kind_info *k = &kinds[kind];
	yaml_line(out, 0, "# Written from the tables in api/ by `make manifests`; edit those.");
	yaml_line(out, 0, "apiVersion: apiextensions.k8s.io/v1");
	yaml_line(out, 0, "kind: CustomResourceDefinition");
	yaml_line(out, 0, "metadata:");
	yaml_line(out, 2, "name: %s.%s", k->plural, k->group);
	yaml_line(out, 0, "spec:");
	yaml_line(out, 2, "group: %s", k->group);
	yaml_line(out, 2, "scope: %s", k->namespaced ? "Namespaced" : "Cluster");
	write_names(k, out);
	yaml_line(out, 2, "versions:");
	yaml_line(out, 2, "- name: %s", k->version);
	yaml_line(out, 4, "served: true");
	yaml_line(out, 4, "storage: true");
	if (has_status(k->desc)) {
		yaml_line(out, 4, "subresources:");
		yaml_line(out, 6, "status: {}");
	}
	write_selectable(crd_selectable(kind), out);
	write_columns(crd_columns(kind), out);
	yaml_line(out, 4, "schema:");
	yaml_line(out, 6, "openAPIV3Schema:");
	schema_root(out, 8, k->desc);
}
