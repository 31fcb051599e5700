/* What Prometheus, registries and token servers answer (behaviour.md 27, 28), and what does not
 * count as that. */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#include "discoverer/list_answer.h"
#include "discoverer/registry/token_answer.h"
#include "discoverer/prom_answer.h"
#include "discoverer/prom_hint.h"
#include "discoverer/score.h"

#define VECTOR(elements)                                                                           \
	"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[" elements "]}}"
#define MATRIX(elements)                                                                           \
	"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[" elements "]}}"
#define ONE(image, value)                                                                          \
	"{\"metric\":{\"image\":\"" image "\",\"pod\":\"p\"},\"value\":[17.5,\"" value "\"]}"
#define MANY(image, values) "{\"metric\":{\"image\":\"" image "\"},\"values\":[" values "]}"

/* "image=score image=score", "error: TYPE TEXT", or NULL: refused. */
static char *prometheus(const char *text, bool sum)
{
	struct prom_answer *p = calloc(1, sizeof(*p));
	struct results results = {.sum = sum};
	struct buf out = {0};
	struct err err = {0};
	size_t len = strlen(text), half = len / 2;
	p->results = &results;
	buf_adds(&out, "");
	bool ok = prom_answer_feed(p, text, half, &err) == 0 &&
		  prom_answer_feed(p, text + half, len - half, &err) == 0 &&
		  prom_answer_end(p, &err) == 0;
	if (ok && prom_answer_failed(p))
		buf_addf(&out, "error: %s %s", p->error_type, p->error);
	for (size_t i = 0; ok && i < results.n; i++)
		buf_addf(&out, "%s%s=%lld", i > 0 ? " " : "", results.at[i].image,
			 (long long)score_integer(results.at[i].score));
	if (ok && results.counts[DROP_unusable] > 0)
		buf_addf(&out, " unusable=%zu", results.counts[DROP_unusable]);
	results_done(&results);
	free(p);
	if (!ok)
		buf_done(&out);
	return ok ? out.data : NULL;
}

static const struct prom_row {
	const char *text;
	bool sum;
	const char *want;
} prom_rows[] = {
	{VECTOR(""), false, ""},
	{VECTOR(ONE("a:1", "5") "," ONE("b:1", "7.9")), false, "a:1=5 b:1=7"},
	/* Rule 26: the same image, the highest score. */
	{VECTOR(ONE("a:1", "5") "," ONE("a:1", "7") "," ONE("a:1", "6")), false, "a:1=7"},
	/* Rule 27: only series with a non-empty image label. */
	{VECTOR("{\"metric\":{\"x\":\"y\"},\"value\":[1,\"2\"]}," ONE("", "3")), false, ""},
	{VECTOR(ONE("a:1", "NaN") "," ONE("b:1", "+Inf") "," ONE("c:1", "-Inf")), false,
	 "a:1=0 b:1=9007199254740992 c:1=-9007199254740992"},
	{VECTOR(ONE("a:1", "1e300") "," ONE("b:1", "-1e300")), false,
	 "a:1=9007199254740992 b:1=-9007199254740992"},
	{VECTOR(ONE("a b", "1") "," ONE("a\\u0000b", "1") "," ONE("c:1", "1")), false,
	 "c:1=1 unusable=2"},
	/* Range: the sum of all points, of all series of the image. */
	{MATRIX(MANY("a:1", "[1,\"2\"],[2,\"3\"]")), true, "a:1=5"},
	{MATRIX(MANY("a:1", "[1,\"2\"]") "," MANY("a:1", "[1,\"3\"]")), true, "a:1=5"},
	{MATRIX(MANY("a:1", "[1,\"NaN\"],[2,\"3\"]") "," MANY("b:1", "")), true, "a:1=3"},
	{MATRIX(MANY("a:1", "[1,\"1e300\"],[2,\"-5\"],[3,\"1e300\"]")), true,
	 "a:1=9007199254740992"},
	/* Members in another order. */
	{"{\"data\":{\"result\":[{\"value\":[1,\"4\"],\"metric\":{\"image\":\"a:1\"}}],"
	 "\"resultType\":\"vector\"},\"status\":\"success\",\"warnings\":[\"w\"]}",
	 false, "a:1=4"},
	/* Go's empty list. */
	{"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":null}}", false,
	 ""},
	{"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":0}}", false, NULL},
	{"{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"parse error\"}", false,
	 "error: bad_data parse error"},
	/* What is no answer. */
	{"{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1,\"2\"]}}",
	 false, NULL},
	{"{\"status\":\"success\",\"data\":{\"resultType\":\"string\",\"result\":[1,\"2\"]}}",
	 false, NULL},
	{"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\"}}", false, NULL},
	{"{\"status\":\"success\",\"data\":{\"result\":[]}}", false, NULL},
	{"{\"status\":\"success\"}", false, NULL},
	{"{\"status\":\"success\",\"data\":\"x\"}", false, NULL},
	{"{\"status\":\"maybe\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}", false, NULL},
	{"[]", false, NULL},
	{"\"x\"", false, NULL},
	{"<html>", false, NULL},
	{VECTOR("1"), false, NULL},
	{VECTOR("\"x\""), false, NULL},
	{VECTOR("[1]"), false, NULL},
	{VECTOR("{\"metric\":{\"image\":\"a\"},\"value\":[1,2]}"), false, NULL},
	{VECTOR(ONE("a:1", "0x10")), false, NULL},
	{VECTOR(ONE("a:1", "")), false, NULL},
	{VECTOR(ONE("a:1", " 1")), false, NULL},
	{VECTOR(MANY("a:1", "[1,\"2\"]")), false, NULL},
	{MATRIX(ONE("a:1", "2")), true, NULL},
	{VECTOR("") "x", false, NULL},
};

