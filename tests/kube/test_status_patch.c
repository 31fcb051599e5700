/* The body of a status patch, and what an answer to it means (behaviour 21). */
#include "tests/unit.h"

#include "kube/status_patch.h"

static const struct pullpolicy_status old = {.observed_generation = 2};
static const struct pullpolicy_status new = {.observed_generation = 3};

static const struct body_row {
	const char *name;
	struct status_patch patch;
	const char *want; /* NULL: nothing is to be written */
} bodies[] = {
	{"the difference, with the uid",
	 {.kind = KIND_PULLPOLICY, .uid = "u\"1", .old = &old, .new = &new},
	 "{\"metadata\":{\"uid\":\"u\\\"1\"},\"status\":{\"observedGeneration\":3}}"},
	{"no difference", {.kind = KIND_PULLPOLICY, .uid = "u", .old = &new, .new = &new}, NULL},
	{"whole",
	 {.kind = KIND_PULLPOLICY, .uid = "u", .new = &old},
	 "{\"metadata\":{\"uid\":\"u\"},\"status\":{\"observedGeneration\":2}}"},
};

static void rule_21_body(void **state)
{
	(void)state;
	FOREACH_ROW(struct body_row, bodies)
	{
		struct buf out = {0};
		assert_int_equal(status_patch_body(&row->patch, &out), row->want != NULL);
		assert_string_equal(out.len != 0 ? out.data : "",
				    row->want != NULL ? row->want : "");
		buf_done(&out);
	}
}

static const struct answer_row {
	const char *name;
	int code;
	enum patch_result want;
} answers[] = {
	{"made", 200, PATCH_MADE},
	{"no such object, or no such subresource", 404, PATCH_GONE},
	{"the uid is another one", 409, PATCH_GONE},
	{"not allowed", 403, PATCH_FAILED},
	{"refused", 422, PATCH_FAILED},
	{"the server failed", 500, PATCH_FAILED},
	{"no answer", 0, PATCH_FAILED},
};

static void rule_21_answer(void **state)
{
	(void)state;
	FOREACH_ROW(struct answer_row, answers)
	{
		const struct kube_answer answer = {.code = row->code};
		assert_int_equal(kube_patch_result(&answer), row->want);
	}
}

static void each_kind_of_ours_has_a_status(void **state)
{
	(void)state;
	for (int k = 0; k < KIND_COUNT; k++)
		assert_int_equal(kinds[k].status != NULL, kinds[k].ours);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_21_body),
		cmocka_unit_test(rule_21_answer),
		cmocka_unit_test(each_kind_of_ours_has_a_status),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
