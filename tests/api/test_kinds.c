/*
 * The tables themselves: each kind is found by its name, each row can do what it
 * promises (defaults parse, patterns compile, docs exist), and the small helpers
 * over shared structs.
 */
#include "tests/unit.h"

#include <regex.h>
#include <string.h>

#include "api/crd.h"
#include "api/ref.h"
#include "api/pullpod.h"
#include "api/tables.h"
#include "base/clock.h"

static void test_find(void **state)
{
	(void)state;
	for (int k = 0; k < KIND_COUNT; k++) {
		assert_int_equal(kind_find(kinds[k].kind), k);
		assert_int_equal(kinds[k].size, kinds[k].desc->size);
		assert_string_equal(kinds[k].desc->name, kinds[k].kind);
	}
	assert_int_equal(kind_find("cachedimage"), -1);
	assert_int_equal(kind_find(""), -1);
	assert_int_equal(kind_find(NULL), -1);
}

static void check_row(const struct desc *d, const struct field *f, bool schema)
{
	print_message("# %s.%s\n", d->name, f->json);
	assert_true(f->offset < d->size);
	bool nested = f->type == F_OBJECT || f->type == F_INLINE || f->type == F_LIST;
	assert_int_equal(f->sub != NULL, nested);
	if (f->type == F_INT)
		assert_true(f->bits == 32 || f->bits == 64);
	regex_t re;
	if (f->pattern != NULL) {
		assert_int_equal(regcomp(&re, f->pattern, REG_EXTENDED), 0);
		regfree(&re);
	}
	int64_t ms;
	if (f->type == F_DURATION && (f->flags & FF_HAS_DEFAULT))
		assert_int_equal(duration_parse(f->def_str, &ms), 0);
	if (!schema || (f->flags & FF_NOSCHEMA))
		return;
	assert_non_null(f->doc);
	assert_null(strchr(f->json, '.'));
	assert_int_equal((f->flags & FF_LIST_KEYED) != 0, f->list_key != NULL);
	/* A rule that runs for each element needs a bound on their number (33). */
	if (f->type == F_LIST && f->sub->rules != NULL)
		assert_true(f->max_items != 0);
}

static void check_desc(const struct desc *d, bool schema)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct field *f = &d->fields[i];
		check_row(d, f, schema);
		if (f->sub != NULL)
			check_desc(f->sub, schema && !(f->flags & FF_NOSCHEMA));
	}
}

static void test_rows(void **state)
{
	(void)state;
	for (int k = 0; k < KIND_COUNT; k++)
		check_desc(kinds[k].desc, kinds[k].ours);
}

static size_t size_of(const struct field *f)
{
	switch (f->type) {
	case F_STRING:
	case F_OBJECT:
		return sizeof(void *);
	case F_BOOL:
		return sizeof(bool);
	case F_INT:
	case F_RV:
	case F_DURATION:
	case F_TIME:
		return sizeof(int64_t);
	case F_INLINE:
		return f->sub->size;
	case F_MAP:
	case F_STRINGS:
	case F_LIST:
		return sizeof(struct api_map);
	}
	return 0;
}

/* Structs that two tables describe, each a part (api/discoverypipeline.c). */
static const char *const twice[][2] = {{"DiscoverySource", "DiscoveryQuery"},
				       {"PrometheusSource", "PrometheusQuery"},
				       {"RegistrySource", "RegistryQuery"}};

static const struct desc *desc_named(const struct desc *d, const char *name)
{
	const struct desc *found = strcmp(d->name, name) == 0 ? d : NULL;
	for (size_t i = 0; i < d->n && found == NULL; i++)
		if (d->fields[i].sub != NULL)
			found = desc_named(d->fields[i].sub, name);
	return found;
}

static void mark_rows(const struct desc *d, size_t *end)
{
	for (size_t i = 0; i < d->n; i++)
		end[d->fields[i].offset] = d->fields[i].offset + size_of(&d->fields[i]);
}

/* Bytes of the struct that no row describes: only padding after a bool, or a forgotten member. */
static void check_members(const struct desc *d)
{
	size_t end[1024] = {0}; /* by offset: where the row there ends */
	assert_true(d->size <= ROWS(end));
	mark_rows(d, end);
	for (size_t i = 0; i < ROWS(twice); i++)
		for (size_t k = 0; k < 2; k++)
			if (strcmp(d->name, twice[i][k]) == 0)
				mark_rows(desc_named(&discoverypolicy_desc, twice[i][1 - k]), end);
	for (size_t at = 0; at < d->size; at = end[at] != 0 ? end[at] : at + 1)
		if (end[at] == 0 && at % sizeof(void *) == 0)
			fail_msg("%s: no row for the member at offset %zu", d->name, at);
	for (size_t i = 0; i < d->n; i++)
		if (d->fields[i].sub != NULL && !(d->fields[i].flags & FF_NOSCHEMA))
			check_members(d->fields[i].sub);
}