static void rule_27_prometheus(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(prom_rows) / sizeof(prom_rows[0]); i++) {
		unit_say(prom_rows[i].text);
		char *got = prometheus(prom_rows[i].text, prom_rows[i].sum);
		if (prom_rows[i].want == NULL)
			assert_null(got);
		else
			assert_string_equal(got, prom_rows[i].want);
		free(got);
	}
}

#define HEAD           "{\"status\":\"success\","
#define DATA(elements) "\"data\":{\"resultType\":\"vector\",\"result\":[" elements "]}}"
#define HISTOGRAM(image)                                                                           \
	"{\"metric\":{\"image\":\"" image "\"},\"histogram\":[1,{\"count\":\"5\",\"sum\":\"7\"}]}"
#define PARTIAL "No StoreAPIs matched for this query"

static const struct lack_row {
	const char *name, *text, *lacks, *empty;
} lack_rows[] = {
	{"VictoriaMetrics", HEAD "\"isPartial\":true," DATA(ONE("a:1", "5")),
	 "the server marked the answer as incomplete (isPartial)", NULL},
	{"isPartial last",
	 "{\"data\":{\"resultType\":\"vector\",\"result\":[]},"
	 "\"status\":\"success\",\"isPartial\":true}",
	 "the server marked the answer as incomplete (isPartial)", NULL},
	{"VictoriaMetrics, all there", HEAD "\"isPartial\":false," DATA(ONE("a:1", "5")), "", NULL},
	{"Thanos", HEAD "\"warnings\":[\"" PARTIAL "\"]," DATA(ONE("a:1", "5")),
	 "the server marked the answer as incomplete: " PARTIAL, NULL},
	{"a remark is no gap",
	 HEAD "\"warnings\":[\"PromQL warning: metric might not be a "
	      "counter\"]," DATA(ONE("a:1", "5")),
	 "", NULL},
	{"a remark before a gap",
	 HEAD "\"warnings\":[\"PromQL info: x\",\"" PARTIAL "\",\"y\"],"
	      "\"infos\":[\"PromQL info: z\"]," DATA(ONE("a:1", "5")),
	 "the server marked the answer as incomplete: " PARTIAL, NULL},
	{"native histograms", HEAD DATA(HISTOGRAM("a:1") "," HISTOGRAM("b:1")),
	 "2 of 2 series are native histograms, which have no score: use "
	 "histogram_count(...) or histogram_sum(...)",
	 NULL},
	{"some histograms", HEAD DATA(ONE("a:1", "5") "," HISTOGRAM("b:1")),
	 "1 of 2 series are native histograms, which have no score: use "
	 "histogram_count(...) or histogram_sum(...)",
	 NULL},
	{"histograms without an image are none of ours",
	 HEAD DATA(ONE("a:1", "5") ",{\"metric\":{},\"histogram\":[1,{}]}"), "", NULL},
	{"nothing", HEAD DATA(""), "", "the query returned no series"},
	{"no label image",
	 HEAD DATA("{\"metric\":{\"pod\":\"p\",\"container_image\":\"a:1\"},\"value\":[1,"
		   "\"2\"]},{\"metric\":{\"job\":\"j\"},\"value\":[1,\"2\"]}"),
	 "",
	 "none of 2 series has a label image; the first has pod, container_image; the query "
	 "must keep it, as in sum by (image) (...)"},
	{"no label at all", HEAD DATA("{\"metric\":{},\"value\":[1,\"2\"]}"), "",
	 "none of 1 series has a label image; the query must keep it, as in sum by "
	 "(image) (...)"},
	{"no value", HEAD DATA("{\"metric\":{\"image\":\"a:1\"}}"), "",
	 "no series with a label image has a value"},
};

