/* Children of sets (behaviour.md 23, 25): which are made, mended, deleted, and which never. */
#include "tests/reconciler/sets/sets_rig.h"

#include "reconciler/sets/names.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void begin(struct sets_rig *r, const char *images)
{
	rig_new(r);
	rig_set(r, images);
	rig_lead(r);
}

static void rule_23_one_child_an_image(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "docker.io/library/alpine:3.19 busybox:1.36");
	rig_turn(&r, 0);
	assert_int_equal(rig_count(&r, SET_CREATE), 2);
	const struct cachedimage *c = r.acts.writes[1].child;
	assert_string_equal(c->meta.name, "s-alpine-3.19");
	assert_string_equal(api_map_get(&c->meta.labels, "drop.corewire.io/imageset"), "s");
	assert_int_equal(c->meta.owners.n, 1);
	assert_string_equal(c->meta.owners.at[0].api_version, "drop.corewire.io/v1alpha1");
	assert_string_equal(c->meta.owners.at[0].kind, "CachedImageSet");
	assert_string_equal(c->meta.owners.at[0].name, "s");
	assert_string_equal(c->meta.owners.at[0].uid, "su");
	assert_true(c->meta.owners.at[0].controller && c->meta.owners.at[0].block_owner_deletion);
	assert_string_equal(c->spec.image, "docker.io/library/alpine");
	assert_string_equal(c->spec.tag, "3.19");
	assert_null(c->spec.digest);
	rig_done(&r);
}

static void rules_23_57_the_spec_is_propagated(void **state)
{
	static struct api_kv team = {"team", "a"}, note = {"n", "b"};
	static struct pod_metadata pods = {.labels = {&team, 1}, .annotations = {&note, 1}};
	static struct api_name_ref policy = {"p"}, secret = {"creds"};
	static struct api_kv label = {"pool", "build"};
	static struct api_toleration toleration = {"k", "Exists", NULL, "NoExecute", 60};
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	r.set.spec.policy_ref = &policy;
	r.set.spec.image_pull_policy = "IfNotPresent";
	r.set.spec.image_pull_secrets = (struct api_name_refs){&secret, 1};
	r.set.spec.node_selector = (struct api_map){&label, 1};
	r.set.spec.tolerations = (struct api_tolerations){&toleration, 1};
	r.set.spec.pod_metadata = &pods;
	rig_set(&r, "a/b:1");
	rig_lead(&r);
	rig_turn(&r, 0);
	const struct cachedimage_spec *spec = &rig_only(&r, SET_CREATE)->child->spec;
	assert_string_equal(spec->policy_ref->name, "p");
	assert_string_equal(spec->image_pull_policy, "IfNotPresent");
	assert_string_equal(spec->image_pull_secrets.at[0].name, "creds");
	assert_string_equal(api_map_get(&spec->node_selector, "pool"), "build");
	assert_string_equal(spec->tolerations.at[0].key, "k");
	assert_int_equal(spec->tolerations.at[0].seconds, 60);
	assert_string_equal(api_map_get(&spec->pod_metadata->labels, "team"), "a");
	assert_string_equal(api_map_get(&spec->pod_metadata->annotations, "n"), "b");
	assert_int_equal(spec->priority, 0);
	rig_done(&r);
}

static const struct list_row {
	const char *name, *images, *discovered, *want;
} lists[] = {
	{"two spellings are one", "nginx:1 docker.io/library/nginx:1", "", "s-nginx-1"},
	{"no tag is latest", "nginx nginx:latest", "", "s-nginx-latest"},
	{"a digest", "a/b@sha256:" HEX, "", "s-b-0123456789ab"},
	{"merged with what is discovered", "nginx:1", "redis:7 docker.io/library/nginx:1",
	 "s-nginx-1 s-redis-7"},
	{"tag and digest: the digest wins", "", "a/b:1@sha256:" HEX " a/b@sha256:" HEX,
	 "s-b-0123456789ab"},
	{"what is no reference is skipped", "", "sha256:" HEX " UP/x:1 :: a/b:1", "s-b-1"},
};

static void rule_23_lists(void **state)
{
	static struct api_name_ref ref = {"d"};
	(void)state;
	FOREACH_ROW(struct list_row, lists)
	{
		struct sets_rig r;
		rig_new(&r);
		r.set.spec.discovery_policy_ref = &ref;
		rig_discovery(&r, "d", "True", row->discovered);
		rig_set(&r, row->images);
		rig_lead(&r);
		rig_settle(&r);
		assert_string_equal(rig_names(&r), row->want);
		rig_done(&r);
	}
}

