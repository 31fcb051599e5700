/* How many bytes a pull moves, by what nodes list (behaviour 40). */
#include "tests/reconciler/core/rig.h"

#include "reconciler/core/platforms.h"
#include "reconciler/core/sizes.h"

#define MB 1000000

enum { AMD, AMD_TOO, ARM, CRIO, NODES };

static struct node_slot nodes[NODES] = {
	[AMD] = {.platform = "linux/amd64"},
	[AMD_TOO] = {.platform = "linux/amd64"},
	[ARM] = {.platform = "linux/arm64"},
	[CRIO] = {.platform = "linux/amd64", .lists_unpacked = true},
};
static struct core core = {.nodes = nodes, .n_slots = NODES, .cap = NODES};

struct said { /* a node lists the image with this size */
	int on;
	int64_t bytes;
};

/* Sizes are kept in 16 bits, rounded down by less than 0.1 %. */
static bool about(uint64_t bytes, int64_t is)
{
	return bytes <= (uint64_t)is && bytes * 1001 >= (uint64_t)is * 1000;
}

/* Of several variants that run there the one that suits best counts, in whatever order. */
static void rule_40_bytes_of_the_platform(void **state)
{
	(void)state;
	for (int turned = 0; turned < 2; turned++) {
		struct image_platform list[] = {{"linux/amd64", 100}, {"linux/386", 50}};
		if (turned) {
			list[0] = (struct image_platform){"linux/386", 50};
			list[1] = (struct image_platform){"linux/amd64", 100};
		}
		const struct image img = {.check.platforms = {list, 2}};
		assert_int_equal(platform_bytes(&img, "linux/amd64"), 100);
		assert_int_equal(platform_bytes(&img, "linux/arm64"), 0);
	}
}