/* Rule 27: what an answer lacks (else nothing), and why it is empty. */
static void rule_27_incomplete(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lack_rows) / sizeof(lack_rows[0]); i++) {
		struct prom_answer *p = calloc(1, sizeof(*p));
		struct results results = {0};
		struct err err = {0};
		char text[ERR_TEXT_MAX];
		p->results = &results;
		unit_say(lack_rows[i].name);
		assert_int_equal(
			prom_answer_feed(p, lack_rows[i].text, strlen(lack_rows[i].text), &err), 0);
		assert_int_equal(prom_answer_end(p, &err), 0);
		prom_answer_lacks(p, text);
		assert_string_equal(text, lack_rows[i].lacks);
		if (lack_rows[i].empty != NULL) {
			prom_answer_empty(p, text);
			assert_string_equal(text, lack_rows[i].empty);
		}
		results_done(&results);
		free(p);
	}
}

static int feed(struct prom_answer *p, const char *text, size_t times, struct err *err)
{
	int rc = 0;
	for (size_t i = 0; i < times && rc == 0; i++)
		rc = prom_answer_feed(p, text, strlen(text), err);
	return rc;
}

/* The work is bounded and not the bytes: samples pay for theirs, all else has 16 MiB. */
static void rule_27_bounds(void **state)
{
	(void)state;
	static const char begin[] = HEAD "\"data\":{\"resultType\":\"matrix\",\"result\":["
					 "{\"metric\":{\"image\":\"a:1\"},\"values\":[[1,\"1\"]";
	static const char sample[] = ",[1700000000.123,\"0.12345678901234567\"]";
	struct prom_answer *p = calloc(1, sizeof(*p));
	struct results results = {.sum = true};
	struct err err = {0};
	p->results = &results;
	assert_int_equal(feed(p, begin, 1, &err), 0);
	assert_int_equal(feed(p, sample, 1000000, &err), 0); /* 40 MB */
	p->samples = PROM_SAMPLES_MAX - 1000;
	assert_int_equal(feed(p, sample, 1000, &err), 0);
	assert_int_equal(feed(p, sample, 1, &err), -1);
	assert_non_null(strstr(err.text, "more than 25000000 samples: raise step"));
	memset(p, 0, sizeof(*p));
	assert_int_equal(feed(p, begin, 1, &err), 0);
	assert_int_equal(feed(p, "                ", PROM_BYTES_MAX / 16 - 1000, &err), 0);
	assert_int_equal(feed(p, "                ", 2000, &err), -1);
	assert_non_null(strstr(err.text, "more than 16 MiB besides its samples"));
	results_done(&results);
	free(p);
}

