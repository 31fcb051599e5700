/*
 * Entries of sets that were stored before the CRD refused a tag in `image` (behaviour.md 23, 33):
 * the CRD refuses such a child as well, so the child gets fields that mean the same.
 */
#include "tests/reconciler/sets/sets_rig.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct stored_row {
	const char *name;
	struct image_entry stored, want; /* of the set's list; of the child that is created */
} stored[] = {
	{"no tag stays no tag", {"a/b", NULL, NULL}, {"a/b", NULL, NULL}},
	{"a port is no tag", {"r.example:5000/b", "1", NULL}, {"r.example:5000/b", "1", NULL}},
	{"a tag beside a digest",
	 {"r.example:5000/b:1", NULL, "sha256:" HEX},
	 {"r.example:5000/b", NULL, "sha256:" HEX}},
	{"no reference stays as it is", {"a/b:1", NULL, NULL}, {"a/b:1", NULL, NULL}},
	{"nor is a tag twice", {"a/b:1", "2", NULL}, {"a/b:1", "2", NULL}},
};

/* Of sets that were stored before the CRD refused a tag in `image`, and would refuse such a child.
 */
static void rules_23_33_stored_entries(void **state)
{
	(void)state;
	FOREACH_ROW(struct stored_row, stored)
	{
		struct sets_rig r;
		struct image_entry one = row->stored;
		rig_new(&r);
		r.set.spec.images = (struct image_entries){&one, 1};
		rig_set_changed(&r);
		rig_lead(&r);
		rig_turn(&r, 0);
		const struct set_write *create = rig_only(&r, SET_CREATE);
		const struct cachedimage_spec *spec = &create->child->spec;
		assert_string_equal(spec->image, row->want.image);
		assert_string_equal(spec->tag != NULL ? spec->tag : "",
				    row->want.tag != NULL ? row->want.tag : "");
		assert_string_equal(spec->digest != NULL ? spec->digest : "",
				    row->want.digest != NULL ? row->want.digest : "");
		/* The child is recognized as that of the entry: nothing more is wanted. */
		rig_do(&r, create);
		rig_settle(&r);
		assert_int_equal(r.n_creates, 1);
		assert_int_equal(r.n_patches + r.n_deletes, 0);
		rig_done(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_23_33_stored_entries),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
