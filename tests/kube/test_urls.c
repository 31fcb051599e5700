/*
 * Paths of the kinds and escaping.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kube/urls.h"

static void paths(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	assert_string_equal(url_list(&a, KIND_NODE, NULL), "/api/v1/nodes");
	assert_string_equal(url_list(&a, KIND_NODE, "x"), "/api/v1/nodes");
	assert_string_equal(url_list(&a, KIND_POD, NULL), "/api/v1/pods");
	assert_string_equal(url_named(&a, KIND_POD, "drop-system", "p"),
			    "/api/v1/namespaces/drop-system/pods/p");
	assert_string_equal(url_named(&a, KIND_LEASE, "n", "l"),
			    "/apis/coordination.k8s.io/v1/namespaces/n/leases/l");
	assert_string_equal(url_status(&a, KIND_CACHEDIMAGE, NULL, "a/b c"),
			    "/apis/drop.corewire.io/v1alpha1/cachedimages/a%2Fb%20c/status");
	arena_done(&a);
}

static void escaping(void **state)
{
	(void)state;
	struct buf b = {0};
	url_escape(&b, "a=b,c!=\xc3\xa9&~._-9");
	assert_string_equal(b.data, "a%3Db%2Cc%21%3D%C3%A9%26~._-9");
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(paths), cmocka_unit_test(escaping)};
	return cmocka_run_group_tests_name("urls", tests, NULL, NULL);
}