static void rule_23_the_name_is_taken(void **state)
{
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	rig_set(&r, "nginx:1");
	struct cachedimage *other = rig_image(&r, "s-nginx-1", NULL, "redis:7");
	rig_lead(&r);
	rig_turn(&r, 0);
	const char *name = rig_only(&r, SET_CREATE)->name;
	assert_int_equal(strlen(name), strlen("s-nginx-1-") + 8);
	assert_memory_equal(name, "s-nginx-1-", 10);
	rig_settle(&r);
	assert_int_equal(r.n_patches + r.n_deletes, 0);
	assert_non_null(rig_get(&r, other->meta.name));
	rig_done(&r);
}

static void rule_23_two_images_one_name(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "docker.io/a/app:1 quay.io/b/app:1");
	rig_turn(&r, 0);
	assert_int_equal(rig_count(&r, SET_CREATE), 2);
	assert_string_equal(r.acts.writes[1].name, "s-app-1");
	assert_string_not_equal(r.acts.writes[2].name, "s-app-1");
	rig_done(&r);
}

static void rule_23_taken_by_what_the_watch_has_not_shown(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "nginx:1");
	rig_turn(&r, 0);
	rig_do(&r, rig_only(&r, SET_STATUS));
	sets_answered(r.sets, SET_CREATE, "s-nginx-1", "su", SET_TAKEN, 0, NULL, r.now);
	rig_turn(&r, 0);
	const struct set_write *again = rig_only(&r, SET_CREATE);
	assert_string_not_equal(again->name, "s-nginx-1");
	/* That one too, and all others: later, and the status says so. */
	for (int i = 1; i < CHILD_NAMES_MAX; i++) {
		sets_answered(r.sets, SET_CREATE, rig_only(&r, SET_CREATE)->name, "su", SET_TAKEN,
			      0, NULL, r.now);
		rig_turn(&r, 0);
	}
	assert_int_equal(rig_count(&r, SET_CREATE), 0);
	rig_turn(&r, 4900);
	assert_int_equal(rig_count(&r, SET_CREATE), 0);
	assert_string_equal(
		rig_only(&r, SET_STATUS)->status->conditions.at[0].message,
		"0/1 images cached; cannot create a child: all names of its child are taken");
	rig_turn(&r, 200);
	assert_int_equal(rig_count(&r, SET_CREATE), 1);
	rig_done(&r);
}

static void rule_23_what_leaves_is_waited_for(void **state)
{
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	rig_set(&r, "nginx:1");
	/* Of a set of that name that is gone: the garbage collector will take it. */
	struct cachedimage *orphan = rig_image(&r, "s-nginx-1", "older", "nginx:1");
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(rig_count(&r, SET_CREATE), 0);
	assert_true(r.next_ms <= r.now.boot_ms + 1000);
	rig_remove(&r, orphan);
	rig_turn(&r, 1000);
	assert_string_equal(rig_only(&r, SET_CREATE)->name, "s-nginx-1");
	rig_done(&r);
}

static void rule_23_but_not_for_ever(void **state)
{
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	rig_set(&r, "nginx:1");
	rig_image(&r, "s-nginx-1", "older", "nginx:1");
	rig_lead(&r);
	for (int i = 0; i < 20; i++)
		rig_turn(&r, 500);
	rig_turn(&r, 500);
	assert_int_equal(rig_count(&r, SET_CREATE), 1);
	rig_done(&r);
}

static void rule_23_recognised_by_owner_and_reference(void **state)
{
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	rig_set(&r, "nginx:1 redis:7");
	/* Upstream's: another name and another spelling, but ours by uid and reference. */
	rig_image(&r, "whatever", "su", "docker.io/library/nginx:1");
	/* Not ours, though the name and the reference would fit. */
	rig_image(&r, "s-redis-7", NULL, "redis:7")->meta.labels.n = 0;
	rig_changed(&r, rig_get(&r, "s-redis-7"));
	rig_image(&r, "of-another", "other", "redis:7");
	rig_lead(&r);
	rig_settle(&r);
	assert_int_equal(r.n_creates, 1);
	assert_int_equal(r.n_patches + r.n_deletes, 0);
	assert_non_null(rig_get(&r, "whatever"));
	rig_done(&r);
}

