/*
 * What objects may contain (behaviour 33): the cases of tests/e2e/crd_cases.json, which pass on
 * the real API server, and built-in kinds. Texts are those that a real 1.34 server gave.
 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "api/desc.h"
#include "api/tables.h"
#include "base/buf.h"

#include "sim/store/admission/admit.h"
#include "sim/store/admission/parts.h"

static const struct resource *of(const char *kind)
{
	for (size_t i = 0; i < resources_n; i++)
		/* Of the two groups of events, the new one. */
		if (strcmp(kind, "Event") == 0 && *resources[i].group == '\0')
			continue;
		else if (strcmp(resources[i].singular, kind) == 0 ||
			 strcmp(resources[i].kind, kind) == 0)
			return &resources[i];
	fail_msg("no kind %s", kind);
	return NULL;
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	struct buf text = {0};
	char piece[4096];
	for (size_t n; (n = fread(piece, 1, sizeof(piece), f)) > 0;)
		buf_add(&text, piece, n);
	fclose(f);
	return text.data;
}

/* {"repeat": [piece, times]}: a text or a list, so often. */
static cJSON *expand(const cJSON *v)
{
	const cJSON *repeat = cJSON_GetObjectItem(v, "repeat");
	if (repeat == NULL) {
		cJSON *copy = cJSON_Duplicate(v, false);
		for (const cJSON *c = v->child; c != NULL; c = c->next) {
			if (cJSON_IsArray(v))
				cJSON_AddItemToArray(copy, expand(c));
			else
				cJSON_AddItemToObject(copy, c->string, expand(c));
		}
		return copy;
	}
	const cJSON *piece = cJSON_GetArrayItem(repeat, 0);
	int times = cJSON_GetArrayItem(repeat, 1)->valueint;
	if (cJSON_IsArray(piece)) {
		cJSON *list = cJSON_CreateArray();
		for (int i = 0; i < times; i++)
			cJSON_AddItemToArray(list, cJSON_Duplicate(piece->child, true));
		return list;
	}
	struct buf text = {0};
	for (int i = 0; i < times; i++)
		buf_adds(&text, piece->valuestring);
	cJSON *s = cJSON_CreateString(text.data);
	buf_done(&text);
	return s;
}

static cJSON *object_of(const struct resource *r, const char *name)
{
	char version[128];
	snprintf(version, sizeof(version), "%s%s%s", r->group, *r->group ? "/" : "", r->version);
	cJSON *obj = cJSON_CreateObject();
	cJSON_AddStringToObject(obj, "apiVersion", version);
	cJSON_AddStringToObject(obj, "kind", r->kind);
	cJSON_AddStringToObject(cJSON_AddObjectToObject(obj, "metadata"), "name", name);
	return obj;
}

/* The least a spec must have, for cases that are about a status. */
static const struct {
	const char *kind, *spec;
} specs[] = {
	{"cachedimage", "{\"image\":\"docker.io/library/nginx\"}"},
	{"cachedimageset", "{}"},
	{"discoverypolicy",
	 "{\"sources\":[{\"type\":\"registry\",\"registry\":{\"url\":\"http://r\","
	 "\"repositories\":[\"a\"]}}]}"},
	{"pullpolicy", "{}"},
};

static const char *least_spec(const char *kind)
{
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
		if (strcmp(specs[i].kind, kind) == 0)
			return specs[i].spec;
	return "{}";
}

static void run_case(const cJSON *row, size_t *bad)
{
	const char *kind = cJSON_GetObjectItem(row, "kind")->valuestring;
	const char *want = cJSON_GetObjectItem(row, "want")->valuestring;
	const struct resource *r = of(kind);
	const cJSON *spec = cJSON_GetObjectItem(row, "spec");
	const cJSON *status = cJSON_GetObjectItem(row, "status");
	struct api_error e = {0};
	cJSON *obj = object_of(r, "crd-case"), *old = NULL;
	if (spec != NULL)
		cJSON_AddItemToObject(obj, "spec", expand(spec));
	if (status != NULL) {
		cJSON_AddItemToObject(obj, "spec", cJSON_Parse(least_spec(kind)));
		old = cJSON_Duplicate(obj, true);
		cJSON_AddItemToObject(obj, "status", expand(status));
	}
	int rc = admit(r, obj, old, status != NULL, &e);
	bool accepted = strcmp(want, "accepted") == 0;
	if (accepted ? rc != 0 : rc == 0 || e.code != 422 || strstr(e.message, want) == NULL) {
		print_error("%s, %s: want %s, got %d %s\n", kind,
			    cJSON_GetObjectItem(row, "name")->valuestring, want, e.code, e.message);
		(*bad)++;
	}
	if (rc != 0) { /* whatever is wrong, what is sent is JSON */
		cJSON *causes = cJSON_Parse(e.causes);
		assert_true(cJSON_IsArray(causes));
		cJSON_Delete(causes);
	}
	cJSON_Delete(obj);
	cJSON_Delete(old);
}