static void test_each_member_has_a_row(void **state)
{
	(void)state;
	for (int k = 0; k < KIND_COUNT; k++)
		if (kinds[k].ours)
			check_members(kinds[k].desc);
}

/* deploy/crds is compared with this by the test `crds`; here: it is repeatable. */
static void test_crd(void **state)
{
	(void)state;
	for (int k = 0; k < KIND_COUNT; k++) {
		if (!kinds[k].ours)
			continue;
		struct buf one = {0}, two = {0};
		crd_write((enum kind)k, &one);
		crd_write((enum kind)k, &two);
		assert_string_equal(one.data, two.data);
		assert_non_null(strstr(one.data, "status: {}"));
		assert_non_null(strstr(one.data, "default: {\"observedGeneration\": -1}")); /* 59 */
		assert_null(strchr(one.data, '\t'));
		buf_done(&one);
		buf_done(&two);
	}
}

static void test_node_trim(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct node_condition all[] = {{"MemoryPressure", "False", 7},
				       {"DiskPressure", "True", 8},
				       {NULL, "True"},
				       {"PIDPressure", "False"},
				       {"Ready", "Unknown", 9}};
	struct node node = {.conditions = {all, ROWS(all)}};
	node_trim(&node, &a);
	assert_int_equal(node.conditions.n, 2);
	assert_string_equal(node.conditions.at[0].type, "DiskPressure");
	assert_string_equal(node.conditions.at[0].status, "True");
	assert_string_equal(node.conditions.at[1].type, "Ready");
	assert_string_equal(node.conditions.at[1].status, "Unknown");
	assert_int_equal(node.conditions.at[0].heartbeat, 0);
	assert_int_equal(node.conditions.at[1].heartbeat, 9);
	struct node none = {0};
	node_trim(&none, &a);
	assert_int_equal(none.conditions.n, 0);
	arena_done(&a);
}

/* Of a pull pod: what the rules ask for, so that nothing else in it looks like a change. */
static void test_pod_trim(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct api_kv labels[] = {{"app.kubernetes.io/managed-by", "drop"},
				  {"app.kubernetes.io/name", "x"},
				  {"drop.corewire.io/node", "n"}};
	struct api_kv notes[] = {{"drop.corewire.io/pull-0.attempt", "1"},
				 {"k8s.v1.cni.cncf.io/network-status", "[]"}};
	struct pod_condition conditions[] = {
		{"Ready", "False", "ContainersNotReady", "pull-0 pull-1"},
		{"PodReadyToStartContainers", "True", "r", "m"},
		{NULL, NULL, NULL, NULL},
	};
	struct container_waiting waits = {"ErrImagePull", "a\x1b"};
	struct container_terminated ended = {128, "StartError", "no such file", 5, 6};
	struct container_status cs[] = {
		{"pull-0", "a:1", "r/t/a@sha256:0", "containerd://0", NULL, &ended, 0},
		{"pull-1", "b:1", "", "containerd://1", NULL, NULL, 7},
		{"pull-2", "c:1", NULL, NULL, &waits, NULL, 0},
		{"pull-3", "d:1", "t/sha256:1", NULL, NULL, NULL, 0},
	};
	struct api_owner owners[] = {{.name = "a"}, {.name = "b"}};
	struct pod pod = {
		.meta = {.labels = {labels, 3}, .annotations = {notes, 2}, .owners = {owners, 2}},
		.conditions = {conditions, 3},
		.container_statuses = {cs, 4}};
	pod_trim(&pod, &a);
	assert_int_equal(pod.meta.owners.n, 0);
	assert_string_equal(cs[3].image_id, "t/sha256:1");
	assert_int_equal(pod.meta.labels.n, 2);
	assert_string_equal(api_map_get(&pod.meta.labels, "drop.corewire.io/node"), "n");
	assert_string_equal(api_map_get(&pod.meta.labels, "app.kubernetes.io/managed-by"), "drop");
	assert_int_equal(pod.meta.annotations.n, 1);
	assert_string_equal(notes[0].key, "drop.corewire.io/pull-0.attempt");
	assert_int_equal(pod.conditions.n, 1);
	assert_string_equal(conditions[0].type, "PodReadyToStartContainers");
	assert_string_equal(conditions[0].status, "True");
	assert_null(conditions[0].message);
	assert_string_equal(cs[0].image_id, "a@sha256:0");
	assert_null(cs[0].container_id);
	assert_null(cs[0].image);
	assert_null(ended.message);
	assert_int_equal(ended.exit_code, 128);
	assert_int_equal(ended.started_at, 5);
	assert_string_equal(cs[1].container_id, "containerd://1");
	assert_int_equal(cs[1].running_since, 7);
	assert_string_equal(waits.reason, "ErrImagePull");
	assert_string_equal(waits.message, "a\\x1b");
	arena_done(&a);
}