static void rule_23_removed_from_the_list(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "nginx:1 redis:7");
	rig_settle(&r);
	const char *uid = rig_get(&r, "s-nginx-1")->meta.uid;
	rig_set(&r, "redis:7");
	rig_turn(&r, 0);
	assert_string_equal(rig_only(&r, SET_DELETE)->name, "s-nginx-1");
	assert_string_equal(rig_only(&r, SET_DELETE)->uid, uid);
	/* Lost: asked again. */
	sets_answered(r.sets, SET_DELETE, "s-nginx-1", uid, SET_FAILED, 0, NULL, r.now);
	rig_turn(&r, 100);
	assert_int_equal(rig_count(&r, SET_DELETE), 0);
	rig_turn(&r, 1000);
	rig_do(&r, rig_only(&r, SET_DELETE));
	rig_settle(&r);
	assert_string_equal(rig_names(&r), "s-redis-7");
	rig_done(&r);
}

static void rule_23_few_deletes_a_turn(void **state)
{
	const char *list = "";
	struct sets_rig r;
	(void)state;
	begin(&r, "");
	for (int i = 0; i < 30; i++)
		list = arena_printf(&r.keep, "%s x:%d", list, i);
	rig_set(&r, list);
	rig_settle(&r);
	assert_int_equal(r.n_creates, 30);
	rig_set(&r, "y:1");
	rig_turn(&r, 0);
	assert_int_equal(rig_count(&r, SET_DELETE), SET_DELETES_MAX);
	assert_int_equal(r.next_ms, r.now.boot_ms);
	rig_done(&r);
}

static void rule_23_drift_is_put_back(void **state)
{
	static struct api_kv selector = {"pool", "x"};
	static struct api_name_ref policy = {"other"};
	static struct pod_metadata pods = {.labels = {&selector, 1}};
	struct sets_rig r;
	(void)state;
	begin(&r, "nginx:1");
	rig_settle(&r);
	struct cachedimage *c = rig_get(&r, "s-nginx-1");
	c->spec.node_selector = (struct api_map){&selector, 1};
	c->spec.policy_ref = &policy;
	c->spec.pod_metadata = &pods;
	c->spec.priority = -5;
	c->meta.labels.n = 0;
	c->meta.generation++;
	rig_changed(&r, c);
	rig_turn(&r, 0);
	const struct set_write *w = rig_only(&r, SET_PATCH);
	assert_string_equal(w->uid, c->meta.uid);
	assert_int_equal(w->old->spec.node_selector.n, 1);
	assert_int_equal(w->child->spec.node_selector.n, 0);
	assert_null(w->child->spec.policy_ref);
	assert_null(w->child->spec.pod_metadata);
	assert_string_equal(api_map_get(&w->child->meta.labels, SET_LABEL), "s");
	/* What the set does not own is not in the difference. */
	assert_int_equal(w->old->spec.priority, w->child->spec.priority);
	assert_null(w->child->spec.image);
	rig_do(&r, w);
	rig_settle(&r);
	assert_int_equal(r.n_patches, 1);
	assert_int_equal(rig_get(&r, "s-nginx-1")->spec.priority, -5);
	rig_done(&r);
}

static void rule_23_another_reference_by_hand(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "nginx:1");
	rig_settle(&r);
	struct cachedimage *c = rig_get(&r, "s-nginx-1");
	c->spec.tag = "2";
	rig_changed(&r, c);
	rig_settle(&r);
	/* That child is for nothing on the list; the image gets its own again. */
	assert_int_equal(r.n_deletes, 1);
	assert_string_equal(rig_names(&r), "s-nginx-1");
	assert_string_equal(rig_get(&r, "s-nginx-1")->spec.tag, "1");
	rig_done(&r);
}

static void rule_23_a_quarrel_is_slow(void **state)
{
	struct sets_rig r;
	int patches = 0;
	(void)state;
	begin(&r, "nginx:1");
	rig_settle(&r);
	struct cachedimage *c = rig_get(&r, "s-nginx-1");
	for (int ms = 0; ms < 10 * 60 * 1000; ms += 500) {
		c = rig_get(&r, "s-nginx-1");
		c->spec.image_pull_policy = "Never";
		rig_changed(&r, c);
		rig_turn(&r, 500);
		for (size_t i = 0; i < r.acts.n_writes; i++) {
			patches += r.acts.writes[i].verb == SET_PATCH;
			rig_do(&r, &r.acts.writes[i]);
		}
	}
	assert_in_range(patches, 5, 12);
	rig_done(&r);
}