static void rule_40_bytes_that_nodes_list(void **state)
{
	static const struct row {
		const char *label;
		struct said said[4]; /* ends with 0 bytes */
		int64_t is[NODES];   /* 0: not known */
	} rows[] = {
		{"nobody lists it", {{0}}, {0, 0, 0, 0}},
		{"one node tells it for all",
		 {{AMD, 100 * MB}},
		 {100 * MB, 100 * MB, 100 * MB, 100 * MB}},
		{"each platform its own",
		 {{AMD, 100 * MB}, {ARM, 90 * MB}},
		 {100 * MB, 100 * MB, 90 * MB, 100 * MB}},
		{"the largest counts",
		 {{AMD, 100 * MB}, {AMD_TOO, 120 * MB}, {AMD, 110 * MB}},
		 {120 * MB, 120 * MB, 120 * MB, 120 * MB}},
		{"what is on the disk, if nothing else",
		 {{CRIO, 400 * MB}},
		 {400 * MB, 400 * MB, 400 * MB, 400 * MB}},
		{"compressed is believed before it",
		 {{CRIO, 400 * MB}, {AMD, 100 * MB}},
		 {100 * MB, 100 * MB, 100 * MB, 100 * MB}},
		{"in any order",
		 {{AMD, 100 * MB}, {CRIO, 400 * MB}},
		 {100 * MB, 100 * MB, 100 * MB, 100 * MB}},
		{"and also of another platform",
		 {{CRIO, 400 * MB}, {ARM, 90 * MB}},
		 {90 * MB, 90 * MB, 90 * MB, 90 * MB}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct image img = {0};
		uint64_t bytes;
		for (const struct said *s = rows[i].said; s->bytes != 0; s++)
			size_listed(&core, &img, s->on, presence_size_of(s->bytes));
		for (int slot = 0; slot < NODES; slot++) {
			bool known = image_bytes(&core, &img, slot, &bytes);
			if (known != (rows[i].is[slot] != 0) ||
			    (known && !about(bytes, rows[i].is[slot])))
				fail_msg("%s: node %d", rows[i].label, slot);
		}
		sizes_forget(&img);
		assert_false(image_bytes_anywhere(&img, &bytes));
	}
}

/* Of another digest nothing is known; that is for platforms.c to see to. */
static void rule_40_what_the_registry_told_comes_first(void **state)
{
	struct image_platform told[] = {{"linux/amd64", 70 * MB}, {"linux/arm64", 0}};
	struct image img = {.check.platforms = {told, 2}};
	uint64_t bytes;
	(void)state;
	size_listed(&core, &img, AMD, presence_size_of(100 * MB));
	assert_true(image_bytes(&core, &img, AMD_TOO, &bytes));
	assert_int_equal(bytes, 70 * MB);
	/* Its bytes were not told: then those of another platform. */
	assert_true(image_bytes(&core, &img, ARM, &bytes));
	assert_int_equal(bytes, 70 * MB);
	size_listed(&core, &img, ARM, presence_size_of(90 * MB));
	assert_true(image_bytes(&core, &img, ARM, &bytes) && about(bytes, 90 * MB));
	told[1].bytes = INT64_MAX;
	assert_true(image_bytes(&core, &img, ARM, &bytes));
	assert_int_equal(bytes, SIZE_LARGEST);
	sizes_forget(&img);
}

static void rule_40_the_mean_of_the_known(void **state)
{
	struct image a = {0}, b = {0}, unknown = {0};
	struct image *queue[] = {&a, &unknown, &b};
	struct core c = {.nodes = nodes, .n_slots = NODES, .queue = queue, .n_queue = 3};
	(void)state;
	assert_int_equal(size_mean(&c), SIZE_ASSUMED);
	size_listed(&c, &a, AMD, presence_size_of(100 * MB));
	/* Nobody has said so: it is not looked at again. */
	assert_int_equal(size_mean(&c), SIZE_ASSUMED);
	sizes_changed(&c);
	assert_true(about(size_mean(&c), 100 * MB));
	size_listed(&c, &b, ARM, presence_size_of(300 * MB));
	sizes_changed(&c);
	assert_true(about(size_mean(&c), 200 * MB));
	/* A node that lies makes no sum overflow. */
	size_listed(&c, &b, AMD, presence_size_of(INT64_MAX));
	sizes_changed(&c);
	assert_true(size_mean(&c) < SIZE_LARGEST);
	sizes_forget(&a);
	sizes_forget(&b);
}

static void rule_40_more_platforms_than_are_kept(void **state)
{
	static char names[SIZES_MAX + 1][16];
	struct node_slot many[SIZES_MAX + 1] = {0};
	struct core c = {.nodes = many, .n_slots = SIZES_MAX + 1};
	struct image img = {0};
	uint64_t bytes;
	(void)state;
	for (int i = 0; i <= SIZES_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "linux/%d", i);
		many[i].platform = names[i];
		size_listed(&c, &img, i, presence_size_of((i + 1) * MB));
	}
	assert_int_equal(img.n_listed_sizes, SIZES_MAX);
	assert_true(image_bytes(&c, &img, SIZES_MAX, &bytes) && about(bytes, SIZES_MAX * MB));
	assert_true(image_bytes(&c, &img, 0, &bytes) && about(bytes, MB));
	sizes_forget(&img);
}

static void rule_40_runtimes(void **state)
{
	(void)state;
	assert_true(size_is_unpacked("cri-o://1.34.0"));
	assert_true(size_is_unpacked("docker://27.0.1"));
	assert_false(size_is_unpacked("containerd://1.7.20"));
	assert_false(size_is_unpacked(""));
	assert_false(size_is_unpacked(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_40_bytes_of_the_platform),
		cmocka_unit_test(rule_40_bytes_that_nodes_list),
		cmocka_unit_test(rule_40_what_the_registry_told_comes_first),
		cmocka_unit_test(rule_40_the_mean_of_the_known),
		cmocka_unit_test(rule_40_more_platforms_than_are_kept),
		cmocka_unit_test(rule_40_runtimes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