struct trim_row {
	const char *container, *image, *note, *reference;
	bool kept;
};

/* The image of a container is left out where an annotation of ours tells the same of it (44). */
static void trimmed_images(void **state)
{
	(void)state;
	static const struct trim_row rows[] = {
		{"pull", "a:1", "drop.corewire.io/reference", "a:1", false},
		{"pull-0", "a:1", "drop.corewire.io/pull-0.reference", "a:1", false},
		{"pull-19", "a:1", "drop.corewire.io/pull-19.reference", "a:1", false},
		{"pull-0", "m/a:1", "drop.corewire.io/pull-0.reference", "a:1", true},
		{"pull-0", "a:1", "drop.corewire.io/pull-1.reference", "a:1", true},
		{"pull-0", "a:1", "drop.corewire.io/pull-0.attempt", "a:1", true},
		{"pull", "a:1", "drop.corewire.io/pull-0.reference", "a:1", true},
		{"sidecar", "a:1", "drop.corewire.io/reference", "a:1", true},
		{NULL, "a:1", "drop.corewire.io/reference", "a:1", true},
		{"pull", "a:1", "drop.corewire.io/reference", NULL, true},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a = ARENA_INIT;
		struct pod_container c = {rows[i].container, rows[i].image};
		struct api_kv note = {rows[i].note, rows[i].reference};
		struct pod pod = {.meta.annotations = {&note, 1}, .containers = {&c, 1}};
		pod_trim(&pod, &a);
		if ((c.image != NULL) != rows[i].kept)
			fail_msg("row %zu: %s", i, c.image != NULL ? c.image : "left out");
		arena_done(&a);
	}
}

