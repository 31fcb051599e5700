/*
 * puller/podspec.c against behaviour.md 5, 6 and 7: two whole pods, compared as JSON
 * trees, and rows that look at one path each.
 */
#include "tests/unit.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "puller/podspec.h"

static struct msg_secret two_secrets[] = {{"ghcr"}, {"ecr"}};
static struct msg_toleration some_tolerations[] = {
	{.key = "node-role.kubernetes.io/build", .op = "Exists", .effect = "NoSchedule"},
	{.key = "pool", .op = "Equal", .value = "gpu \"big\""},
	{.op = "Exists"},
};

#define TEN  "a23456789-"
#define LONG TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static struct msg_start plain_image = {
	.image_name = "dev-nginx",
	.image_uid = "11111111-2222-3333-4444-555555555555",
	.reference = "docker.io/library/nginx:1.25-alpine",
	.attempt = "0",
	.pull_policy = "Always",
};

static const struct msg_pull_start plain = {
	.session = 7,
	.pod_name = "pull-dev-nginx-0123456789abcdef",
	.node = "node-1",
	.node_uid = "66666666-7777-8888-9999-000000000000",
	.pulls = {&plain_image, 1},
};

static struct msg_start full_image = {
	.image_name = LONG,
	.image_uid = "iu",
	.reference = "registry.example.com:5000/a/b@sha256:00",
	.attempt = "r1700000000",
	.pull_policy = "IfNotPresent",
};

static const struct msg_pull_start full = {
	.session = 7,
	.pod_name = "pull-x-0123456789abcdef",
	.node = LONG "x",
	.node_uid = "nu",
	.pulls = {&full_image, 1},
	.secrets = {two_secrets, 2},
	.tolerations = {some_tolerations, 3},
};

static void text_with(const struct msg_pull_start *pull, const struct podspec_config *config,
		      struct arena *a, struct buf *out)
{
	struct pod_shape shape;
	struct podspec_config with = *config;
	if (with.shape == NULL) {
		struct puller_options defaults = {0};
		const struct options_target target = {puller_option_defs, &defaults};
		assert_int_equal(options_parse(1, (char *[]){"puller", NULL}, &target, 1, NULL),
				 OPTIONS_OK);
		assert_int_equal(pod_shape_read(&defaults, a, &shape, NULL), 0);
		with.shape = &shape;
	}
	podspec_write(pull, &with, out);
}

static cJSON *pod_with(const struct msg_pull_start *pull, const struct podspec_config *config)
{
	struct buf out = {0};
	struct arena a = ARENA_INIT;
	text_with(pull, config, &a, &out);
	arena_done(&a);
	cJSON *pod = cJSON_ParseWithOpts(out.data, NULL, true);
	assert_non_null(pod);
	buf_done(&out);
	return pod;
}

static cJSON *pod_of(const struct msg_pull_start *pull, const char *priority_class)
{
	const struct podspec_config config = {.ns = "drop-system",
					      .priority_class = priority_class};
	return pod_with(pull, &config);
}

static void compare(cJSON *pod, const char *want_text)
{
	cJSON *want = cJSON_ParseWithOpts(want_text, NULL, true);
	assert_non_null(want);
	if (!cJSON_Compare(pod, want, true)) {
		char *text = cJSON_Print(pod);
		print_error("%s\n", text);
		free(text);
		fail_msg("the pod differs");
	}
	cJSON_Delete(want);
	cJSON_Delete(pod);
}

#define SECURITY                                                                                   \
	"'securityContext':{'runAsNonRoot':true,'runAsUser':65534,'runAsGroup':65534,"             \
	"'seccompProfile':{'type':'RuntimeDefault'}}"
#define CONTAINER_REST                                                                             \
	"'command':['true'],"                                                                      \
	"'resources':{'requests':{'cpu':'10m','memory':'16Mi'},'limits':{'memory':'64Mi'}},"       \
	"'securityContext':{'allowPrivilegeEscalation':false,'readOnlyRootFilesystem':true,"       \
	"'capabilities':{'drop':['ALL']}}"

