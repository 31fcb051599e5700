/* Which images share a pod, what a pod says it carries, and its name (behaviour 42, 44). */
#include "tests/unit.h"

#include <string.h>

#include "reconciler/rules/batch.h"
#include "reconciler/rules/carried.h"
#include "reconciler/rules/outcome.h"
#include "reconciler/rules/podname.h"

#define MB UINT64_C(1000000)

static struct api_name_ref one_ref[] = {{"one"}}, two_refs[] = {{"one"}, {"two"}};
static const struct api_name_refs none = {NULL, 0}, one = {one_ref, 1}, two = {two_refs, 2};
static struct api_kv team[] = {{"team", "a"}}, other_team[] = {{"team", "b"}};
static const struct pod_metadata plain = {{NULL, 0}, {NULL, 0}};
static const struct pod_metadata labelled = {{team, 1}, {NULL, 0}};
static const struct pod_metadata labelled_b = {{other_team, 1}, {NULL, 0}};
static const struct pod_metadata annotated = {{NULL, 0}, {team, 1}};

struct item { /* as all others, but for what it says */
	bool there;
	const char *host;
	const struct api_name_refs *secrets;
	const struct pod_metadata *metadata;
	bool never_pulled, failed, unsized;
	uint64_t bytes;
};

static struct batch_item item_of(const struct item *i)
{
	return (struct batch_item){
		.host = i->host != NULL ? i->host : "docker.io",
		.secrets = i->secrets != NULL ? i->secrets : &none,
		.metadata = i->metadata != NULL ? i->metadata : &plain,
		.proven = !i->never_pulled,
		.first_try = !i->failed,
		.sized = !i->unsized,
		.bytes = i->bytes != 0 ? i->bytes : 10 * MB,
	};
}

#define ITEM(...)                                                                                  \
	{                                                                                          \
		true, __VA_ARGS__                                                                  \
	}

struct row {
	const char *name;
	size_t max;
	struct item items[5]; /* ends with one that is not there */
	const char *want;     /* 'x': goes with the first, '.': it does not */
	uint64_t max_bytes;
};

static const struct row rows[] = {
	{"all of one kind", 20, {ITEM(), ITEM(), ITEM(), ITEM()}, "xxxx"},
	{"maxImagesPerPod: 1", 1, {ITEM(), ITEM()}, "x."},
	{"no more than allowed", 2, {ITEM(), ITEM(), ITEM()}, "xx."},
	{"never pulled before, the first", 20, {ITEM(.never_pulled = true), ITEM()}, "x."},
	{"never pulled before, another", 20, {ITEM(), ITEM(.never_pulled = true), ITEM()}, "x.x"},
	{"size unknown, the first", 20, {ITEM(.unsized = true), ITEM()}, "x."},
	{"size unknown, another", 20, {ITEM(), ITEM(.unsized = true), ITEM()}, "x.x"},
	{"failed there before, the first", 20, {ITEM(.failed = true), ITEM()}, "x."},
	{"failed there before, another", 20, {ITEM(), ITEM(.failed = true), ITEM()}, "x.x"},
	{"another registry", 20, {ITEM(), ITEM(.host = "ghcr.io"), ITEM()}, "x.x"},
	{"other secrets", 20, {ITEM(), ITEM(.secrets = &one), ITEM()}, "x.x"},
	{"the same secrets", 20, {ITEM(.secrets = &two), ITEM(.secrets = &two)}, "xx"},
	{"one secret more", 20, {ITEM(.secrets = &one), ITEM(.secrets = &two)}, "x."},
	{"other podMetadata", 20, {ITEM(), ITEM(.metadata = &labelled), ITEM()}, "x.x"},
	{"other annotations", 20, {ITEM(), ITEM(.metadata = &annotated), ITEM()}, "x.x"},
	{"another value of the label",
	 20,
	 {ITEM(.metadata = &labelled), ITEM(.metadata = &labelled_b), ITEM(.metadata = &labelled)},
	 "x.x"},
	{"no podMetadata beside one that has it",
	 20,
	 {ITEM(.metadata = &labelled), ITEM(), ITEM(.metadata = &labelled)},
	 "x.x"},
	{"1 GiB together",
	 20,
	 {ITEM(.bytes = 600 * MB), ITEM(.bytes = 500 * MB), ITEM(.bytes = 400 * MB)},
	 "x.x"},
	{"a large one goes alone", 20, {ITEM(.bytes = 1500 * MB), ITEM(.bytes = 1)}, "x."},
	{"a large one joins nobody", 20, {ITEM(), ITEM(.bytes = 1500 * MB), ITEM()}, "x.x"},
	{"exactly 1 GiB", 20, {ITEM(.bytes = 1), ITEM(.bytes = BATCH_BYTES_MAX - 1)}, "xx"},
	{"a byte more", 20, {ITEM(.bytes = 2), ITEM(.bytes = BATCH_BYTES_MAX - 1)}, "x."},
	{"all of them count",
	 20,
	 {ITEM(.bytes = 400 * MB), ITEM(.bytes = 400 * MB), ITEM(.bytes = 400 * MB)},
	 "xx."},
	{"40: no more than the largest image", 20, {ITEM(), ITEM(), ITEM()}, "xx.", 25 * MB},
	{"40: exactly as much", 20, {ITEM(), ITEM(), ITEM()}, "xx.", 20 * MB},
	{"40: the largest goes alone", 20, {ITEM(.bytes = 25 * MB), ITEM()}, "x.", 25 * MB},
	{"40: 1 GiB at most",
	 20,
	 {ITEM(.bytes = 600 * MB), ITEM(.bytes = 600 * MB), ITEM(.bytes = 400 * MB)},
	 "x.x",
	 2 * BATCH_BYTES_MAX},
};

