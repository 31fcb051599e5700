/*
 * Merge patches: the rows say what one looks like; the property test says that any
 * of them does what RFC 7386 makes of it, for every kind; so does one that is made from hashes.
 */
#include "tests/unit.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "api/kinds.h"
#include "api/tables.h"
#include "api/walk.h"
#include "tests/api/random_obj.h"

struct diff_row {
	const char *name;
	const struct desc *d;
	const char *old, *new;
	const char *want; /* NULL: no difference */
};

#define ST   &cachedimage_status_desc
#define INT  "\"observedGeneration\":0,"
#define REST "\"nodesTargeted\":0,\"nodesReady\":0,\"nodesPulling\":0,\"nodesSkipped\":0,\"consecutiveFailures\":0"

static const struct diff_row rows[] = {
	{"equal", ST, "{\"phase\":\"Ready\"}", "{\"phase\":\"Ready\"}", NULL},
	{"absent and zero are the same", ST, "{}", "{\"nodesReady\":0,\"cachedNodes\":[]}", NULL},
	{"rule 19: integers go along with any change", ST, "{}", "{\"phase\":\"Ready\"}",
	 "{" INT "\"phase\":\"Ready\"," REST "}"},
	{"removed", ST, "{\"phase\":\"Ready\",\"lastPulledAt\":\"2026-01-02T03:04:05Z\"}", "{}",
	 "{" INT "\"phase\":null,\"nodesTargeted\":0,\"nodesReady\":0,\"nodesPulling\":0,\"nodesSkipped\":0,"
	 "\"consecutiveFailures\":0,\"lastPulledAt\":null}"},
	{"lists as a whole", ST, "{\"cachedNodes\":[\"a\",\"b\"]}",
	 "{\"cachedNodes\":[\"a\",\"c\"]}",
	 "{" INT "\"nodesTargeted\":0,\"nodesReady\":0,\"nodesPulling\":0,\"nodesSkipped\":0,"
	 "\"cachedNodes\":[\"a\",\"c\"],\"consecutiveFailures\":0}"},
	{"an emptied list is removed", ST, "{\"cachedNodes\":[\"a\"]}", "{}",
	 "{" INT "\"nodesTargeted\":0,\"nodesReady\":0,\"nodesPulling\":0,\"nodesSkipped\":0,\"cachedNodes\":null,"
	 "\"consecutiveFailures\":0}"},
	{"only what changed in an object", &cachedimage_desc,
	 "{\"metadata\":{\"name\":\"n\"},\"spec\":{\"image\":\"a\",\"tag\":\"1\"}}",
	 "{\"metadata\":{\"name\":\"n\"},\"spec\":{\"image\":\"a\",\"tag\":\"2\"}}",
	 "{\"spec\":{\"tag\":\"2\"}}"},
	{"maps by key", &cachedimage_spec_desc,
	 "{\"nodeSelector\":{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"}}",
	 "{\"nodeSelector\":{\"b\":\"2\",\"c\":\"4\",\"d\":\"5\"}}",
	 "{\"nodeSelector\":{\"a\":null,\"c\":\"4\",\"d\":\"5\"}}"},
	{"object added", &cachedimage_spec_desc, "{}", "{\"policyRef\":{\"name\":\"p\"}}",
	 "{\"policyRef\":{\"name\":\"p\"}}"},
	{"object changed", &cachedimage_spec_desc, "{\"policyRef\":{\"name\":\"p\"}}",
	 "{\"policyRef\":{\"name\":\"q\"}}", "{\"policyRef\":{\"name\":\"q\"}}"},
	{"object removed", &cachedimage_spec_desc, "{\"policyRef\":{\"name\":\"p\"}}", "{}",
	 "{\"policyRef\":null}"},
	{"dotted names", &lease_desc, "{\"spec\":{\"holderIdentity\":\"a\",\"renewTime\":\"t\"}}",
	 "{\"spec\":{\"holderIdentity\":\"b\",\"renewTime\":\"t\"}}",
	 "{\"spec\":{\"holderIdentity\":\"b\",\"leaseTransitions\":0}}"},
	{"an emptied level of dotted names", &pod_desc, "{\"spec\":{\"nodeName\":\"n\"}}", "{}",
	 "{\"spec\":null}"},
};

static void *decode(const struct desc *d, const char *json, struct arena *a)
{
	void *obj = arena_alloc(a, d->size);
	struct err err = {0};
	desc_decode(d, json, strlen(json), false, a, obj, &err);
	assert_string_equal(err.text, "");
	return obj;
}

static void test_rows(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	FOREACH_ROW(struct diff_row, rows)
	{
		struct buf out = {0};
		bool differ = desc_diff(row->d, decode(row->d, row->old, &a),
					decode(row->d, row->new, &a), &out);
		assert_int_equal(differ, row->want != NULL);
		assert_string_equal(out.len != 0 ? out.data : "",
				    row->want != NULL ? row->want : "");
		buf_done(&out);
	}
	arena_done(&a);
}