/* JSON with ' for ", which reads better in C. */
static char *quoted(const char *text)
{
	char *s = strdup(text);
	for (char *c = s; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	return s;
}

/* behaviour.md 5, 6, 7: nothing more, nothing less. */
static void test_whole_pod(void **state)
{
	(void)state;
	char *want = quoted(
		"{'apiVersion':'v1','kind':'Pod','metadata':{"
		"'name':'pull-dev-nginx-0123456789abcdef','namespace':'drop-system',"
		"'ownerReferences':[{'apiVersion':'drop.corewire.io/v1alpha1',"
		"'kind':'CachedImage','name':'dev-nginx',"
		"'uid':'11111111-2222-3333-4444-555555555555','controller':true}],'labels':{"
		"'app.kubernetes.io/managed-by':'drop','drop.corewire.io/cachedimage':'dev-nginx',"
		"'drop.corewire.io/node':'node-1','sidecar.istio.io/inject':'false'},"
		"'annotations':{'drop.corewire.io/cachedimage':'dev-nginx',"
		"'drop.corewire.io/cachedimage-uid':'11111111-2222-3333-4444-555555555555',"
		"'drop.corewire.io/node-uid':'66666666-7777-8888-9999-000000000000',"
		"'drop.corewire.io/reference':'docker.io/library/nginx:1.25-alpine',"
		"'drop.corewire.io/attempt':'0','sidecar.istio.io/inject':'false',"
		"'linkerd.io/inject':'disabled',"
		"'cluster-autoscaler.kubernetes.io/safe-to-evict':'true'}},"
		"'spec':{'nodeName':'node-1','restartPolicy':'Never',"
		"'terminationGracePeriodSeconds':0,'automountServiceAccountToken':false,"
		"'enableServiceLinks':false," SECURITY ",'containers':[{'name':'pull',"
		"'image':'docker.io/library/"
		"nginx:1.25-alpine','imagePullPolicy':'Always'," CONTAINER_REST "}]}}");
	compare(pod_of(&plain, NULL), want);
	free(want);
}

/* 42. With maxImagesPerPod: 1 the pod is what it was before there were batches, byte for byte. */
static void rule_42_one_image_byte_for_byte(void **state)
{
	(void)state;
	char *want = quoted(
		"{'apiVersion':'v1','kind':'Pod','metadata':{"
		"'name':'pull-dev-nginx-0123456789abcdef','namespace':'drop-system',"
		"'ownerReferences':[{'apiVersion':'v1','kind':'ServiceAccount','name':'drop',"
		"'uid':'u-1','controller':true}],'labels':{"
		"'app.kubernetes.io/managed-by':'drop','drop.corewire.io/cachedimage':'dev-nginx',"
		"'drop.corewire.io/node':'node-1','sidecar.istio.io/inject':'false'},"
		"'annotations':{'drop.corewire.io/cachedimage':'dev-nginx',"
		"'drop.corewire.io/cachedimage-uid':'11111111-2222-3333-4444-555555555555',"
		"'drop.corewire.io/node-uid':'66666666-7777-8888-9999-000000000000',"
		"'drop.corewire.io/reference':'docker.io/library/nginx:1.25-alpine',"
		"'drop.corewire.io/attempt':'0','sidecar.istio.io/inject':'false',"
		"'linkerd.io/inject':'disabled',"
		"'cluster-autoscaler.kubernetes.io/safe-to-evict':'true'}},"
		"'spec':{'nodeName':'node-1','restartPolicy':'Never',"
		"'terminationGracePeriodSeconds':0,'automountServiceAccountToken':false,"
		"'enableServiceLinks':false," SECURITY ",'containers':[{'name':'pull',"
		"'image':'docker.io/library/"
		"nginx:1.25-alpine','imagePullPolicy':'Always'," CONTAINER_REST "}]}}");
	const struct api_owner owner = {"v1", "ServiceAccount", "drop", "u-1", false, false};
	struct buf out = {0};
	struct arena a = ARENA_INIT;
	text_with(&plain, &(struct podspec_config){.ns = "drop-system", .owner = &owner}, &a, &out);
	assert_string_equal(out.data, want);
	arena_done(&a);
	buf_done(&out);
	free(want);
}

#define ZEROS                                                                                      \
	"'resources':{'requests':{'cpu':'0','memory':'0'},'limits':{'memory':'0'}},"               \
	"'securityContext':{'allowPrivilegeEscalation':false,'readOnlyRootFilesystem':true,"       \
	"'capabilities':{'drop':['ALL']}}"

/* 42, 44. Containers in order, the first with the resources; annotations for each. */
static void rule_42_44_batch(void **state)
{
	(void)state;
	struct msg_start two[] = {plain_image, plain_image};
	struct msg_pull_start batch = plain;
	two[1].image_name = "other";
	two[1].image_uid = "ou";
	two[1].reference = "docker.io/library/other:1";
	two[1].attempt = "r1700000000";
	two[1].pull_policy = "IfNotPresent";
	batch.pod_name = "pull-batch-0123456789abcdef";
	batch.batch = "batch.0123456789abcdef";
	batch.pulls = (struct msg_start_list){two, 2};
	char *want = quoted(
		"{'apiVersion':'v1','kind':'Pod','metadata':{"
		"'name':'pull-batch-0123456789abcdef','namespace':'drop-system',"
		"'ownerReferences':[{'apiVersion':'drop.corewire.io/v1alpha1',"
		"'kind':'CachedImage','name':'dev-nginx',"
		"'uid':'11111111-2222-3333-4444-555555555555','controller':true},"
		"{'apiVersion':'drop.corewire.io/v1alpha1','kind':'CachedImage','name':'other',"
		"'uid':'ou'}],'labels':{"
		"'app.kubernetes.io/managed-by':'drop',"
		"'drop.corewire.io/cachedimage':'batch.0123456789abcdef',"
		"'drop.corewire.io/node':'node-1','sidecar.istio.io/inject':'false'},"
		"'annotations':{"
		"'drop.corewire.io/node-uid':'66666666-7777-8888-9999-000000000000',"
		"'drop.corewire.io/pull-0.cachedimage':'dev-nginx',"
		"'drop.corewire.io/pull-0.cachedimage-uid':'11111111-2222-3333-4444-555555555555',"
		"'drop.corewire.io/pull-0.reference':'docker.io/library/nginx:1.25-alpine',"
		"'drop.corewire.io/pull-0.attempt':'0',"
		"'drop.corewire.io/pull-1.cachedimage':'other',"
		"'drop.corewire.io/pull-1.cachedimage-uid':'ou',"
		"'drop.corewire.io/pull-1.reference':'docker.io/library/other:1',"
		"'drop.corewire.io/pull-1.attempt':'r1700000000',"
		"'sidecar.istio.io/inject':'false','linkerd.io/inject':'disabled',"
		"'cluster-autoscaler.kubernetes.io/safe-to-evict':'true'}},"
		"'spec':{'nodeName':'node-1','restartPolicy':'Never',"
		"'terminationGracePeriodSeconds':0,'automountServiceAccountToken':false,"
		"'enableServiceLinks':false," SECURITY ",'containers':[{'name':'pull-0',"
		"'image':'docker.io/library/"
		"nginx:1.25-alpine','imagePullPolicy':'Always'," CONTAINER_REST
		"},{'name':'pull-1','image':'docker.io/library/other:1',"
		"'imagePullPolicy':'IfNotPresent','command':['true']," ZEROS "}]}}");
	compare(pod_of(&batch, NULL), want);
	free(want);
}

/* 49. Of the security context only what Windows has; all else is the same, also of a batch. */
static void rule_49_windows(void **state)
{
	(void)state;
	struct msg_start two[] = {plain_image, plain_image};
	struct msg_pull_start windows = plain, linux_pull = plain;
	windows.windows = true;
	two[1].image_name = "other";
	for (int batch = 0; batch < 2; batch++) {
		cJSON *pod = pod_of(&windows, "low"), *other = pod_of(&linux_pull, "low");
		cJSON *spec = cJSON_GetObjectItem(pod, "spec"), *c;
		cJSON *linux_spec = cJSON_GetObjectItem(other, "spec");
		char *security =
			cJSON_PrintUnformatted(cJSON_GetObjectItem(spec, "securityContext"));
		char *os = cJSON_PrintUnformatted(cJSON_GetObjectItem(spec, "os"));
		assert_string_equal(security, "{\"runAsNonRoot\":true,\"windowsOptions\":{"
					      "\"runAsUserName\":\"ContainerUser\"}}");
		assert_string_equal(os, "{\"name\":\"windows\"}");
		cJSON_ArrayForEach(c, cJSON_GetObjectItem(spec, "containers"))
			assert_null(cJSON_GetObjectItem(c, "securityContext"));
		cJSON_DeleteItemFromObject(spec, "securityContext");
		cJSON_DeleteItemFromObject(spec, "os");
		cJSON_DeleteItemFromObject(linux_spec, "securityContext");
		cJSON_ArrayForEach(c, cJSON_GetObjectItem(linux_spec, "containers"))
			cJSON_DeleteItemFromObject(c, "securityContext");
		assert_true(cJSON_Compare(pod, other, true));
		free(security);
		free(os);
		cJSON_Delete(pod);
		cJSON_Delete(other);
		windows.batch = linux_pull.batch = "batch.0123456789abcdef";
		windows.pulls = linux_pull.pulls = (struct msg_start_list){two, 2};
	}
}

static char *owners_of(const cJSON *pod)
{
	const cJSON *meta = cJSON_GetObjectItem(pod, "metadata");
	return cJSON_PrintUnformatted(cJSON_GetObjectItem(meta, "ownerReferences"));
}

/*
 * The pod has one owner, and that is its controller, as `kubectl drain` asks for one: our service
 * account where we run in a pod of that namespace (the garbage collector deletes the pods when the
 * operator is uninstalled), else the CachedImage.
 */
static void rule_05_owner(void **state)
{
	(void)state;
	const struct api_owner owner = {"v1", "ServiceAccount", "drop", "u-1", false, false};
	const struct podspec_config config = {.ns = "drop-system", .owner = &owner};
	cJSON *pod = pod_with(&plain, &config), *bare = pod_of(&plain, NULL);
	char *text = owners_of(pod), *without = owners_of(bare);
	assert_string_equal(text, "[{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\","
				  "\"name\":\"drop\",\"uid\":\"u-1\",\"controller\":true}]");
	assert_string_equal(without,
			    "[{\"apiVersion\":\"drop.corewire.io/v1alpha1\",\"kind\":"
			    "\"CachedImage\",\"name\":\"dev-nginx\",\"uid\":\"11111111-2222-"
			    "3333-4444-555555555555\",\"controller\":true}]");
	free(text);
	free(without);
	cJSON_Delete(pod);
	cJSON_Delete(bare);
}

struct path_row {
	const char *name; /* with the rule of behaviour.md */
	const char *path; /* members separated by '|', a number steps into a list */
	const char *want; /* JSON of the value; NULL: absent */
};

static const struct path_row paths[] = {
	{"5 image by digest", "spec|containers|0|image",
	 "\"registry.example.com:5000/a/b@sha256:00\""},
	{"5 pull policy", "spec|containers|0|imagePullPolicy", "\"IfNotPresent\""},
	{"5 one container", "spec|containers|1", NULL},
	{"5 pinned", "spec|nodeName", "\"" LONG "x\""},
	{"5 secrets in order", "spec|imagePullSecrets", "[{\"name\":\"ghcr\"},{\"name\":\"ecr\"}]"},
	{"5 toleration with effect", "spec|tolerations|0",
	 "{\"key\":\"node-role.kubernetes.io/build\",\"operator\":\"Exists\","
	 "\"effect\":\"NoSchedule\"}"},
	{"5 toleration with value, quoted", "spec|tolerations|1",
	 "{\"key\":\"pool\",\"operator\":\"Equal\",\"value\":\"gpu \\\"big\\\"\"}"},
	{"5 toleration of everything", "spec|tolerations|2", "{\"operator\":\"Exists\"}"},
	{"5 no more tolerations", "spec|tolerations|3", NULL},
	{"6 full name", "metadata|annotations|drop.corewire.io/cachedimage", "\"" LONG "\""},
	{"6 attempt of a repull", "metadata|annotations|drop.corewire.io/attempt",
	 "\"r1700000000\""},
	{"7 priority class", "spec|priorityClassName", "\"low\""},
};

static const cJSON *step(const cJSON *at, const char *path)
{
	char *copy = strdup(path), *rest = copy;
	for (char *part; at != NULL && (part = strsep(&rest, "|")) != NULL;)
		at = cJSON_IsArray(at) ? cJSON_GetArrayItem(at, (int)strtol(part, NULL, 10))
				       : cJSON_GetObjectItemCaseSensitive(at, part);
	free(copy);
	return at;
}

static void test_paths(void **state)
{
	(void)state;
	cJSON *pod = pod_of(&full, "low");
	FOREACH_ROW(struct path_row, paths)
	{
		const cJSON *got = step(pod, row->path);
		if (row->want == NULL) {
			assert_null(got);
			continue;
		}
		cJSON *want = cJSON_Parse(row->want);
		assert_non_null(want);
		assert_non_null(got);
		assert_true(cJSON_Compare(got, want, true));
		cJSON_Delete(want);
	}
	cJSON_Delete(pod);
}

/* What is not set is left out: an empty priorityClassName would be refused. */
static void test_absent(void **state)
{
	(void)state;
	static const char *const absent[] = {"priorityClassName", "tolerations",
					     "imagePullSecrets"};
	cJSON *pod = pod_of(&plain, "");
	for (size_t i = 0; i < ROWS(absent); i++)
		assert_null(cJSON_GetObjectItem(cJSON_GetObjectItem(pod, "spec"), absent[i]));
	cJSON_Delete(pod);
}

static bool valid_label(const char *value)
{
	static const char edge[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t n = strlen(value);
	return n <= 63 && n > 0 && strchr(edge, value[0]) != NULL &&
	       strchr(edge, value[n - 1]) != NULL &&
	       strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-._") == n;
}

/* behaviour.md 6: label values over 63 are cut with a hash, and stay different. */
static void test_labels(void **state)
{
	(void)state;
	char fits[64], a[64], b[64], again[64];
	memset(fits, 'n', 63);
	fits[63] = '\0';
	podspec_label(a, fits);
	assert_string_equal(a, fits);
	podspec_label(a, LONG);
	podspec_label(b, LONG "x");
	podspec_label(again, LONG);
	assert_int_equal(strlen(a), 63);
	assert_memory_equal(a, LONG, 46);
	assert_true(valid_label(a) && valid_label(b));
	assert_string_not_equal(a, b);
	assert_string_equal(a, again);
	cJSON *pod = pod_of(&full, NULL);
	const cJSON *label = step(pod, "metadata|labels|drop.corewire.io/cachedimage");
	assert_string_equal(cJSON_GetStringValue(label), a);
	label = step(pod, "metadata|labels|drop.corewire.io/node");
	assert_string_equal(cJSON_GetStringValue(label), b);
	cJSON_Delete(pod);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_pod),
		cmocka_unit_test(rule_42_one_image_byte_for_byte),
		cmocka_unit_test(rule_42_44_batch),
		cmocka_unit_test(rule_49_windows),
		cmocka_unit_test(rule_05_owner),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_labels),
	};
	return cmocka_run_group_tests_name("puller/podspec", tests, NULL, NULL);
}
