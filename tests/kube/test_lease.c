/*
 * The elector over real sockets, against a scripted server: what it asks after a refusal, and what
 * it says about it. The script goes by the number of the request.
 */
#include "tests/unit.h"

#include <stdlib.h>

#include "base/clock.h"
#include "kube/lease.h"

#include "tests/kube/bench.h"

#define LIMIT_MS     20000
#define SETTLE_TURNS 5
#define ANSWER_MAX   1024
#define REQUESTS     8

#define LEASE(rv, holder)                                                                          \
	"{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":{\"name\":"    \
	"\"x\"" rv "},\"spec\":{\"holderIdentity\":\"" holder                                      \
	"\",\"leaseDurationSeconds\":15,\"leaseTransitions\":1}}"
#define RV(n)        ",\"resourceVersion\":\"" n "\""
#define STATUS(code) "{\"kind\":\"Status\",\"message\":\"no " code "\",\"code\":" code "}"

struct row {
	const char *name;
	struct {
		int code;
		const char *body;
	} answers[REQUESTS];        /* the last goes on for ever */
	const char *methods;        /* of the requests, in order: G, P (PUT), C (POST) */
	bool leads;                 /* after them */
	enum lease_trouble trouble; /* after LEASE_TROUBLE_MS more */
	const char *text;
	int told; /* for the log */
};

static const struct row rows[] = {
	{"taken",
	 {{200, LEASE(RV("5"), "")}, {200, LEASE(RV("6"), "me")}},
	 "GP",
	 true,
	 LEASE_FINE,
	 "",
	 0},
	{"15.26 the answer lost its version: it is read again",
	 {{200, LEASE(RV("5"), "")},
	  {200, LEASE("", "me")},
	  {200, LEASE(RV("6"), "me")},
	  {200, LEASE(RV("7"), "me")}},
	 "GPGP",
	 true,
	 LEASE_FINE,
	 "",
	 1},
	{"15.26 no version in what is read: no write",
	 {{200, LEASE("", "")}, {200, LEASE("", "")}},
	 "GG",
	 false,
	 LEASE_UNREADABLE,
	 "no resourceVersion",
	 1},
	{"15.26 refused: it is read again each time",
	 {{200, LEASE(RV("5"), "")},
	  {422, STATUS("422")},
	  {200, LEASE(RV("5"), "")},
	  {422, STATUS("422")}},
	 "GPGP",
	 false,
	 LEASE_REFUSED,
	 "HTTP 422: no 422",
	 1},
	{"13.34 forbidden: told once it lasts",
	 {{200, LEASE(RV("5"), "")}, {403, STATUS("403")}},
	 "GP",
	 false,
	 LEASE_FORBIDDEN,
	 "not allowed; grant get, create and update",
	 0},
	{"a race that is lost is no trouble",
	 {{200, LEASE(RV("5"), "")}, {409, STATUS("409")}, {200, LEASE(RV("6"), "other")}},
	 "GPG",
	 false,
	 LEASE_FINE,
	 "",
	 0},
	{"conflicts for ever are one, and are paced",
	 {{200, LEASE(RV("5"), "")},
	  {409, STATUS("409")},
	  {200, LEASE(RV("6"), "")},
	  {409, STATUS("409")},
	  {200, LEASE(RV("7"), "")},
	  {409, STATUS("409")}},
	 "GPGPGP",
	 false,
	 LEASE_CONFLICT,
	 "HTTP 409",
	 1},
	{"another took it, and renews it: nothing is wrong any more",
	 {{200, LEASE(RV("5"), "")}, {422, STATUS("422")}, {200, LEASE(RV("6"), "other")}},
	 "GPG",
	 false,
	 LEASE_FINE,
	 "",
	 1},
};

static void on_trouble(void *ctx, const struct err *err)
{
	(*(int *)ctx)++;
	print_message("# %s\n", err->text);
}

static size_t script(const struct row *row, struct step *steps)
{
	size_t n = 0;
	for (; n < REQUESTS && row->answers[n].code != 0; n++) {
		char *text = malloc(ANSWER_MAX);
		const char *body = row->answers[n].body;
		snprintf(text, ANSWER_MAX, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n%s",
			 row->answers[n].code, strlen(body), body);
		steps[n] = (struct step){STEP_REPLY, text};
	}
	return n;
}

/* The last answer comes a moment after the server has seen its request: at least SETTLE_TURNS
 * waits, and more until it is as the row says or the time is over. */
static int64_t turns(struct bench *b, struct elector *e, const struct row *row, const int *told)
{
	int64_t until_ms = clock_boot_ms() + LIMIT_MS;
	while (clock_boot_ms() < until_ms &&
	       script_server_requests(b->server) < strlen(row->methods)) {
		elector_turn(e, clock_boot_ms());
		kube_wait(b->kube, NULL, 0, 20);
	}
	for (int i = 0; clock_boot_ms() < until_ms; i++) {
		bool there = (elector_term(e) != 0) == row->leads && *told == row->told &&
			     strstr(elector_trouble_text(e), row->text) != NULL;
		if (i >= SETTLE_TURNS && there)
			break;
		kube_wait(b->kube, NULL, 0, 20);
	}
	return clock_boot_ms();
}

static char method(const char *request)
{
	return strncmp(request, "PUT", 3) == 0 ? 'P' : strncmp(request, "POST", 4) == 0 ? 'C' : 'G';
}

static void play(const struct row *row)
{
	struct step steps[REQUESTS];
	size_t n = script(row, steps), want = strlen(row->methods);
	struct bench b;
	int told = 0;
	bench_start(&b, steps, n);
	const struct elector_config config = {
		.ns = "ns", .identity = "me", .enabled = true, .trouble = on_trouble};
	struct elector *e = elector_new(b.kube, &config, NULL, &told);
	int64_t now_ms = turns(&b, e, row, &told);
	for (size_t i = 0; i < want; i++)
		if (method(script_server_request(b.server, i)) != row->methods[i])
			fail_msg("request %zu: want %c, got %s", i, row->methods[i],
				 script_server_request(b.server, i));
	assert_int_equal(elector_term(e) != 0, row->leads);
	assert_int_equal(elector_trouble(e, now_ms), LEASE_FINE);
	assert_int_equal(elector_trouble(e, now_ms + (row->leads ? 0 : LEASE_TROUBLE_MS)),
			 row->trouble);
	if (strstr(elector_trouble_text(e), row->text) == NULL)
		fail_msg("want %s, got %s", row->text, elector_trouble_text(e));
	assert_int_equal(told, row->told);
	elector_free(e);
	bench_end(&b);
	for (size_t i = 0; i < n; i++)
		free((char *)steps[i].text);
}

static void rule_32_refused(void **state)
{
	(void)state;
	FOREACH_ROW(struct row, rows)
	{
		play(row);
	}
}

static void every_trouble_has_words(void **state)
{
	(void)state;
	for (int t = LEASE_FINE + 1; t < LEASE_TROUBLES; t++) {
		assert_int_not_equal(strlen(lease_trouble_name((enum lease_trouble)t)), 0);
		assert_non_null(lease_trouble_text((enum lease_trouble)t));
	}
	assert_null(lease_trouble_text(LEASE_FINE));
	assert_int_equal(lease_trouble_of(0), LEASE_UNANSWERED);
	assert_int_equal(lease_trouble_of(401), LEASE_UNAUTHORIZED);
	assert_int_equal(lease_trouble_of(403), LEASE_FORBIDDEN);
	assert_int_equal(lease_trouble_of(409), LEASE_CONFLICT);
	assert_int_equal(lease_trouble_of(422), LEASE_REFUSED);
	assert_int_equal(lease_trouble_of(429), LEASE_SERVER_ERROR);
	assert_int_equal(lease_trouble_of(500), LEASE_SERVER_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_32_refused),
		cmocka_unit_test(every_trouble_has_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
