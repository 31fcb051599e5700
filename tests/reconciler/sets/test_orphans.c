/* CachedImages with a set's label and without a controller (behaviour.md 58). */
#include "tests/reconciler/sets/sets_rig.h"

#include "api/tables.h"

static struct cachedimage *orphan(struct sets_rig *r, const char *name, const char *reference,
				  int64_t created)
{
	struct cachedimage *ci = rig_image(r, name, NULL, reference);
	ci->meta.created = created;
	rig_changed(r, ci);
	return ci;
}

static const char *children_message(const struct sets_rig *r)
{
	const struct api_condition *c = api_condition_find(&r->set.status.conditions, "Children");
	if (c == NULL)
		return NULL;
	assert_string_equal(c->status, "False");
	assert_string_equal(c->reason, "Ambiguous");
	return c->message;
}

/* As `kubectl delete --cascade=orphan` leaves them, the set being made again. */
static void rule_58_adopted_instead_of_made_again(void **state)
{
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	orphan(&r, "s-nginx-1", "nginx:1", RIG_WALL_S);
	orphan(&r, "by-another-name", "docker.io/library/redis:7", RIG_WALL_S);
	rig_set(&r, "nginx:1 redis:7 busybox:1");
	rig_lead(&r);
	rig_settle(&r);
	assert_int_equal(r.n_adopts, 2);
	assert_int_equal(r.n_creates, 1);
	assert_int_equal(r.n_deletes, 0);
	assert_string_equal(rig_names(&r), "by-another-name s-busybox-1 s-nginx-1");
	const struct api_owner *owner = &rig_get(&r, "s-nginx-1")->meta.owners.at[0];
	assert_true(owner->controller);
	assert_string_equal(owner->uid, "su");
	assert_null(children_message(&r));
	rig_done(&r);
}

static void rule_58_of_copies_the_oldest(void **state)
{
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	orphan(&r, "a-younger", "nginx:1", RIG_WALL_S);
	orphan(&r, "z-older", "nginx:1", RIG_WALL_S - 100);
	orphan(&r, "not-wanted", "redis:7", RIG_WALL_S);
	rig_set(&r, "nginx:1");
	rig_lead(&r);
	rig_settle(&r);
	assert_int_equal(r.n_adopts, 1);
	assert_int_equal(r.n_creates + r.n_deletes, 0);
	assert_int_equal(rig_get(&r, "z-older")->meta.owners.n, 1);
	assert_int_equal(rig_get(&r, "a-younger")->meta.owners.n, 0);
	const char *message = children_message(&r);
	assert_non_null(message);
	assert_non_null(strstr(message, "2 CachedImages"));
	assert_non_null(strstr(message, "(a-younger, not-wanted)"));
	/* Removed by somebody: nothing is ambiguous any more. */
	rig_remove(&r, rig_get(&r, "a-younger"));
	rig_remove(&r, rig_get(&r, "not-wanted"));
	rig_settle(&r);
	assert_null(children_message(&r));
	rig_done(&r);
}

/* Of the same age, by name, in whatever order they came. One that is being deleted is none. */
static void rule_58_of_one_age_by_name(void **state)
{
	(void)state;
	for (int turned = 0; turned < 2; turned++) {
		struct sets_rig r;
		rig_new(&r);
		struct cachedimage *dying = orphan(&r, "0-dying", "nginx:1", RIG_WALL_S - 500);
		dying->meta.deleted = RIG_WALL_S;
		rig_changed(&r, dying);
		orphan(&r, turned ? "b" : "a", "nginx:1", RIG_WALL_S);
		orphan(&r, turned ? "a" : "b", "nginx:1", RIG_WALL_S);
		rig_set(&r, "nginx:1");
		rig_lead(&r);
		rig_settle(&r);
		assert_int_equal(rig_get(&r, "a")->meta.owners.n, 1);
		assert_int_equal(rig_get(&r, "b")->meta.owners.n, 0);
		assert_int_equal(rig_get(&r, "0-dying")->meta.owners.n, 0);
		assert_non_null(strstr(children_message(&r), "(b)"));
		rig_done(&r);
	}
}

/* Beside a child of the set an orphan is left alone; when the child goes it takes its place. */
static void rule_58_beside_a_child(void **state)
{
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	rig_set(&r, "nginx:1");
	rig_lead(&r);
	rig_settle(&r);
	orphan(&r, "restored", "nginx:1", RIG_WALL_S - 100);
	rig_settle(&r);
	assert_int_equal(r.n_adopts, 0);
	assert_non_null(strstr(children_message(&r), "(restored)"));
	/* A create of the child's name may still come to light for a while. */
	r.now.boot_ms += 20000;
	rig_settle(&r);
	rig_remove(&r, rig_get(&r, "s-nginx-1"));
	rig_settle(&r);
	assert_int_equal(r.n_adopts, 1);
	assert_string_equal(rig_names(&r), "restored");
	assert_null(children_message(&r));
	rig_done(&r);
}