static void rule_33_cases_of_the_real_server(void **state)
{
	(void)state;
	char *text = read_file(CRD_CASES);
	cJSON *rows = cJSON_Parse(text);
	size_t bad = 0;
	assert_true(cJSON_GetArraySize(rows) > 100);
	for (const cJSON *row = rows->child; row != NULL; row = row->next)
		run_case(row, &bad);
	assert_int_equal(bad, 0);
	cJSON_Delete(rows);
	free(text);
}

static void rules_of(const struct desc *d, size_t *seen)
{
	const struct desc_rule *r = d->rules;
	for (; r != NULL && r->rule != NULL; r++, (*seen)++)
		if (!rule_known(r->rule))
			fail_msg("%s: nobody judges %s", d->name, r->rule);
	for (size_t i = 0; i < d->n; i++) {
		r = d->fields[i].rules;
		for (; r != NULL && r->rule != NULL; r++, (*seen)++)
			if (!rule_known(r->rule))
				fail_msg("%s: nobody judges %s", d->fields[i].json, r->rule);
		if (d->fields[i].sub != NULL)
			rules_of(d->fields[i].sub, seen);
	}
}

static void rule_33_every_rule_is_judged(void **state)
{
	(void)state;
	size_t seen = 0;
	for (int k = 0; k < KIND_COUNT; k++)
		if (kinds[k].ours)
			rules_of(kinds[k].desc, &seen);
	assert_true(seen > 5);
	assert_true(rule_known(api_duration_rules[0].rule));
}

/* ---- texts in full ---- */

#define UNCHECKED                                                                                  \
	"<nil>: Invalid value: null: some validation rules were not checked because the object "   \
	"was invalid; correct the existing errors to complete validation]"