static void rule_23_a_changed_set_changes_its_children(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "nginx:1 redis:7");
	rig_settle(&r);
	r.set.spec.image_pull_policy = "IfNotPresent";
	rig_set_changed(&r);
	rig_settle(&r);
	assert_int_equal(r.n_patches, 2);
	assert_int_equal(r.n_creates, 2);
	assert_int_equal(r.n_deletes, 0);
	assert_string_equal(rig_get(&r, "s-redis-7")->spec.image_pull_policy, "IfNotPresent");
	rig_done(&r);
}

static void rule_23_deleted_by_hand(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "nginx:1");
	rig_settle(&r);
	struct cachedimage *c = rig_get(&r, "s-nginx-1");
	/* It waits for a finalizer: its name is not free yet. */
	c->meta.deleted = r.now.wall_s;
	rig_changed(&r, c);
	rig_turn(&r, 0);
	assert_int_equal(rig_count(&r, SET_CREATE) + rig_count(&r, SET_DELETE), 0);
	rig_remove(&r, c);
	rig_settle(&r);
	assert_string_equal(rig_names(&r), "s-nginx-1");
	assert_int_equal(r.n_creates, 2);
	rig_done(&r);
}

static void rule_23_a_lost_answer_makes_no_second(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "nginx:1");
	rig_turn(&r, 0);
	const struct set_write *w = rig_only(&r, SET_CREATE);
	/* Made, but nobody heard, and the watch is late. */
	rig_image(&r, "s-redis-7", NULL, "redis:7");
	sets_answered(r.sets, SET_CREATE, w->name, "su", SET_FAILED, 0, NULL, r.now);
	rig_turn(&r, 999);
	assert_int_equal(rig_count(&r, SET_CREATE), 0);
	rig_turn(&r, 1);
	assert_string_equal(rig_only(&r, SET_CREATE)->name, "s-nginx-1");
	sets_answered(r.sets, SET_CREATE, "s-nginx-1", "su", SET_DONE, 0, NULL, r.now);
	rig_turn(&r, 5000);
	assert_int_equal(rig_count(&r, SET_CREATE), 0);
	rig_done(&r);
}

static void rule_23_made_and_never_seen(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "nginx:1");
	rig_turn(&r, 0);
	sets_answered(r.sets, SET_CREATE, "s-nginx-1", "su", SET_DONE, 0, NULL, r.now);
	rig_turn(&r, 9999);
	assert_int_equal(rig_count(&r, SET_CREATE), 0);
	rig_turn(&r, 1);
	assert_string_equal(rig_only(&r, SET_CREATE)->name, "s-nginx-1");
	rig_done(&r);
}

static void rule_23_off_the_list_while_asked(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "nginx:1");
	rig_turn(&r, 0);
	const struct set_write *w = rig_only(&r, SET_CREATE);
	struct set_write kept = *w;
	kept.child = w->child;
	rig_set(&r, "redis:7");
	rig_do(&r, &kept);
	rig_settle(&r);
	assert_string_equal(rig_names(&r), "s-redis-7");
	rig_done(&r);
}

static void rule_23_one_of_two_for_one_image(void **state)
{
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	rig_set(&r, "nginx:1");
	rig_image(&r, "older", "su", "nginx:1");
	r.now.wall_s += 5;
	rig_image(&r, "a-newer", "su", "docker.io/library/nginx:1");
	rig_lead(&r);
	rig_settle(&r);
	assert_string_equal(rig_names(&r), "older");
	rig_done(&r);
}

static void rule_23_refused(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "nginx:1");
	rig_turn(&r, 0);
	for (size_t i = 0; i < r.acts.n_writes; i++)
		if (r.acts.writes[i].verb == SET_STATUS)
			rig_do(&r, &r.acts.writes[i]);
	sets_answered(r.sets, SET_CREATE, "s-nginx-1", "su", SET_REFUSED, 0, "quota exceeded",
		      r.now);
	rig_turn(&r, 4999);
	assert_int_equal(rig_count(&r, SET_CREATE), 0);
	rig_do(&r, rig_only(&r, SET_STATUS));
	assert_string_equal(rig_ready(&r)->message,
			    "0/1 images cached; cannot create a child: quota exceeded");
	rig_turn(&r, 1);
	rig_do(&r, rig_only(&r, SET_CREATE));
	rig_settle(&r);
	assert_string_equal(rig_ready(&r)->message, "0/1 images cached");
	rig_done(&r);
}

