/*
 * ipc/podshape.c and what podspec.c makes of it (behaviour.md 57): what is set for all pods,
 * what an image's podMetadata sets, which of them wins, and what is refused at start.
 */
#include "tests/unit.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "puller/podspec.h"

struct wrong_row {
	const char *name;
	struct puller_options o;
	const char *says;
};

static const struct wrong_row wrong[] = {
	{"no value", {.pull_pod_labels = "team"}, "--pull-pod-labels: \"team\" is no KEY=VALUE"},
	{"an empty entry",
	 {.pull_pod_labels = "a=b,,c=d"},
	 "--pull-pod-labels: \"\" is no KEY=VALUE"},
	{"key", {.pull_pod_labels = "-a=b"}, "--pull-pod-labels: -a: "},
	{"value", {.pull_pod_labels = "a=b c"}, "--pull-pod-labels: a: "},
	{"ours",
	 {.pull_pod_labels = "drop.corewire.io/node=x"},
	 "drop sets it itself; leave it out"},
	{"ours too", {.pull_pod_labels = "app.kubernetes.io/managed-by=x"}, "drop sets it itself"},
	{"our annotation",
	 {.pull_pod_annotations = "drop.corewire.io/attempt=9"},
	 "drop sets it itself"},
	{"twice", {.pull_pod_annotations = "a=1,a=2"}, "--pull-pod-annotations: a is given twice"},
	{"istio's", {.pull_pod_labels = "sidecar.istio.io/inject=true"}, "drop sets it itself"},
	{"linkerd's", {.pull_pod_annotations = "linkerd.io/inject=enabled"}, "drop sets it itself"},
	{"not a resource of containers",
	 {.pull_pod_resources = "limits.cpus=1"},
	 "limits.cpus: not a resource"},
	{"no size of pages",
	 {.pull_pod_resources = "limits.hugepages-x=1"},
	 "not a resource of containers"},
	{"a request that can't be overcommitted",
	 {.pull_pod_resources = "requests.example.com/x=1"},
	 "example.com/x can't be overcommitted: give limits.example.com/x too"},
	{"and its limit",
	 {.pull_pod_resources = "requests.hugepages-2Mi=2Mi,limits.hugepages-2Mi=4Mi"},
	 "the limit of hugepages-2Mi, 4Mi, is not its request, 2Mi"},
	{"a negative group",
	 {.pull_pod_group = "-1"},
	 "--pull-pod-group: \"-1\" is no id; want 0 to"},
	{"no resource",
	 {.pull_pod_resources = "cpu=1"},
	 "want requests.RESOURCE or limits.RESOURCE"},
	{"no quantity", {.pull_pod_resources = "limits.cpu=fast"}, "limits.cpu: not a quantity"},
	{"negative", {.pull_pod_resources = "limits.cpu=-1"}, "limits.cpu: not a quantity"},
	{"limit below request",
	 {.pull_pod_resources = "requests.memory=1Gi,limits.memory=64Mi"},
	 "the limit of memory, 64Mi, is below its request, 1Gi"},
	{"root", {.pull_pod_user = "0"}, "--pull-pod-user: \"0\" is no id"},
	{"not a number", {.pull_pod_group = "12x"}, "--pull-pod-group: \"12x\" is no id"},
	{"too large", {.pull_pod_user = "4294967296"}, "--pull-pod-user: "},
	{"service account",
	 {.pull_pod_service_account = "My_Account"},
	 "--pull-pod-service-account: "},
	{"runtime class", {.pull_pod_runtime_class = "a b"}, "--pull-pod-runtime-class: "},
	{"secret",
	 {.pull_pod_image_pull_secrets = "ok,Not OK"},
	 "--pull-pod-image-pull-secrets: \"Not OK\""},
};

static void rule_57_refused_at_start(void **state)
{
	(void)state;
	FOREACH_ROW(struct wrong_row, wrong)
	{
		struct arena a = ARENA_INIT;
		struct pod_shape shape;
		struct err err;
		assert_int_equal(pod_shape_read(&row->o, &a, &shape, &err), -1);
		if (strstr(err.text, row->says) == NULL)
			fail_msg("%s", err.text);
		arena_done(&a);
	}
}

static void rule_57_at_most_so_many(void **state)
{
	(void)state;
	struct buf text = {0};
	for (int i = 0; i <= POD_SHAPE_MAX; i++)
		buf_addf(&text, "%sk%d=v", i > 0 ? "," : "", i);
	struct arena a = ARENA_INIT;
	struct pod_shape shape;
	struct err err;
	const struct puller_options o = {.pull_pod_labels = text.data};
	assert_int_equal(pod_shape_read(&o, &a, &shape, &err), -1);
	assert_non_null(strstr(err.text, "at most 32 entries"));
	arena_done(&a);
	buf_done(&text);
}