static const struct message_row {
	const char *name, *kind, *json, *old; /* old: an update */
	bool status;
	int code;
	const char *message;
} messages[] = {
	{"several at once", "CachedImage", "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"tag\":2}}",
	 NULL, false, 422,
	 "CachedImage.drop.corewire.io \"a\" is invalid: [spec.image: Required value, spec.tag: "
	 "Invalid value: \"integer\": spec.tag in body must be of type string: "
	 "\"integer\", " UNCHECKED},
	{"a status is named without its prefix", "CachedImage",
	 "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"image\":\"a\"},\"status\":{\"nodesReady\":-1}"
	 "}",
	 "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"image\":\"a\"}}", true, 422,
	 "CachedImage.drop.corewire.io \"a\" is invalid: status.nodesReady: Invalid value: -1: "
	 "nodesReady in body should be greater than or equal to 0"},
	{"what is wrong but unchanged is let be", "CachedImage",
	 "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"image\":\"\",\"tag\":\"1\"}}",
	 "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"image\":\"\"}}", false, 0, ""},
	{"no name", "CachedImage", "{\"metadata\":{},\"spec\":{\"image\":\"a\"}}", NULL, false, 422,
	 "CachedImage.drop.corewire.io \"\" is invalid: [metadata.name: Required value: name or "
	 "generateName is required, " UNCHECKED},
	{"a label that is none", "CachedImage",
	 "{\"metadata\":{\"name\":\"a\",\"labels\":{\"x\":\"a b\"}},\"spec\":{\"image\":\"a\"}}",
	 NULL, false, 422,
	 "CachedImage.drop.corewire.io \"a\" is invalid: metadata.labels: Invalid value: \"a b\": "
	 "a "
	 "valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
	 "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
	 "'my_value',  or '12345', regex used for validation is "
	 "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"},
	{"a label that is a number", "CachedImage",
	 "{\"metadata\":{\"name\":\"a\",\"labels\":{\"x\":1}},\"spec\":{\"image\":\"a\"}}", NULL,
	 false, 400,
	 "CachedImage in version \"v1alpha1\" cannot be handled as a CachedImage: json: cannot "
	 "unmarshal number into Go struct field ObjectMeta.labels of type string"},
	{"two controllers", "CachedImage",
	 "{\"metadata\":{\"name\":\"a\",\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"X\","
	 "\"name\":\"n\",\"uid\":\"u\",\"controller\":true},{\"apiVersion\":\"v1\",\"kind\":\"X\","
	 "\"name\":\"n2\",\"uid\":\"u2\",\"controller\":true}]},\"spec\":{\"image\":\"a\"}}",
	 NULL, false, 422,
	 "CachedImage.drop.corewire.io \"a\" is invalid: metadata.ownerReferences: Invalid value: "
	 "[{\"apiVersion\":\"v1\",\"kind\":\"X\",\"name\":\"n\",\"uid\":\"u\",\"controller\":true},"
	 "{\"apiVersion\":\"v1\",\"kind\":\"X\",\"name\":\"n2\",\"uid\":\"u2\",\"controller\":true}"
	 "]: "
	 "Only one reference can have Controller set to true. Found \"true\" in references for "
	 "X/n and X/n2"},
	{"a pod without containers", "Pod", "{\"metadata\":{\"name\":\"a\"},\"spec\":{}}", NULL,
	 false, 422, "Pod \"a\" is invalid: spec.containers: Required value"},
	{"two containers of a name", "Pod",
	 "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"x\"}"
	 ","
	 "{\"name\":\"a\",\"image\":\"x\"}]}}",
	 NULL, false, 422, "Pod \"a\" is invalid: spec.containers[1].name: Duplicate value: \"a\""},
	{"a text for a number", "Pod",
	 "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"terminationGracePeriodSeconds\":\"x\"}}", NULL,
	 false, 400,
	 "Pod in version \"v1\" cannot be handled as a Pod: json: cannot unmarshal string into Go "
	 "struct field PodSpec.spec.terminationGracePeriodSeconds of type int64"},
	{"a taint without effect", "Node",
	 "{\"metadata\":{\"name\":\"n\"},\"spec\":{\"taints\":[{\"key\":\"a\"}]}}", NULL, false,
	 422, "Node \"n\" is invalid: metadata.taints[0].effect: Required value"},
	{"a lease for no time", "Lease",
	 "{\"metadata\":{\"name\":\"n\"},\"spec\":{\"leaseDurationSeconds\":-5,"
	 "\"leaseTransitions\":-1}}",
	 NULL, false, 422,
	 "Lease.coordination.k8s.io \"n\" is invalid: [spec.leaseDurationSeconds: Invalid value: "
	 "-5: must be greater than 0, spec.leaseTransitions: Invalid value: -1: must be greater "
	 "than or equal to 0]"},
	{"a time that is none", "Lease",
	 "{\"metadata\":{\"name\":\"n\"},\"spec\":{\"renewTime\":\"x\"}}", NULL, false, 400,
	 "Lease in version \"v1\" cannot be handled as a Lease: parsing time \"x\" as "
	 "\"2006-01-02T15:04:05.000000Z07:00\": cannot parse \"x\" as \"2006\""},
	{"a secret that is no base64", "Secret",
	 "{\"metadata\":{\"name\":\"e\"},\"data\":{\"a\":\"!!\"}}", NULL, false, 400,
	 "Secret in version \"v1\" cannot be handled as a Secret: illegal base64 data at input "
	 "byte "
	 "0"},
	{"a pull secret without its key", "Secret",
	 "{\"metadata\":{\"name\":\"e\"},\"type\":\"kubernetes.io/dockerconfigjson\"}", NULL, false,
	 422, "Secret \"e\" is invalid: data[.dockerconfigjson]: Required value"},
	{"a priority class that is not there", "Pod",
	 "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"priorityClassName\":\"low\",\"containers\":[{"
	 "\"name\":\"a\",\"image\":\"b\"}]}}",
	 NULL, false, 403, "pods \"a\" is forbidden: no PriorityClass with name low was found"},
	{"what an event said stays", "Event",
	 "{\"metadata\":{\"name\":\"e\",\"namespace\":\"default\"},\"eventTime\":"
	 "\"2026-01-02T03:04:05.000000Z\",\"reportingController\":\"c\",\"reportingInstance\":"
	 "\"i\",\"action\":\"A\",\"reason\":\"R\",\"type\":\"Normal\",\"note\":\"n\"}",
	 "{\"eventTime\":\"2026-01-02T03:04:05.000000Z\",\"reportingController\":\"c\","
	 "\"reportingInstance\":\"i\",\"action\":\"A\",\"reason\":\"R\",\"type\":\"Normal\","
	 "\"note\":\"m\"}",
	 false, 422, "Event \"e\" is invalid: message: Invalid value: \"n\": field is immutable"},
	{"a namespace with a dot", "Namespace", "{\"metadata\":{\"name\":\"e.x\"}}", NULL, false,
	 422,
	 "Namespace \"e.x\" is invalid: metadata.name: Invalid value: \"e.x\": must not contain "
	 "dots"},
};