static void rule_30_hints(void **state)
{
	(void)state;
	static const struct {
		const char *endpoint, *step;
		int64_t lookback;
		int code;
		bool html;
		const char *words, *want;
	} all[] = {
		{"http://p:9090", NULL, 0, 503, false, "down", ""},
		{"http://p:9090/api/v1", NULL, 0, 404, false, "404 page not found",
		 "leave /api/v1 out of endpoint; it is appended automatically"},
		{"http://p:9090/api/v1/query/?x=1", NULL, 0, 404, false, "",
		 "leave /api/v1 out of endpoint; it is appended automatically"},
		{"http://p:9090/graph", NULL, 0, 200, true, "",
		 "leave /api/v1 out of endpoint; it is appended automatically"},
		{"http://p/api/v1/proxy", NULL, 0, 404, false, "no such proxy",
		 "is endpoint all of the URL before /api/v1/query, as in http://mimir/prometheus?"},
		{"http://p/api/v1", NULL, 0, 401, false, "", ""},
		{"http://mimir", NULL, 0, 404, false, "",
		 "is endpoint all of the URL before /api/v1/query, as in http://mimir/prometheus?"},
		{"http://p", NULL, 0, 200, true, "",
		 "check whether endpoint is the server itself or a login page in front of it"},
		{"http://p", "30", 604800000, 400, false,
		 "exceeded maximum resolution of 11,000 points per timeseries.",
		 "raise step or shorten lookback: lookback over a step of 30 is 20161 points a "
		 "series"},
		{"http://p", NULL, 604800000, 422, false,
		 "query processing would load too many samples into memory",
		 "raise step or shorten lookback: lookback over a step of 5m is 2017 points a "
		 "series"},
		{"http://p", "1s", 86400000, 422, false,
		 "too many points for the given step=1000; cannot exceed "
		 "-search.maxPointsPerTimeseries=30000",
		 "raise step or shorten lookback: lookback over a step of 1s is 86401 points a "
		 "series"},
		{"http://p", NULL, 604800000, 400, false, "parse error", ""},
		{"http://p", NULL, 0, 400, false, "exceeded maximum resolution of points", ""},
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		char out[PROM_HINT_MAX];
		const struct prometheus_source spec = {.endpoint = all[i].endpoint,
						       .query = "up",
						       .lookback = all[i].lookback,
						       .step = all[i].step};
		unit_say(all[i].endpoint);
		prom_hint(out, &spec,
			  &(struct prom_refusal){all[i].code, all[i].html, all[i].words});
		assert_string_equal(out, all[i].want);
	}
}

static void note_tag(void *ctx, const char *tag)
{
	buf_addf(ctx, "%s ", tag);
}

static void rule_28_tags(void **state)
{
	(void)state;
	static const struct {
		const char *text, *want;
		size_t unusable;
	} all[] = {
		{"{\"name\":\"a\",\"tags\":[\"v1\",\"v2\"]}", "v1 v2 ", 0},
		{"{\"name\":\"a\",\"tags\":null}", "", 0},
		{"{\"tags\":[]}", "", 0},
		{"{\"tags\":[\"a b\",\"\",\"v\\u0000\",\"\\u00e9\",\"ok\"],\"x\":[1]}", "ok ", 4},
		{"{\"name\":\"a\"}", NULL, 0},
		{"{\"tags\":{}}", NULL, 0},
		{"{\"tags\":\"v1\"}", NULL, 0},
		{"{\"tags\":[1]}", NULL, 0},
		{"{\"tags\":[[\"v1\"]]}", NULL, 0},
		{"[\"v1\"]", NULL, 0},
		{"{\"tags\":[\"v1\"", NULL, 0},
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct buf out = {0};
		struct err err;
		struct tags_answer *t = calloc(1, sizeof(*t));
		unit_say(all[i].text);
		buf_adds(&out, "");
		t->tag = note_tag;
		t->ctx = &out;
		bool ok = tags_answer_feed(t, all[i].text, strlen(all[i].text), &err) == 0 &&
			  tags_answer_end(t, &err) == 0;
		assert_int_equal(ok, all[i].want != NULL);
		if (ok) {
			assert_string_equal(out.data, all[i].want);
			assert_int_equal(t->unusable, all[i].unusable);
		}
		free(t);
		buf_done(&out);
	}
}

