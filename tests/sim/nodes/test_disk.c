/* Images on a disk: shared layers, what is listed (behaviour.md 18), what is collected. */
#include "tests/unit.h"

#include <string.h>

#include "sim/nodes/disk.h"

#define MIB  (1024 * 1024)
#define DAYS 1800000000

static struct sim_layer ab[] = {{"a", 10}, {"b", 20}};
static struct sim_layer ac[] = {{"a", 10}, {"c", 30}};
static struct sim_image images[] = {
	{.ref = "x/ab:1", .layers = {ab, 2}}, {.ref = "x/ac:1", .layers = {ac, 2}},
	{.ref = "x/s10:1", .size_mib = 10},   {.ref = "x/s20:1", .size_mib = 20},
	{.ref = "x/s40:1", .size_mib = 40},
};

struct rig {
	struct registries *r;
	struct disk d;
};

static int setup(void **state)
{
	static struct rig rig;
	const struct sim_scenario s = {.any_image = true, .images = {images, ROWS(images)}};
	rig.r = registries_new(&s);
	disk_init(&rig.d, 100 * MIB);
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;
	disk_done(&rig->d);
	registries_free(rig->r);
	return 0;
}

static struct sim_manifest of(struct rig *rig, const char *ref)
{
	struct sim_manifest m;
	assert_int_equal(registries_find(rig->r, ref, &m), 0);
	return m;
}

static bool add(struct rig *rig, const char *ref, int64_t now_s)
{
	struct sim_manifest m = of(rig, ref);
	return disk_add(&rig->d, &m, false, now_s);
}

static bool has(struct rig *rig, const char *ref)
{
	struct sim_manifest m = of(rig, ref);
	return disk_find_manifest(&rig->d, &m) != NULL;
}

static void layers_are_shared(void **state)
{
	struct rig *rig = *state;
	struct sim_manifest m = of(rig, "x/ac:1");
	assert_int_equal(disk_missing(&rig->d, m.content), 40 * MIB);
	assert_true(add(rig, "x/ab:1", DAYS));
	assert_int_equal(disk_missing(&rig->d, m.content), 30 * MIB);
	assert_true(add(rig, "x/ac:1", DAYS));
	assert_int_equal(rig->d.used, 60 * MIB); /* not 70 */
	assert_true(disk_evict(&rig->d, of(rig, "x/ab:1").tag_name));
	assert_int_equal(rig->d.used, 40 * MIB);
	assert_false(has(rig, "x/ab:1"));
	assert_true(has(rig, "x/ac:1"));
	assert_false(disk_evict(&rig->d, of(rig, "x/ab:1").tag_name));
}

static void a_tag_moves(void **state)
{
	struct rig *rig = *state;
	struct err err;
	struct buf out = {0};
	assert_true(add(rig, "x/s10:1", DAYS));
	const char *old = of(rig, "x/s10:1").digest_name;
	struct sim_step s = {.what = "image-set", .image = "x/s10:1", .size_mib = 30};
	assert_int_equal(registries_step(rig->r, &s, &err), 0);
	/* IfNotPresent finds what the tag meant when it was pulled. */
	assert_int_equal(
		disk_find_manifest(&rig->d,
				   &(struct sim_manifest){.tag_name = of(rig, "x/s10:1").tag_name})
			->size,
		10 * MIB);
	assert_true(add(rig, "x/s10:1", DAYS));
	disk_write(&rig->d, -1, &out);
	/* The old content stays, with its digest only. */
	assert_non_null(strstr(out.data, old));
	assert_int_equal(rig->d.n_images, 2);
	assert_int_equal(rig->d.n_names, 3);
	buf_done(&out);
}

static void what_is_listed(void **state)
{
	struct rig *rig = *state;
	struct buf out = {0};
	rig->d.capacity = 0;
	assert_true(add(rig, "x/s10:1", DAYS));
	assert_true(add(rig, "x/s40:1", DAYS));
	assert_true(add(rig, "x/s20:1", DAYS));
	disk_write(&rig->d, 2, &out); /* the two largest, largest first */
	const char *large = strstr(out.data, "x/s40:1"), *next = strstr(out.data, "x/s20:1");
	assert_non_null(large);
	assert_non_null(next);
	assert_true(large < next);
	assert_null(strstr(out.data, "x/s10:1"));
	const char *digest = strstr(out.data, "x/s40@sha256:");
	assert_non_null(digest);
	assert_true(digest < large); /* digests before tags */
	assert_non_null(strstr(out.data, "\"sizeBytes\":41943040"));
	buf_done(&out);
}

static void five_names_an_image(void **state)
{
	struct rig *rig = *state;
	struct buf out = {0};
	struct sim_manifest m = of(rig, "x/ab:1");
	static const char *const digests[] = {"a@d", "b@d", "c@d"};
	static const char *const tags[] = {"a:1", "a:2", "b:1", "c:1"};
	for (size_t i = 0; i < ROWS(tags); i++) {
		m.digest_name = digests[i < 3 ? i : 2];
		m.tag_name = tags[i];
		assert_true(disk_add(&rig->d, &m, false, DAYS));
	}
	disk_write(&rig->d, 50, &out);
	assert_string_equal(out.data, "[{\"names\":[\"a@d\",\"b@d\",\"c@d\",\"a:1\",\"a:2\"],"
				      "\"sizeBytes\":31457280}]");
	buf_done(&out);
}

static void what_is_collected(void **state)
{
	struct rig *rig = *state;
	assert_true(add(rig, "x/s40:1", DAYS));
	assert_true(add(rig, "x/s20:1", DAYS + 1));
	assert_true(add(rig, "x/s10:1", DAYS + 2));
	assert_int_equal(disk_collect(&rig->d, DAYS + 1000), 0); /* 70 % */
	rig->d.capacity = rig->d.used * 100 / 86;                /* 86 % */
	disk_use(&rig->d, of(rig, "x/s40:1").content, true, DAYS + 4);
	assert_int_equal(disk_collect(&rig->d, DAYS + 60), 0); /* too young, all of them */
	assert_true(disk_is_high(&rig->d));
	assert_int_equal(disk_collect(&rig->d, DAYS + 1000), 1);
	assert_true(has(rig, "x/s40:1"));  /* in use */
	assert_false(has(rig, "x/s20:1")); /* the oldest of the rest */
	assert_true(has(rig, "x/s10:1"));  /* 80 % were reached before */
	assert_false(disk_is_high(&rig->d));
}

static void a_full_disk(void **state)
{
	struct rig *rig = *state;
	rig->d.capacity = 45 * MIB;
	assert_true(add(rig, "x/s40:1", DAYS));
	assert_false(add(rig, "x/s10:1", DAYS));
	assert_int_equal(rig->d.used, 40 * MIB);
	assert_int_equal(rig->d.n_images, 1);
	assert_int_equal(rig->d.n_names, 2);
}

static void the_pause_image_stays(void **state)
{
	struct rig *rig = *state;
	struct sim_manifest pause = registries_pause(rig->r);
	rig->d.capacity = pause.content->size + 40 * MIB;
	assert_true(disk_add(&rig->d, &pause, true, DAYS));
	assert_true(add(rig, "x/s40:1", DAYS));
	assert_int_equal(disk_collect(&rig->d, DAYS + 1000), 1);
	assert_non_null(disk_find_manifest(&rig->d, &pause));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(layers_are_shared),     CASE(a_tag_moves),       CASE(what_is_listed),
		CASE(five_names_an_image),   CASE(what_is_collected), CASE(a_full_disk),
		CASE(the_pause_image_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