/* What is written is read: each annotation of each container (44). */
static void notes_of_containers(void **state)
{
	(void)state;
	static const char *const written[PULLPOD_NOTES] = {
		PULLPOD_NOTE_IMAGE, PULLPOD_NOTE_IMAGE_UID, PULLPOD_NOTE_REFERENCE,
		PULLPOD_NOTE_ATTEMPT};
	static const char *const others[] = {
		PULLPOD_NOTE_NODE_UID,
		"drop.corewire.io/pull-0.node-uid",
		"drop.corewire.io/pull-20.attempt",
		"drop.corewire.io/pull-01.attempt",
		"drop.corewire.io/pull-.attempt",
		"drop.corewire.io/pull-1attempt",
		"drop.corewire.io/pull.attempt",
		"drop.corewire.io/pull-1.attempt.x",
		"example.com/attempt",
		"drop.corewire.io/",
		"",
	};
	char key[PULLPOD_KEY_SIZE], name[PULLPOD_CONTAINER_SIZE];
	int found;
	for (int place = PULLPOD_ONLY; place < PULLPOD_IMAGES_MAX; place++) {
		for (int note = 0; note < PULLPOD_NOTES; note++) {
			pullpod_note(key, written[note], place);
			assert_int_equal(pullpod_note_read(key, &found), note);
			assert_int_equal(found, place);
		}
		assert_true(pullpod_place(pullpod_container(name, place), &found));
		assert_int_equal(found, place);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (pullpod_note_read(others[i], &found) != PULLPOD_NOTES)
			fail_msg("%s", others[i]);
	assert_false(pullpod_place("pull-20", &found));
	assert_false(pullpod_place("pull-1.", &found));
	assert_false(pullpod_place("pulls", &found));
	assert_false(pullpod_place("", &found));
}

/* The kubelet's version decides whether a listed image is usable by all pods (rule 17). */
static void rule_17_kubelet_version(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct err err;
	static const char json[] = "{\"metadata\":{\"name\":\"n\"},\"status\":{\"nodeInfo\":"
				   "{\"kubeletVersion\":\"v1.36.3\",\"architecture\":\"amd64\"}}}";
	struct node n = {0};
	assert_int_equal(desc_decode(&node_desc, json, strlen(json), true, &a, &n, &err), 0);
	node_trim(&n, &a);
	assert_string_equal(n.kubelet_version, "v1.36.3");
	assert_string_equal(n.arch, "amd64");
	arena_done(&a);
}

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Whatever order a kubelet tells them in, the same images are the same projection. */
static void rule_18_node_images(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	const char *one[] = {"docker.io/library/nginx:1", "<none>@<none>", ("nginx@" DIGEST)};
	const char *two[] = {"x.example.com/a:2"}, *three[] = {"b:3"};
	const char *one_b[] = {("nginx@" DIGEST), "<none>@<none>", "nginx:1"};
	const char *two_b[] = {"x.example.com/a:2"}, *three_b[] = {"docker.io/library/b:3"};
	struct node_image images[] = {{{one, 3}, 900}, {{two, 1}, 5}, {{three, 1}, 5}};
	struct node_image images_b[] = {{{three_b, 1}, 5}, {{one_b, 3}, 900}, {{two_b, 1}, 5}};
	struct node n = {.images = {images, 3}}, b = {.images = {images_b, 3}};
	node_trim(&n, &a);
	node_trim(&b, &a);
	assert_true(desc_equal(kinds[KIND_NODE].desc, &n, &b));
	assert_int_equal(n.images.at[0].size, 900);
	assert_int_equal(n.images.at[0].names.n, 3);
	bool listed = false, nothing = false;
	for (size_t i = 0; i < 3; i++) {
		uint64_t hash = node_name_hash(n.images.at[0].names.at[i]);
		assert_true(strlen(n.images.at[0].names.at[i]) <= 11);
		listed |= hash == ref_hash("nginx:1");
		nothing |= hash == 0;
	}
	assert_true(listed && nothing);
	assert_true(node_name_hash("!") == 0);
	arena_done(&a);
}

#define OTHER_DIGEST "sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

struct digest_row {
	const char *name, *reference, *want;
};

static const struct digest_row digests[] = {
	{"of its own repository", "nginx:1", DIGEST},
	{"however it is written", "docker.io/library/nginx:1", DIGEST},
	{"another name of the content", "x.example.com/web:2", OTHER_DIGEST},
	{"its repository has no digest there", "y.example.com/web:2", NULL},
	{"not listed", "nginx:2", NULL},
	{"no reference", "UPPER/x:y:z", NULL},
};

static void rule_19_digest_listed(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	const char *one[] = {"<none>@<none>", "x.example.com/web@" OTHER_DIGEST,
			     "docker.io/library/nginx@" DIGEST, "y.example.com/web:2",
			     "docker.io/library/nginx:1"};
	const char *two[] = {"x.example.com/web@" OTHER_DIGEST, "x.example.com/web:2"};
	struct node_image images[] = {{{one, ROWS(one)}, 900}, {{two, ROWS(two)}, 5}};
	struct node n = {.images = {images, ROWS(images)}};
	FOREACH_ROW(struct digest_row, digests)
	{
		const char *got = node_digest(&n, row->reference, &a);
		assert_int_equal(got == NULL, row->want == NULL);
		if (row->want != NULL)
			assert_string_equal(got, row->want);
	}
	arena_done(&a);
}

static void test_meta(void **state)
{
	(void)state;
	struct api_kv kv[] = {{"b", "2"}, {"a", "1"}, {"c", ""}};
	struct api_map map = {kv, ROWS(kv)};
	api_map_sort(&map);
	assert_string_equal(map.at[0].key, "a");
	assert_string_equal(map.at[2].key, "c");
	assert_string_equal(api_map_get(&map, "b"), "2");
	assert_string_equal(api_map_get(&map, "c"), "");
	assert_null(api_map_get(&map, "d"));
	struct api_condition at[] = {{.type = NULL}, {.type = "PullProgress"}, {.type = "Ready"}};
	struct api_conditions list = {at, ROWS(at)};
	assert_ptr_equal(api_condition_find(&list, "Ready"), &at[2]);
	assert_null(api_condition_find(&list, "ready"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_each_member_has_a_row),
		cmocka_unit_test(test_crd),
		cmocka_unit_test(test_node_trim),
		cmocka_unit_test(test_pod_trim),
		cmocka_unit_test(trimmed_images),
		cmocka_unit_test(notes_of_containers),
		cmocka_unit_test(rule_17_kubelet_version),
		cmocka_unit_test(rule_18_node_images),
		cmocka_unit_test(rule_19_digest_listed),
		cmocka_unit_test(test_meta),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