static void rule_28_tokens(void **state)
{
	(void)state;
	static const struct {
		const char *text, *want;
		int64_t expires_s;
	} all[] = {
		{"{\"token\":\"T\",\"expires_in\":300}", "T", 300},
		{"{\"access_token\":\"A\"}", "A", 0},
		{"{\"access_token\":\"A\",\"token\":\"T\"}", "T", 0},
		{"{\"token\":\"T\",\"expires_in\":1e99}", "T", 86400},
		{"{\"token\":\"T\",\"expires_in\":-5}", "T", 0},
		{"{\"token\":\"T\",\"expires_in\":\"7\"}", "T", 0},
		{"{\"token\":\"\"}", NULL, 0},
		{"{\"token\":\"a\\r\\nX: y\"}", NULL, 0},
		{"{\"token\":7}", NULL, 0},
		{"{}", NULL, 0},
		{"[]", NULL, 0},
		{"{\"token\":\"T\"", NULL, 0},
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct token_answer *t = calloc(1, sizeof(*t));
		struct err err;
		const char *got = NULL;
		unit_say(all[i].text);
		if (token_answer_feed(t, all[i].text, strlen(all[i].text), &err) == 0)
			got = token_answer_end(t, &err);
		if (all[i].want == NULL)
			assert_null(got);
		else
			assert_string_equal(got, all[i].want);
		if (got != NULL)
			assert_int_equal(t->expires_s, all[i].expires_s);
		token_answer_done(t);
		for (size_t k = 0; k < sizeof(*t); k++) /* rule 29: nothing is left of it */
			assert_int_equal(((const char *)t)[k], 0);
		free(t);
	}
}

/* Rule 28: a token may have 64 KiB; Azure's have 6 KiB. */
static void rule_28_long_tokens(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		size_t len;
		bool ok;
	} rows[] = {{"longer than a text that is kept", 6089, true},
		    {"the longest", TOKEN_MAX, true},
		    {"one too long", TOKEN_MAX + 1, false}};
	FOREACH_ROW(__typeof__(rows[0]), rows)
	{
		struct token_answer *t = calloc(1, sizeof(*t));
		struct buf text = {0};
		struct err err = {0};
		char *token = calloc(1, row->len + 1);
		memset(token, 'x', row->len);
		token[row->len - 1] = 'y';
		buf_addf(&text, "{\"access_token\":\"%s\",\"expires_in\":9}", token);
		const char *got = NULL;
		if (token_answer_feed(t, text.data, text.len, &err) == 0)
			got = token_answer_end(t, &err);
		if (row->ok)
			assert_string_equal(got, token);
		else
			assert_non_null(strstr(err.text, "longer than 65536 bytes"));
		token_answer_done(t);
		free(t);
		free(token);
		buf_done(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_27_prometheus),  cmocka_unit_test(rule_27_incomplete),
		cmocka_unit_test(rule_27_bounds),      cmocka_unit_test(rule_30_hints),
		cmocka_unit_test(rule_28_tags),        cmocka_unit_test(rule_28_tokens),
		cmocka_unit_test(rule_28_long_tokens),
	};
	return cmocka_run_group_tests_name("discoverer/answers", tests, NULL, NULL);
}
