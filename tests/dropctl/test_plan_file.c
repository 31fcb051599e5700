/*
 * Manifests that `dropctl plan` reads: what becomes an image, and what is refused with a
 * line and a sentence.
 */
#include "tests/unit.h"

#include <string.h>

#include "api/ref.h"
#include "base/buf.h"
#include "dropctl/plan_file.h"

#define HEAD(kind) "apiVersion: drop.corewire.io/v1alpha1\nkind: " kind "\nmetadata: {name: x}\n"

static const struct row {
	const char *name, *text;
	const char *images; /* "name=reference ..." in order; NULL: refused */
	const char *error;  /* part of it; of a good file: part of its notes, or NULL */
} rows[] = {
	{"an image", HEAD("CachedImage") "spec: {image: nginx, tag: \"1\"}\n", "x=nginx:1", NULL},
	{"a digest",
	 HEAD("CachedImage") "spec: {image: nginx, digest: "
			     "sha256:"
			     "0123456789012345678901234567890123456789012345678901234567890123}\n",
	 "x=nginx@sha256:0123456789012345678901234567890123456789012345678901234567890123", NULL},
	{"a set is its list (behaviour.md 23)",
	 HEAD("CachedImageSet") "spec:\n  images:\n  - {image: a, tag: v1}\n  - {image: b/c}\n",
	 "x[0]=a:v1 x[1]=b/c:latest", NULL},
	{"what a set discovers is said to be missing",
	 HEAD("CachedImageSet") "spec: {discoveryPolicyRef: {name: d}, images: [{image: a}]}\n",
	 "x[0]=a:latest", "x: images of DiscoveryPolicy d are not included in the plan"},
	{"other kinds are passed over",
	 "kind: ConfigMap\n---\n" HEAD("CachedImage") "spec: {image: nginx}\n", "x=nginx:latest",
	 NULL},
	{"a policy in the file is not in the cluster",
	 HEAD("PullPolicy") "spec: {}\n---\n" HEAD("CachedImage") "spec: {image: nginx}\n",
	 "x=nginx:latest", "PullPolicies in the file are ignored"},
	{"unknown metadata and status are the API server's business",
	 "kind: CachedImage\nmetadata: {name: x, managedFields: []}\nspec: {image: nginx}\n",
	 "x=nginx:latest", NULL},
	{"nothing for us", "kind: ConfigMap\n", NULL, "no CachedImage or CachedImageSet"},
	{"empty", "", NULL, "no CachedImage or CachedImageSet"},
	{"no YAML", "a: [\n", NULL, "line "},
	{"no kind", "metadata: {name: x}\n", NULL, "line 1: no kind"},
	{"misspelt", HEAD("CachedImage") "spec:\n  image: nginx\n  tga: \"1\"\n", NULL,
	 "line 6: spec.tga: unknown key; did you mean tag?"},
	{"no image", HEAD("CachedImage") "spec:\n  image: \"\"\n", NULL, "line 5: spec.image: "},
	{"a number for a tag", HEAD("CachedImage") "spec:\n  image: nginx\n  tag: 1\n", NULL,
	 "line 6: spec.tag: "},
	{"tag and digest (behaviour.md 33)",
	 HEAD("CachedImage") "spec: {image: nginx, tag: \"1\", digest: "
			     "sha256:"
			     "0123456789012345678901234567890123456789012345678901234567890123}\n",
	 NULL, "keep one of them"},
	{"no reference", HEAD("CachedImage") "spec: {image: \"UPPER case\"}\n", NULL,
	 "is not an image reference"},
	{"a bad entry of a set", HEAD("CachedImageSet") "spec: {images: [{image: \":::\"}]}\n",
	 NULL, "is not an image reference"},
};

static void check_good(const struct row *row, const struct plan_file *f)
{
	struct buf got = {0}, notes = {0};
	struct arena a = ARENA_INIT;
	for (size_t i = 0; i < f->n; i++) {
		const struct cachedimage_spec *s = &f->images[i].spec;
		const struct api_owners *of = &f->images[i].meta.owners;
		bool entry = strchr(f->images[i].meta.name, '[') != NULL;
		assert_int_equal(of->n, entry);
		if (entry)
			assert_string_equal(of->at[0].name, "x");
		buf_addf(&got, "%s%s=%s", i > 0 ? " " : "", f->images[i].meta.name,
			 ref_make(&a, s->image, s->tag, s->digest));
	}
	for (size_t i = 0; i < f->notes.n; i++)
		buf_adds(&notes, f->notes.at[i]);
	assert_string_equal(got.data, row->images);
	if (row->error != NULL)
		assert_non_null(strstr(notes.data, row->error));
	else
		assert_int_equal(notes.len, 0);
	buf_done(&got);
	buf_done(&notes);
	arena_done(&a);
}

static void manifests(void **state)
{
	(void)state;
	FOREACH_ROW(struct row, rows)
	{
		struct plan_file f;
		struct err err = {0};
		int rc = plan_file_parse(row->text, strlen(row->text), &f, &err);
		if (row->images != NULL) {
			assert_int_equal(rc, 0);
			check_good(row, &f);
			plan_file_done(&f);
		} else {
			assert_int_equal(rc, -1);
			if (strstr(err.text, row->error) == NULL)
				fail_msg("\"%s\" lacks \"%s\"", err.text, row->error);
		}
	}
}

static void files(void **state)
{
	struct plan_file f;
	struct err err;
	(void)state;
	assert_int_equal(plan_file_read("no/such/file", &f, &err), -1);
	assert_string_equal(err.text, "no/such/file: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(manifests), cmocka_unit_test(files)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
