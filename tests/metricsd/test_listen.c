/* Addresses as Go writes them, and what is none. */
#include "tests/unit.h"

#include <string.h>

#include "metricsd/listen.h"

static void addresses(void **state)
{
	(void)state;
	static const struct {
		const char *text, *host; /* host NULL: not an address */
		bool on;
		int port;
	} rows[] = {
		{"0", "", false, 0},
		{":8443", "", true, 8443},
		{":0", "", true, 0},
		{"127.0.0.1:9090", "127.0.0.1", true, 9090},
		{"0.0.0.0:80", "0.0.0.0", true, 80},
		{"[::1]:80", "::1", true, 80},
		{"[::]:65535", "::", true, 65535},
		{"", NULL, false, 0},
		{"8443", NULL, false, 0},
		{":", NULL, false, 0},
		{":65536", NULL, false, 0},
		{":-1", NULL, false, 0},
		{":+1", NULL, false, 0},
		{":80x", NULL, false, 0},
		{"::1:80", NULL, false, 0},
		{"[::1]", NULL, false, 0},
		{"localhost:80", NULL, false, 0},
		{"1.2.3:80", NULL, false, 0},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct listen_address a;
		struct err err;
		int rc = listen_parse("option", rows[i].text, &a, &err);
		unit_say(rows[i].text);
		assert_int_equal(rc, rows[i].host != NULL ? 0 : -1);
		if (rc != 0) {
			assert_int_equal(err.cls, ERR_TERMINAL);
			assert_non_null(strstr(err.text, "--option"));
			continue;
		}
		assert_int_equal(a.on, rows[i].on);
		assert_string_equal(a.host, rows[i].host);
		assert_int_equal(a.port, rows[i].port);
	}
}

static void loopback(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool loopback;
	} rows[] = {
		{"127.0.0.1:80", true}, {"127.1.2.3:80", true}, {"[::1]:80", true},
		{":80", false},         {"0.0.0.0:80", false},  {"[::]:80", false},
		{"10.0.0.1:80", false}, {"[::2]:80", false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct listen_address a;
		struct err err;
		unit_say(rows[i].text);
		assert_int_equal(listen_parse("option", rows[i].text, &a, &err), 0);
		assert_int_equal(listen_is_loopback(&a), rows[i].loopback);
	}
}

static void local_names(void **state)
{
	(void)state;
	static const struct {
		const char *host;
		bool local;
	} rows[] = {
		{"localhost", true},
		{"LOCALHOST:8090", true},
		{"127.0.0.1:8090", true},
		{"127.0.0.1", true},
		{"[::1]:8090", true},
		{"[::1]", true},
		{"", false},
		{":80", false},
		{"localhost.example.com:80", false},
		{"example.com", false},
		{"127.0.0.1.example.com", false},
		{"10.0.0.1:80", false},
		{"[::2]:80", false},
		{"[", false},
		{"0000000000000000000000000000000000000000000000000000000000000000127.0.0.1",
		 false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unit_say(rows[i].host);
		assert_int_equal(listen_is_local_name(rows[i].host), rows[i].local);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(addresses), cmocka_unit_test(loopback),
					   cmocka_unit_test(local_names)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