static cJSON *parse_as(const struct resource *r, const char *json)
{
	if (json == NULL)
		return NULL;
	cJSON *typed = object_of(r, ""), *obj = cJSON_Parse(json);
	assert_non_null(obj);
	for (const char *const *n = (const char *const[]){"kind", "apiVersion", NULL}; *n; n++)
		cJSON_AddItemToObject(obj, *n, cJSON_DetachItemFromObjectCaseSensitive(typed, *n));
	cJSON_Delete(typed);
	return obj;
}

static void messages_in_full(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		const struct message_row *m = &messages[i];
		const struct resource *r = of(m->kind);
		struct api_error e = {0};
		cJSON *obj = parse_as(r, m->json), *old = parse_as(r, m->old);
		int rc = admit(r, obj, old, m->status, &e);
		if (rc != (m->code != 0 ? -1 : 0) || e.code != m->code ||
		    strcmp(e.message, m->message) != 0)
			fail_msg("%s: %d %s", m->name, e.code, e.message);
		cJSON_Delete(obj);
		cJSON_Delete(old);
	}
}

/* ---- what is filled in and what is dropped ---- */

static const struct result_row {
	const char *name, *kind, *json, *want; /* want: of the members of the result, as text */
} results[] = {
	{"defaults and unknown fields", "PullPolicy",
	 "{\"metadata\":{\"name\":\"a\",\"namespace\":\"x\",\"colour\":\"red\"},\"spec\":{\"foo\":"
	 "1,"
	 "\"failureBackoff\":{\"max\":null},\"maxPullsPerNode\":3}}",
	 "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"failureBackoff\":{\"initial\":\"30s\",\"max\":"
	 "\"5m\"},\"maxPullsPerNode\":3,\"maxConcurrentNodes\":1,\"minDelayBetweenPulls\":\"10s\","
	 "\"pullTimeout\":\"30m\"},\"status\":{\"observedGeneration\":-1}}"},
	{"defaults inside of what is absent", "PullPolicy", "{\"metadata\":{\"name\":\"a\"}}",
	 "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"maxConcurrentNodes\":1,\"maxPullsPerNode\":2,"
	 "\"minDelayBetweenPulls\":\"10s\",\"pullTimeout\":\"30m\"},"
	 "\"status\":{\"observedGeneration\":-1}}"},
	{"a status does not come with a create", "CachedImage",
	 "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"image\":\"a\"},\"status\":{\"phase\":"
	 "\"Ready\"}}",
	 "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"image\":\"a\",\"imagePullPolicy\":\"Always\"},"
	 "\"status\":{\"observedGeneration\":-1}}"},
	{"a secret's plain texts", "Secret",
	 "{\"metadata\":{\"name\":\"e\"},\"data\":{\"a\":\"YQ==\"},\"stringData\":{\"c\":\"d\","
	 "\"e\":\"abc\",\"f\":\"abcd\"}}",
	 "{\"metadata\":{\"name\":\"e\"},\"data\":{\"a\":\"YQ==\",\"c\":\"ZA==\",\"e\":\"YWJj\","
	 "\"f\":\"YWJjZA==\"},\"type\":\"Opaque\"}"},
	{"a pod", "Pod",
	 "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"b:"
	 "1\"}],"
	 "\"tolerations\":[{\"operator\":\"Exists\"}],\"restartPolicy\":\"Never\"}}",
	 "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"b:"
	 "1\","
	 "\"resources\":{},\"terminationMessagePath\":\"/dev/termination-log\","
	 "\"terminationMessagePolicy\":\"File\",\"imagePullPolicy\":\"IfNotPresent\"}],"
	 "\"tolerations\":[{\"operator\":\"Exists\"}],\"restartPolicy\":\"Never\","
	 "\"terminationGracePeriodSeconds\":30,\"dnsPolicy\":\"ClusterFirst\","
	 "\"serviceAccountName\":\"default\",\"serviceAccount\":\"default\",\"securityContext\":{},"
	 "\"schedulerName\":\"default-scheduler\",\"priority\":0,\"enableServiceLinks\":true,"
	 "\"preemptionPolicy\":\"PreemptLowerPriority\"},\"status\":{\"phase\":\"Pending\","
	 "\"qosClass\":\"BestEffort\"}}"},
};