static void rule_42_what_goes_together(void **state)
{
	(void)state;
	FOREACH_ROW(struct row, rows)
	{
		struct batch b = {.max = row->max, .max_bytes = row->max_bytes};
		char got[8] = "";
		for (size_t i = 0; row->items[i].there; i++) {
			struct batch_item item = item_of(&row->items[i]);
			got[i] = batch_add(&b, &item) ? 'x' : '.';
		}
		if (strcmp(got, row->want) != 0)
			fail_msg("%s: %s, not %s", row->name, got, row->want);
		assert_true(b.n <= row->max && (b.n == 1 || b.bytes <= BATCH_BYTES_MAX));
	}
}

static void rule_44_names(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct podname_batch b = podname_batch("node"), other = podname_batch("node");
	podname_batch_add(&b, "u1", "a:1", "0");
	podname_batch_add(&b, "u2", "b:1", "0");
	podname_batch_add(&other, "u1", "a:1", "0");
	podname_batch_add(&other, "u2", "b:1", "1");
	const char *name = podname_batch_name(&a, &b), *label = podname_batch_label(&a, &b);
	/* The hash is the same in each life and each version. */
	assert_string_equal(name, "pull-batch-ed4e20d25bcb3c1b");
	assert_int_equal(strlen(label), strlen(PULLPOD_BATCH_LABEL) + 16);
	assert_string_equal(label + strlen(PULLPOD_BATCH_LABEL), name + strlen("pull-batch-"));
	assert_string_not_equal(name, podname_batch_name(&a, &other));
	arena_done(&a);
}

static void rule_44_what_a_pod_carries(void **state)
{
	(void)state;
	struct carried c[PULLPOD_IMAGES_MAX];
	struct api_kv notes[] = {
		{"drop.corewire.io/pull-0.cachedimage", "i"},
		{"drop.corewire.io/pull-0.cachedimage-uid", "iu"},
		{"drop.corewire.io/pull-0.reference", "i:1"},
		{"drop.corewire.io/pull-0.attempt", "0"},
		{"drop.corewire.io/pull-7.cachedimage", "k"},
		{"drop.corewire.io/pull-7.cachedimage-uid", "ku"},
		{"drop.corewire.io/pull-7.reference", "k:1"},
		{"drop.corewire.io/pull-7.attempt", "r1700000000"},
		{"drop.corewire.io/pull-8.cachedimage", "no attempt"},
		{"drop.corewire.io/pull-20.cachedimage", "beyond"},
		{"drop.corewire.io/pull-20.attempt", "0"},
	};
	struct pod pod = {.meta.annotations = {notes, sizeof(notes) / sizeof(notes[0])}};
	assert_int_equal(carried_by(&pod, c), 2);
	assert_int_equal(c[0].place, 0);
	assert_string_equal(c[0].reference, "i:1");
	assert_int_equal(c[1].place, 7);
	assert_string_equal(c[1].image_uid, "ku");
	assert_int_equal(c[1].repull_s, 1700000000);
	/* A pod of one image. */
	struct api_kv single[] = {{PULLPOD_NOTE_IMAGE, "i"},
				  {PULLPOD_NOTE_IMAGE_UID, "iu"},
				  {PULLPOD_NOTE_REFERENCE, "i:1"},
				  {PULLPOD_NOTE_ATTEMPT, "2"}};
	struct pod plain_pod = {.meta.annotations = {single, 4}};
	assert_int_equal(carried_by(&plain_pod, c), 1);
	assert_true(c[0].noted);
	assert_int_equal(c[0].place, PULLPOD_ONLY);
	assert_int_equal(c[0].attempt, 2);
	assert_string_equal(c[0].image, "i");
	assert_string_equal(c[0].reference, "i:1");
	/* Without annotations a batch looks like a pod of upstream of an image that nobody has. */
	struct pod_container two_of[] = {{"pull-0", "i:1"}, {"pull-1", "k:1"}};
	struct api_kv labels[] = {{PULLPOD_LABEL_IMAGE, "batch.0123456789abcdef"}};
	struct pod bare = {.meta.labels = {labels, 1}, .containers = {two_of, 2}};
	assert_int_equal(carried_by(&bare, c), 1);
	assert_false(c[0].noted);
	assert_string_equal(c[0].image, "batch.0123456789abcdef");
	assert_null(c[0].reference);
}