static void rule_25_nothing_once_it_is_being_deleted(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "nginx:1 redis:7");
	rig_settle(&r);
	r.set.meta.deleted = r.now.wall_s;
	r.set.meta.generation++;
	rig_set(&r, "nginx:1 busybox:1");
	/* Neither drift nor a missing child is any more the set's business. */
	struct cachedimage *c = rig_get(&r, "s-redis-7");
	c->spec.image_pull_policy = "Never";
	rig_changed(&r, c);
	rig_remove(&r, rig_get(&r, "s-nginx-1"));
	for (int i = 0; i < 20; i++) {
		rig_turn(&r, 1000);
		assert_int_equal(r.acts.n_writes, 0);
	}
	rig_done(&r);
}

static void rule_25_another_set_of_that_name(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "nginx:1");
	rig_settle(&r);
	struct cachedimage *old = rig_get(&r, "s-nginx-1");
	sets_gone(r.sets, KIND_CACHEDIMAGESET, "s", r.now);
	r.set = (struct cachedimageset){.meta = {.name = "s", .uid = "su2"}};
	rig_set(&r, "nginx:1");
	rig_turn(&r, 0);
	/* The old one is the collector's: neither adopted nor deleted by us. */
	assert_int_equal(rig_count(&r, SET_DELETE) + rig_count(&r, SET_PATCH), 0);
	rig_remove(&r, old);
	rig_settle(&r);
	assert_string_equal(rig_get(&r, "s-nginx-1")->meta.owners.at[0].uid, "su2");
	rig_done(&r);
}

static void rule_32_nothing_without_the_lead(void **state)
{
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	rig_set(&r, "nginx:1");
	rig_image(&r, "x", "su", "redis:7");
	rig_turn(&r, 60000);
	assert_int_equal(r.acts.n_writes, 0);
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_writes, 3);
	/* Lost and won again: what was asked for is asked for again. */
	sets_lead(r.sets, false);
	rig_turn(&r, 60000);
	assert_int_equal(r.acts.n_writes, 0);
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_writes, 3);
	rig_done(&r);
}

static void a_full_read_sweeps(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "nginx:1");
	rig_settle(&r);
	sets_mark(r.sets);
	rig_set_changed(&r);
	sets_sweep(r.sets, r.now);
	r.images[0] = NULL; /* it was not in the read */
	rig_settle(&r);
	assert_int_equal(r.n_creates, 2);
	sets_mark(r.sets);
	sets_sweep(r.sets, r.now);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_writes, 0);
	rig_done(&r);
}

static void a_restart_finds_all_right(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "nginx:1 redis:7");
	rig_settle(&r);
	rig_restart(&r);
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_writes, 0);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_23_one_child_an_image),
		cmocka_unit_test(rules_23_57_the_spec_is_propagated),
		cmocka_unit_test(rule_23_lists),
		cmocka_unit_test(rule_23_the_name_is_taken),
		cmocka_unit_test(rule_23_two_images_one_name),
		cmocka_unit_test(rule_23_taken_by_what_the_watch_has_not_shown),
		cmocka_unit_test(rule_23_what_leaves_is_waited_for),
		cmocka_unit_test(rule_23_but_not_for_ever),
		cmocka_unit_test(rule_23_recognised_by_owner_and_reference),
		cmocka_unit_test(rule_23_removed_from_the_list),
		cmocka_unit_test(rule_23_few_deletes_a_turn),
		cmocka_unit_test(rule_23_drift_is_put_back),
		cmocka_unit_test(rule_23_another_reference_by_hand),
		cmocka_unit_test(rule_23_a_quarrel_is_slow),
		cmocka_unit_test(rule_23_a_changed_set_changes_its_children),
		cmocka_unit_test(rule_23_deleted_by_hand),
		cmocka_unit_test(rule_23_a_lost_answer_makes_no_second),
		cmocka_unit_test(rule_23_made_and_never_seen),
		cmocka_unit_test(rule_23_off_the_list_while_asked),
		cmocka_unit_test(rule_23_one_of_two_for_one_image),
		cmocka_unit_test(rule_23_refused),
		cmocka_unit_test(rule_25_nothing_once_it_is_being_deleted),
		cmocka_unit_test(rule_25_another_set_of_that_name),
		cmocka_unit_test(rule_32_nothing_without_the_lead),
		cmocka_unit_test(a_full_read_sweeps),
		cmocka_unit_test(a_restart_finds_all_right),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