static struct msg_pod_note image_labels[] = {{"team", "payments"},
					     {"sidecar.istio.io/inject", "true"}};
static struct msg_pod_note image_notes[] = {{"note", "of the image"}};
static struct msg_secret image_secrets[] = {{"ghcr"}};

static struct msg_start image = {.image_name = "x",
				 .image_uid = "iu",
				 .reference = "r.example/a:1",
				 .attempt = "0",
				 .pull_policy = "Always"};

static const struct msg_pull_start pull = {
	.pod_name = "pull-x-0123456789abcdef",
	.node = "n",
	.node_uid = "nu",
	.pulls = {&image, 1},
	.secrets = {image_secrets, 1},
	.labels = {image_labels, 2},
	.annotations = {image_notes, 1},
};

static const struct puller_options shaped = {
	.pull_pod_labels = "team=platform,app.kubernetes.io/name=drop-pull,empty=",
	.pull_pod_annotations = "note=of all,list=a\\,b\\\\c,path=x\\y",
	.pull_pod_resources =
		"requests.cpu=0.01,limits.cpu=100m,limits.memory=64Mi,limits.example.com/x=1",
	.pull_pod_user = "none",
	.pull_pod_group = "0",
	.pull_pod_service_account = "puller",
	.pull_pod_runtime_class = "gvisor",
	.pull_pod_image_pull_secrets = "ghcr,mirror,mirror",
};

/* Path with dots for steps; a step in a list is its number. NULL: nothing is there. */
static char *at(const cJSON *from, const char *const *path)
{
	for (; *path != NULL && from != NULL; path++)
		from = cJSON_IsArray(from) ? cJSON_GetArrayItem(from, **path - '0')
					   : cJSON_GetObjectItemCaseSensitive(from, *path);
	return from != NULL ? cJSON_PrintUnformatted(from) : NULL;
}

struct path_row {
	const char *name;
	const char *path[6];
	const char *want; /* JSON; NULL: absent */
};

static const struct path_row paths[] = {
	{"the image's label wins", {"metadata", "labels", "team"}, "\"payments\""},
	{"a label of all", {"metadata", "labels", "app.kubernetes.io/name"}, "\"drop-pull\""},
	{"an empty value", {"metadata", "labels", "empty"}, "\"\""},
	{"ours win", {"metadata", "labels", "sidecar.istio.io/inject"}, "\"false\""},
	{"the image's annotation wins", {"metadata", "annotations", "note"}, "\"of the image\""},
	{"another backslash stays", {"metadata", "annotations", "path"}, "\"x\\\\y\""},
	{"a comma in a value", {"metadata", "annotations", "list"}, "\"a,b\\\\c\""},
	{"requests", {"spec", "containers", "0", "resources", "requests"}, "{\"cpu\":\"0.01\"}"},
	{"limits",
	 {"spec", "containers", "0", "resources", "limits"},
	 "{\"cpu\":\"100m\",\"example.com/x\":\"1\",\"memory\":\"64Mi\"}"},
	{"no user", {"spec", "securityContext", "runAsUser"}, NULL},
	{"group", {"spec", "securityContext", "runAsGroup"}, "0"},
	{"never root", {"spec", "securityContext", "runAsNonRoot"}, "true"},
	{"service account", {"spec", "serviceAccountName"}, "\"puller\""},
	{"without its token", {"spec", "automountServiceAccountToken"}, "false"},
	{"runtime class", {"spec", "runtimeClassName"}, "\"gvisor\""},
	{"secrets of both, once",
	 {"spec", "imagePullSecrets"},
	 "[{\"name\":\"ghcr\"},{\"name\":\"mirror\"}]"},
};

static size_t times(const char *text, const char *word)
{
	size_t n = 0;
	for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
		n++;
	return n;
}

static void rule_57_shaped(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct pod_shape shape;
	struct buf out = {0};
	assert_int_equal(pod_shape_read(&shaped, &a, &shape, NULL), 0);
	const struct podspec_config config = {.ns = "drop-system", .shape = &shape};
	podspec_write(&pull, &config, &out);
	/* A label and an annotation of ours, not followed by another of the same key. */
	assert_int_equal(times(out.data, "\"sidecar.istio.io/inject\""), 2);
	assert_int_equal(times(out.data, "\"team\""), 1);
	assert_int_equal(times(out.data, "\"note\""), 1);
	cJSON *pod = cJSON_ParseWithOpts(out.data, NULL, true);
	assert_non_null(pod);
	FOREACH_ROW(struct path_row, paths)
	{
		char *found = at(pod, row->path);
		if (row->want == NULL)
			assert_null(found);
		else
			assert_string_equal(found, row->want);
		free(found);
	}
	cJSON_Delete(pod);
	buf_done(&out);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_57_refused_at_start),
		cmocka_unit_test(rule_57_at_most_so_many),
		cmocka_unit_test(rule_57_shaped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