/* Another controller's, another label, none: not ours, and never touched. */
static void rules_23_58_not_ours(void **state)
{
	static struct api_owner deployment = {.api_version = "apps/v1",
					      .kind = "Deployment",
					      .name = "d",
					      .uid = "du",
					      .controller = true};
	static struct api_kv other = {SET_LABEL, "t"};
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	struct cachedimage *controlled = orphan(&r, "controlled", "nginx:1", RIG_WALL_S);
	controlled->meta.owners = (struct api_owners){&deployment, 1};
	rig_changed(&r, controlled);
	struct cachedimage *labelled = orphan(&r, "of-t", "nginx:1", RIG_WALL_S);
	labelled->meta.labels = (struct api_map){&other, 1};
	rig_changed(&r, labelled);
	orphan(&r, "bare", "nginx:1", RIG_WALL_S)->meta.labels.n = 0;
	rig_changed(&r, rig_get(&r, "bare"));
	rig_set(&r, "nginx:1");
	rig_lead(&r);
	rig_settle(&r);
	assert_int_equal(r.n_adopts + r.n_deletes + r.n_patches, 0);
	assert_int_equal(r.n_creates, 1);
	assert_null(children_message(&r));
	rig_done(&r);
}

/* Another owner that is no controller stays. */
static void rule_58_other_owners_stay(void **state)
{
	static struct api_owner app = {
		.api_version = "apps/v1", .kind = "Deployment", .name = "d", .uid = "du"};
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	struct cachedimage *ci = orphan(&r, "owned", "nginx:1", RIG_WALL_S);
	ci->meta.owners = (struct api_owners){&app, 1};
	rig_changed(&r, ci);
	rig_set(&r, "nginx:1");
	rig_lead(&r);
	rig_turn(&r, 0);
	const struct set_write *w = rig_only(&r, SET_ADOPT);
	assert_true(w->has_owners);
	assert_int_equal(w->child->meta.owners.n, 1);
	rig_done(&r);
}

/* It changed, or the API server refuses: looked at anew, with back-off, and nothing is made. */
static void rule_58_an_adoption_that_fails(void **state)
{
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	struct cachedimage *ci = orphan(&r, "s-nginx-1", "nginx:1", RIG_WALL_S);
	rig_set(&r, "nginx:1");
	rig_lead(&r);
	rig_turn(&r, 0);
	sets_answered(r.sets, SET_ADOPT, ci->meta.name, ci->meta.uid, SET_GONE, 0, NULL, r.now);
	rig_turn(&r, 100);
	assert_int_equal(rig_count(&r, SET_ADOPT) + rig_count(&r, SET_CREATE), 0);
	rig_turn(&r, 1000);
	assert_int_equal(rig_count(&r, SET_ADOPT), 1);
	sets_answered(r.sets, SET_ADOPT, ci->meta.name, ci->meta.uid, SET_REFUSED, 0, "no right",
		      r.now);
	rig_turn(&r, 1000);
	assert_int_equal(rig_count(&r, SET_ADOPT) + rig_count(&r, SET_CREATE), 0);
	rig_settle(&r);
	r.now.boot_ms += 10000;
	rig_settle(&r);
	assert_int_equal(r.n_creates, 0);
	assert_int_equal(rig_get(&r, "s-nginx-1")->meta.owners.n, 1);
	rig_done(&r);
}

/* The watch shows the adopted object before the answer comes: a later loss makes a new child. */
static void rule_58_seen_before_the_answer(void **state)
{
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	struct cachedimage *ci = orphan(&r, "s-nginx-1", "nginx:1", RIG_WALL_S);
	rig_set(&r, "nginx:1");
	rig_lead(&r);
	rig_turn(&r, 0);
	const struct set_write *w = rig_only(&r, SET_ADOPT);
	ci->meta.owners = ((struct cachedimage *)desc_clone(&cachedimage_desc, w->child, &r.keep))
				  ->meta.owners;
	rig_changed(&r, ci);
	sets_answered(r.sets, SET_ADOPT, w->name, w->uid, SET_DONE, ++r.rv, NULL, r.now);
	rig_remove(&r, ci);
	r.now.boot_ms += 20000;
	rig_settle(&r);
	assert_int_equal(r.n_creates, 1);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_58_adopted_instead_of_made_again),
		cmocka_unit_test(rule_58_of_copies_the_oldest),
		cmocka_unit_test(rule_58_of_one_age_by_name),
		cmocka_unit_test(rule_58_beside_a_child),
		cmocka_unit_test(rules_23_58_not_ours),
		cmocka_unit_test(rule_58_other_owners_stay),
		cmocka_unit_test(rule_58_an_adoption_that_fails),
		cmocka_unit_test(rule_58_seen_before_the_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
