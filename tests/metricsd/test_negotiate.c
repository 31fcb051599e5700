/* Which form a client gets, by its headers; Prometheus' own are among them. */
#include "tests/unit.h"

#include "metricsd/negotiate.h"

static void forms(void **state)
{
	(void)state;
	static const struct {
		const char *accept;
		enum expose_form want;
	} rows[] = {
		{NULL, EXPOSE_TEXT},
		{"", EXPOSE_TEXT},
		{"*/*", EXPOSE_TEXT},
		{"text/html,application/xhtml+xml,*/*;q=0.8", EXPOSE_TEXT},
		/* Prometheus 2.42 and 3 */
		{"application/openmetrics-text;version=1.0.0,application/"
		 "openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		 EXPOSE_OPENMETRICS},
		{"application/"
		 "openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/"
		 "openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,text/"
		 "plain;version=0.0.4;q=0.3,*/*;q=0.2",
		 EXPOSE_OPENMETRICS},
		{"text/plain;version=0.0.4;q=0.5,application/openmetrics-text; version=1.0.0",
		 EXPOSE_OPENMETRICS},
		{"application/openmetrics-text", EXPOSE_OPENMETRICS},
		{"Application/OpenMetrics-Text;Version=1.0.0", EXPOSE_OPENMETRICS},
		{"application/openmetrics-text;version=2.0.0", EXPOSE_TEXT},
		{"application/openmetrics-text;q=0", EXPOSE_TEXT},
		{"application/openmetrics-text;q=0.2,text/plain;q=0.3", EXPOSE_TEXT},
		{"application/openmetrics-text;q=0.5,text/*;q=0.5", EXPOSE_TEXT},
		{"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily",
		 EXPOSE_TEXT},
		{";;;,,,q=1,=", EXPOSE_TEXT},
		{"application/openmetrics-text;q=", EXPOSE_TEXT},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unit_say(rows[i].accept != NULL ? rows[i].accept : "(none)");
		assert_int_equal(negotiate_form(rows[i].accept), rows[i].want);
	}
}

static void compression(void **state)
{
	(void)state;
	static const struct {
		const char *accept;
		bool want;
	} rows[] = {
		{NULL, false},        {"", false},
		{"gzip", true},       {"deflate, gzip;q=0.5", true},
		{"gzip;q=0", false},  {"*", true},
		{"identity", false},  {"gzip;q=0, *", false},
		{"x-gzip", true},     {"gzipped", false},
		{"GZIP;q=1.0", true},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(negotiate_gzip(rows[i].accept), rows[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(forms), cmocka_unit_test(compression)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