static void what_is_filled_in_and_dropped(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		const struct result_row *row = &results[i];
		const struct resource *r = of(row->kind);
		struct api_error e = {0};
		cJSON *obj = parse_as(r, row->json), *want = parse_as(r, row->want);
		if (admit(r, obj, NULL, false, &e) != 0)
			fail_msg("%s: %s", row->name, e.message);
		char *got = cJSON_PrintUnformatted(obj);
		if (!cJSON_Compare(obj, want, true))
			fail_msg("%s: %s", row->name, got);
		/* A second time nothing changes. */
		assert_int_equal(admit(r, obj, want, false, &e), 0);
		assert_true(cJSON_Compare(obj, want, true));
		cJSON_free(got);
		cJSON_Delete(obj);
		cJSON_Delete(want);
	}
}

static void strict_decoding_names_what_is_unknown(void **state)
{
	(void)state;
	const struct resource *r = of("CachedImage");
	struct api_error e = {0};
	cJSON *obj = parse_as(r, "{\"metadata\":{\"foo\":1},\"spec\":{\"image\":\"a\",\"imagge\":1,"
				 "\"tolerations\":[{\"keey\":\"\"}]},\"bar\":{}}");
	assert_int_equal(admit_strict(r, obj, &e), -1);
	assert_string_equal(
		e.message,
		"CachedImage in version \"v1alpha1\" cannot be handled as a CachedImage: "
		"strict decoding error: unknown field \"metadata.foo\", unknown field "
		"\"spec.imagge\", unknown field \"spec.tolerations[0].keey\", unknown "
		"field \"bar\"");
	assert_int_equal(admit(r, obj, NULL, false, &e), -1); /* no name; the rest is dropped */
	assert_int_equal(admit_strict(r, obj, &e), 0);
	cJSON_Delete(obj);
}

static void what_is_no_object(void **state)
{
	(void)state;
	static const char *const texts[] = {"[{\"a\":1}]", "\"text\"", "1", "null"};
	for (size_t i = 0; i < ROWS(texts); i++)
		for (const struct resource *r = resources; r < resources + resources_n; r++) {
			struct api_error e = {0};
			cJSON *obj = cJSON_Parse(texts[i]);
			assert_int_equal(admit_strict(r, obj, &e), 0);
			assert_int_equal(admit(r, obj, NULL, false, &e), -1);
			assert_int_equal(e.code, 400);
			cJSON_Delete(obj);
		}
}

static void a_generation_is_about_the_spec(void **state)
{
	(void)state;
	static const struct {
		const char *kind, *a, *b;
		bool changed;
	} rows[] = {
		{"CachedImage", "{\"spec\":{\"image\":\"a\"}}", "{\"spec\":{\"image\":\"b\"}}",
		 true},
		{"CachedImage", "{\"spec\":{\"image\":\"a\"}}",
		 "{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":{\"image\":\"a\"},\"status\":{}"
		 "}",
		 false},
		{"PullPolicy", "{}", "{\"spec\":{}}", true},
		{"Pod", "{\"spec\":{\"a\":1}}", "{\"spec\":{\"a\":2}}", true},
		{"Pod", "{\"spec\":{\"a\":1}}", "{\"spec\":{\"a\":1},\"status\":{\"a\":1}}", false},
		{"Pod", "{}", "{}", false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cJSON *a = cJSON_Parse(rows[i].a), *b = cJSON_Parse(rows[i].b);
		if (admit_spec_changed(of(rows[i].kind), a, b) != rows[i].changed)
			fail_msg("%s -> %s", rows[i].a, rows[i].b);
		cJSON_Delete(a);
		cJSON_Delete(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_33_cases_of_the_real_server),
		cmocka_unit_test(rule_33_every_rule_is_judged),
		cmocka_unit_test(messages_in_full),
		cmocka_unit_test(what_is_filled_in_and_dropped),
		cmocka_unit_test(strict_decoding_names_what_is_unknown),
		cmocka_unit_test(what_is_no_object),
		cmocka_unit_test(a_generation_is_about_the_spec),
	};
	return cmocka_run_group_tests_name("drop_sim_admit", tests, NULL, NULL);
}