/* RFC 7386, section 2, as it stands there. */
static cJSON *merge(cJSON *target, const cJSON *patch)
{
	if (!cJSON_IsObject(patch)) {
		cJSON_Delete(target);
		return cJSON_Duplicate(patch, 1);
	}
	if (!cJSON_IsObject(target)) {
		cJSON_Delete(target);
		target = cJSON_CreateObject();
	}
	for (const cJSON *p = patch->child; p != NULL; p = p->next) {
		cJSON *had = cJSON_DetachItemFromObjectCaseSensitive(target, p->string);
		if (cJSON_IsNull(p))
			cJSON_Delete(had);
		else
			cJSON_AddItemToObject(target, p->string, merge(had, p));
	}
	return target;
}

static void check_patch(const struct desc *d, const void *old, const void *new)
{
	struct buf from = {0}, to = {0}, patch = {0};
	desc_encode(d, old, &from);
	desc_encode(d, new, &to);
	bool differ = desc_diff(d, old, new, &patch);
	assert_int_equal(differ, strcmp(from.data, to.data) != 0);
	assert_int_equal(differ, !desc_equal(d, old, new));
	if (differ) {
		cJSON *json = cJSON_Parse(patch.data), *want = cJSON_Parse(to.data);
		assert_non_null(json);
		cJSON *got = merge(cJSON_Parse(from.data), json);
		if (!cJSON_Compare(got, want, 1))
			fail_msg("%s\n%s\n%s", from.data, patch.data, to.data);
		cJSON_Delete(got);
		cJSON_Delete(json);
		cJSON_Delete(want);
	} else {
		assert_int_equal(patch.len, 0);
	}
	buf_done(&from);
	buf_done(&to);
	buf_done(&patch);
}

static void test_patch_does_what_it_says(void **state)
{
	(void)state;
	struct rng r = {.state = 2};
	struct arena a = ARENA_INIT;
	for (int turn = 0; turn < 6000; turn++) {
		const struct desc *d = kinds[turn % KIND_COUNT].desc;
		void *old = arena_alloc(&a, d->size);
		random_object(&r, d, &a, old);
		void *new = desc_clone(d, old, &a);
		check_patch(d, old, new);
		random_change(&r, d, &a, new, 1 + rng_below(&r, 12));
		check_patch(d, old, new);
		arena_reset(&a);
	}
	arena_done(&a);
}

/* `old` is known as hashes only: what differs is written whole, and the rest not at all. */
static void check_hashes(const struct desc *d, const void *old, const void *new, struct arena *a)
{
	struct buf from = {0}, to = {0}, patch = {0};
	void *unlike = desc_clone(d, new, a);
	assert_int_equal(desc_hash(d, old) == desc_hash(d, new), desc_equal(d, old, new));
	for (size_t i = 0; i < d->n; i++) {
		const struct field *f = &d->fields[i];
		bool equal = desc_hash_row(d, i, old) == desc_hash_row(d, i, new);
		assert_int_equal(equal, field_equal(f, old, new));
		if (!equal)
			desc_unlike(d, i, unlike, a);
		assert_int_equal(equal, field_equal(f, unlike, new));
	}
	desc_encode(d, old, &from);
	desc_encode(d, new, &to);
	if (desc_diff(d, unlike, new, &patch)) {
		cJSON *json = cJSON_Parse(patch.data), *want = cJSON_Parse(to.data);
		cJSON *got = merge(cJSON_Parse(from.data), json);
		if (!cJSON_Compare(got, want, 1))
			fail_msg("%s\n%s\n%s", from.data, patch.data, to.data);
		cJSON_Delete(got);
		cJSON_Delete(json);
		cJSON_Delete(want);
	}
	buf_done(&from);
	buf_done(&to);
	buf_done(&patch);
}

static void test_hashes_are_enough_for_a_patch(void **state)
{
	(void)state;
	static const struct desc *const descs[] = {
		&cachedimage_status_desc, &cachedimageset_status_desc, &discoverypolicy_status_desc,
		&pullpolicy_status_desc, &discovery_source_desc};
	struct rng r = {.state = 3};
	struct arena a = ARENA_INIT;
	for (size_t turn = 0; turn < 7000; turn++) {
		const struct desc *d = descs[turn % ROWS(descs)];
		void *old = arena_alloc(&a, d->size);
		random_object(&r, d, &a, old);
		void *new = desc_clone(d, old, &a);
		check_hashes(d, old, new, &a);
		random_change(&r, d, &a, new, 1 + rng_below(&r, 12));
		check_hashes(d, old, new, &a);
		arena_reset(&a);
	}
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_patch_does_what_it_says),
		cmocka_unit_test(test_hashes_are_enough_for_a_patch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