/* 5, 6. Whose annotations are not whole is known by its label and image, as the watcher keeps it. */
static void rule_5_the_image_is_the_annotation(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct carried c[PULLPOD_IMAGES_MAX];
	struct api_kv labels[] = {{PULLPOD_LABEL_IMAGE, "i"}};
	struct api_kv notes[] = {{PULLPOD_NOTE_IMAGE, "i"}, {PULLPOD_NOTE_REFERENCE, "i:1"}};
	struct pod_container pulls = {"pull", "i:1"};
	struct pod pod = {.meta = {.labels = {labels, 1}, .annotations = {notes, 2}},
			  .containers = {&pulls, 1}};
	pod_trim(&pod, &a);
	assert_int_equal(carried_by(&pod, c), 1);
	assert_false(c[0].noted);
	assert_string_equal(c[0].image, "i");
	assert_string_equal(c[0].reference, "i:1");
	/* The image of a mirror counts, and not the annotation. */
	pulls.image = "m/i:1";
	pod_trim(&pod, &a);
	assert_int_equal(carried_by(&pod, c), 1);
	assert_string_equal(c[0].reference, "m/i:1");
	pod.containers.n = 0;
	assert_int_equal(carried_by(&pod, c), 1);
	assert_null(c[0].reference);
	arena_done(&a);
}

/* Each container tells of its own image; one status for all. */
static void rule_43_by_the_name_of_the_container(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct container_waiting missing = {"ErrImagePull", "x: not found"};
	struct container_terminated end = {.exit_code = 128, .reason = "StartError"};
	struct container_status cs[] = {{.name = "pull-1", .waiting = &missing},
					{.name = "sidecar", .image_id = "x"},
					{.name = "pull-0", .image_id = "x", .terminated = &end},
					{.name = "pull-10", .image_id = "x"}};
	struct pod_container containers[] = {{"pull-0", "a:1"}, {"pull-1", "other:9"}};
	struct pod pod = {.phase = "Pending",
			  .start_time = 1,
			  .containers = {containers, 2},
			  .container_statuses = {cs, 4}};
	static const struct {
		int place;
		enum outcome_kind kind;
	} wants[] = {{0, OUTCOME_PULLED},
		     {1, OUTCOME_FAILED},
		     {2, OUTCOME_RUNNING},
		     {10, OUTCOME_PULLED}};
	for (size_t i = 0; i < ROWS(wants); i++) {
		struct outcome_memory m = {0};
		struct outcome o = outcome_of(&pod, wants[i].place, &m, "h", "linux/amd64", 1, &a);
		assert_int_equal(o.kind, wants[i].kind);
		/* It waited for the containers before it: what it took is not known. */
		assert_true(o.kind != OUTCOME_PULLED || o.took_s == -1);
	}
	struct outcome o;
	assert_false(outcome_mutated(&pod, 0, "a:1", &a, &o));
	assert_true(outcome_mutated(&pod, 1, "b:1", &a, &o));
	arena_done(&a);
}

static void rule_43_time_of_a_pod(void **state)
{
	(void)state;
	enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };
	static const struct {
		int64_t timeout_ms;
		size_t n;
		int64_t want_ms;
	} times[] = {
		{30 * MINUTE, 1, 30 * MINUTE}, {2 * MINUTE, 20, 40 * MINUTE},
		{30 * MINUTE, 4, 2 * HOUR},    {30 * MINUTE, 20, 2 * HOUR},
		{30 * MINUTE, 2, HOUR},        {2 * HOUR, 2, 2 * HOUR},
		{3 * HOUR, 20, 3 * HOUR},      {3 * HOUR, 1, 3 * HOUR},
		{INT64_MAX, 20, INT64_MAX},
	};
	for (size_t i = 0; i < ROWS(times); i++)
		assert_int_equal(batch_timeout_ms(times[i].timeout_ms, times[i].n),
				 times[i].want_ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_42_what_goes_together),
		cmocka_unit_test(rule_43_by_the_name_of_the_container),
		cmocka_unit_test(rule_43_time_of_a_pod),
		cmocka_unit_test(rule_44_names),
		cmocka_unit_test(rule_44_what_a_pod_carries),
		cmocka_unit_test(rule_5_the_image_is_the_annotation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
