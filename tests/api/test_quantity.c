/*
 * api/quantity.c: values of quantities, and what is none.
 */
#include "tests/unit.h"

#include "api/quantity.h"

struct value_row {
	const char *name, *text;
	long double value;
};

static const struct value_row values[] = {
	{"zero", "0", 0},
	{"a number", "12", 12},
	{"a plus sign", "+12", 12},
	{"a fraction", "0.5", 0.5L},
	{"nothing before the point", ".5", 0.5L},
	{"nothing behind the point", "5.", 5},
	{"thousandths", "250m", 0.25L},
	{"a fraction of thousandths", "1.5k", 1500},
	{"mebibytes", "64Mi", 67108864},
	{"exbibytes", "1Ei", 1152921504606846976.0L},
	{"exa, not an exponent", "2E", 2e18L},
	{"an exponent", "1e3", 1000},
	{"a large E", "1E3", 1000},
	{"a negative exponent", "2500e-3", 2.5L},
	{"an empty text", "", -1},
	{"negative", "-1", -1},
	{"two points", "1.2.3", -1},
	{"only a point", ".", -1},
	{"only a suffix", "Mi", -1},
	{"an unknown suffix", "1Q", -1},
	{"lower case", "1mi", -1},
	{"a space", "1 Mi", -1},
	{"an exponent without digits", "1e+", -1},
	{"something behind the exponent", "1e3k", -1},
};

static void a_table_of_quantities(void **state)
{
	(void)state;
	FOREACH_ROW(struct value_row, values)
	{
		long double value = quantity_value(row->text);
		if (value < row->value - 1e-9L || value > row->value + 1e-9L)
			fail_msg("%s: %s is %Lf", row->name, row->text, value);
	}
}

struct bytes_row {
	const char *name, *text;
	uint64_t bytes;
	const char *shown;
};

static const struct bytes_row sizes[] = {
	{"none", NULL, 0, "0 B"},
	{"no quantity", "fast", 0, "0 B"},
	{"zero", "0", 0, "0 B"},
	{"bytes", "999", 999, "999 B"},
	{"a fraction of a byte", "1.9", 1, "1 B"},
	{"kilobytes", "1k", 1000, "1.0 kB"},
	{"just under a megabyte", "999999", 999999, "999 kB"},
	{"megabytes", "5.3M", 5300000, "5.3 MB"},
	{"tens of megabytes", "50Mi", 52428800, "52 MB"},
	{"gigabytes", "1.25G", 1250000000, "1.2 GB"},
	{"more than there is", "900E", QUANTITY_BYTES_MAX, "1152 PB"},
};

static void bytes_of_quantities(void **state)
{
	char shown[QUANTITY_TEXT_MAX];
	(void)state;
	FOREACH_ROW(struct bytes_row, sizes)
	{
		if (quantity_bytes(row->text) != row->bytes)
			fail_msg("%s", row->name);
		quantity_format(shown, row->bytes);
		assert_string_equal(shown, row->shown);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_table_of_quantities),
					   cmocka_unit_test(bytes_of_quantities)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
