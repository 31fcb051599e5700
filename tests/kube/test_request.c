/*
 * kube_send() against a scripted server: every way in which an answer can fail to come,
 * and that done is called exactly once whatever happens.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "kube/kube.h"

#include "tests/kube/bench.h"

#define OK(text)      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" text
#define EMPTY(status) "HTTP/1.1 " status "\r\nContent-Length: 0\r\n\r\n"
#define LIMIT_MS      20000
#define STEPS(...)                                                                                 \
	(const struct step[]){__VA_ARGS__},                                                        \
		sizeof((struct step[]){__VA_ARGS__}) / sizeof(struct step)

struct got {
	int calls, code, attempts;
	char body[64], reason[64], message[256];
};

static void on_done(void *ctx, const struct kube_answer *a)
{
	struct got *got = ctx;
	got->calls++;
	got->code = a->code;
	got->attempts = a->attempts;
	snprintf(got->body, sizeof(got->body), "%s", a->body);
	snprintf(got->reason, sizeof(got->reason), "%s", a->reason);
	snprintf(got->message, sizeof(got->message), "%s", a->message);
}

static struct kube_request get(int64_t timeout_ms)
{
	return (struct kube_request){
		.lane = KUBE_WRITE, .path = "/api", .deadline_ms = clock_boot_ms() + timeout_ms};
}

static void run(struct bench *b)
{
	int64_t limit = clock_boot_ms() + 2 * LIMIT_MS;
	while (kube_pending(b->kube) > 0 && clock_boot_ms() < limit)
		kube_wait(b->kube, NULL, 0, 50);
	assert_int_equal(kube_pending(b->kube), 0);
}

#define STATUS_BODY                                                                                \
	"{\"kind\":\"Status\",\"reason\":\"NotFound\",\"message\":\"no such pod\",\"code\":404}"

static const struct one {
	const char *name;
	struct step steps[3];
	size_t n;
	bool once;
	int64_t timeout_ms;
	int code, attempts;
	const char *body, *reason, *message; /* message: contained */
	bool bare;
} ones[] = {
	{"answered", {{STEP_REPLY, OK("hi")}}, 1, false, LIMIT_MS, 200, 1, "hi", "", ""},
	{"429 is obeyed",
	 {{STEP_REPLY, "HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"},
	  {STEP_REPLY, OK("ok")}},
	 2,
	 false,
	 LIMIT_MS,
	 200,
	 2,
	 "ok",
	 "",
	 ""},
	{"429 beyond the deadline stands",
	 {{STEP_REPLY, "HTTP/1.1 429 Slow\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n"}},
	 1,
	 false,
	 2000,
	 429,
	 1,
	 "",
	 "",
	 ""},
	{"500 twice",
	 {{STEP_REPLY, EMPTY("500 No")}, {STEP_REPLY, EMPTY("503 No")}, {STEP_REPLY, OK("ok")}},
	 3,
	 false,
	 LIMIT_MS,
	 200,
	 3,
	 "ok",
	 "",
	 ""},
	{"500 once", {{STEP_REPLY, EMPTY("500 No")}}, 1, true, LIMIT_MS, 500, 1, "", "", ""},
	{"reset",
	 {{STEP_RESET, ""}, {STEP_REPLY, OK("ok")}},
	 2,
	 false,
	 LIMIT_MS,
	 200,
	 -1,
	 "ok",
	 "",
	 ""},
	{"cut short",
	 {{STEP_CUT, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}, {STEP_REPLY, OK("ok")}},
	 2,
	 false,
	 LIMIT_MS,
	 200,
	 2,
	 "ok",
	 "",
	 ""},
	{"hang", {{STEP_HANG, ""}}, 1, false, 300, 0, 1, "", "", ""},
	{"status is read",
	 {{STEP_REPLY, "HTTP/1.1 404 No\r\nContent-Length: 72\r\n\r\n" STATUS_BODY}},
	 1,
	 false,
	 LIMIT_MS,
	 404,
	 1,
	 NULL,
	 "NotFound",
	 "no such pod"},
	{"too large", {{STEP_BIG, ""}}, 1, true, LIMIT_MS, 0, 1, "", "", "larger than"},
	{"a body that is not kept",
	 {{STEP_CUT, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}, {STEP_REPLY, OK("ok")}},
	 2,
	 false,
	 LIMIT_MS,
	 200,
	 2,
	 "",
	 "",
	 "",
	 true},
	{"a refusal's is read",
	 {{STEP_REPLY, "HTTP/1.1 404 No\r\nContent-Length: 72\r\n\r\n" STATUS_BODY}},
	 1,
	 false,
	 LIMIT_MS,
	 404,
	 1,
	 NULL,
	 "NotFound",
	 "no such pod",
	 true},
	{"no HTTP", {{STEP_CUT, "hello\r\n"}}, 1, true, LIMIT_MS, 0, 1, "", "", ""},
};

static void ways_to_fail(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ones) / sizeof(ones[0]); i++) {
		const struct one *o = &ones[i];
		struct bench b;
		struct got got = {0};
		print_message("# %s\n", o->name);
		bench_start(&b, o->steps, o->n);
		struct kube_request req = get(o->timeout_ms);
		req.once = o->once;
		req.bare = o->bare;
		kube_send(b.kube, &req, on_done, &got);
		assert_int_equal(got.calls, 0);
		run(&b);
		assert_int_equal(got.calls, 1);
		assert_int_equal(got.code, o->code);
		if (o->attempts >= 0)
			assert_int_equal(got.attempts, o->attempts);
		if (o->body != NULL)
			assert_string_equal(got.body, o->body);
		assert_string_equal(got.reason, o->reason);
		assert_non_null(strstr(got.message, o->message));
		bench_end(&b);
	}
}

static void what_is_sent(void **state)
{
	(void)state;
	struct bench b;
	struct got got = {0};
	bench_start(&b, STEPS({STEP_REPLY, OK("ok")}));
	struct kube_request req = get(LIMIT_MS);
	req.method = KUBE_PATCH;
	req.content_type = "application/merge-patch+json";
	req.accept = "application/x";
	req.body = "{\"a\":1}";
	req.body_len = 7;
	kube_send(b.kube, &req, on_done, &got);
	run(&b);
	const char *sent = script_server_request(b.server, 0);
	assert_int_equal(strncmp(sent, "PATCH /api HTTP/1.1\r\n", 21), 0);
	assert_non_null(strstr(sent, "Authorization: Bearer first\r\n"));
	assert_non_null(strstr(sent, "Content-Type: application/merge-patch+json\r\n"));
	assert_non_null(strstr(sent, "Accept: application/x\r\n"));
	assert_non_null(strstr(sent, "User-Agent: drop-test/1\r\n"));
	assert_non_null(strstr(sent, "\r\n\r\n{\"a\":1}"));
	assert_null(strstr(sent, "Expect"));
	req = get(LIMIT_MS); /* the same handle again: nothing of the patch is left */
	kube_send(b.kube, &req, on_done, &got);
	run(&b);
	sent = script_server_request(b.server, 1);
	assert_int_equal(strncmp(sent, "GET /api HTTP/1.1\r\n", 19), 0);
	assert_null(strstr(sent, "Content-"));
	assert_int_equal(script_server_most_open(b.server), 1);
	req.method = KUBE_DELETE;
	kube_send(b.kube, &req, on_done, &got);
	run(&b);
	assert_int_equal(strncmp(script_server_request(b.server, 2), "DELETE /api ", 12), 0);
	bench_end(&b);
}

static void refused_token(void **state)
{
	(void)state;
	struct bench b;
	struct got got = {0};
	bench_start(&b, STEPS({STEP_REPLY, EMPTY("401 No")}));
	struct kube_request req = get(LIMIT_MS);
	kube_send(b.kube, &req, on_done, &got);
	run(&b);
	/* The file has not changed: asking again would not help. */
	assert_int_equal(got.code, 401);
	assert_int_equal(got.attempts, 1);
	bench_end(&b);
}

static void token_changes_between(void **state)
{
	(void)state;
	struct bench b;
	struct got got = {0};
	bench_start(&b, STEPS({STEP_REPLY, OK("ok")}, {STEP_REPLY, EMPTY("401 No")},
			      {STEP_REPLY, OK("ok")}));
	struct kube_request req = get(LIMIT_MS);
	kube_send(b.kube, &req, on_done, &got);
	run(&b);
	bench_write(b.token, "renewed\n");
	kube_send(b.kube, &req, on_done, &got);
	run(&b);
	assert_int_equal(got.calls, 2);
	assert_int_equal(got.code, 200);
	assert_int_equal(got.attempts, 2);
	assert_non_null(strstr(script_server_request(b.server, 1), "Bearer first\r\n"));
	assert_non_null(strstr(script_server_request(b.server, 2), "Bearer renewed\r\n"));
	bench_end(&b);
}

static void in_flight_is_bounded(void **state)
{
	(void)state;
	enum { N = KUBE_IN_FLIGHT_MAX * 2 + 5 };
	static struct got got[N];
	struct bench b;
	memset(got, 0, sizeof(got));
	bench_start(&b, STEPS({STEP_REPLY, OK("ok")}));
	for (int i = 0; i < N; i++) {
		struct kube_request req = get(LIMIT_MS);
		kube_send(b.kube, &req, on_done, &got[i]);
	}
	assert_int_equal(kube_pending(b.kube), N);
	run(&b);
	for (int i = 0; i < N; i++) {
		assert_int_equal(got[i].calls, 1);
		assert_int_equal(got[i].code, 200);
	}
	assert_in_range(script_server_most_open(b.server), 1, KUBE_IN_FLIGHT_MAX);
	bench_end(&b);
}

static void cancel_and_close(void **state)
{
	(void)state;
	struct bench b;
	struct got one = {0}, two = {0}, lease = {0}, late = {0};
	bench_start(&b, STEPS({STEP_HANG, ""}));
	struct kube_request req = get(LIMIT_MS);
	uint64_t id = kube_send(b.kube, &req, on_done, &one);
	kube_send(b.kube, &req, on_done, &two);
	req.lane = KUBE_LEASE;
	kube_send(b.kube, &req, on_done, &lease);
	while (script_server_requests(b.server) < 3)
		kube_wait(b.kube, NULL, 0, 10);
	kube_cancel(b.kube, id);
	kube_cancel(b.kube, id);
	kube_cancel(b.kube, 12345);
	assert_int_equal(one.calls, 1);
	assert_int_equal(one.code, 0);
	kube_close_lane(b.kube, KUBE_WRITE);
	assert_int_equal(two.calls, 1);
	assert_int_equal(two.code, 0);
	assert_int_equal(lease.calls, 0);
	assert_int_equal(kube_pending(b.kube), 1);
	req = get(-1); /* already late: nothing is sent, and done comes later */
	kube_send(b.kube, &req, on_done, &late);
	assert_int_equal(late.calls, 0);
	kube_wait(b.kube, NULL, 0, 0);
	assert_int_equal(late.calls, 1);
	assert_int_equal(late.attempts, 0);
	kube_close_lane(b.kube, KUBE_LEASE);
	assert_int_equal(lease.calls, 1);
	assert_int_equal(script_server_requests(b.server), 3);
	bench_end(&b);
}

static void other_fds(void **state)
{
	(void)state;
	struct bench b;
	int fds[2];
	bench_start(&b, STEPS({STEP_HANG, ""}));
	assert_int_equal(pipe(fds), 0);
	struct pollfd p = {.fd = fds[0], .events = POLLIN, .revents = POLLIN};
	assert_int_equal(kube_wait(b.kube, &p, 1, 0), 0);
	assert_int_equal(p.revents, 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(kube_wait(b.kube, &p, 1, 10000), 1);
	assert_int_equal(p.revents, POLLIN);
	close(fds[0]);
	close(fds[1]);
	bench_end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ways_to_fail),
		cmocka_unit_test(what_is_sent),
		cmocka_unit_test(refused_token),
		cmocka_unit_test(token_changes_between),
		cmocka_unit_test(in_flight_is_bounded),
		cmocka_unit_test(cancel_and_close),
		cmocka_unit_test(other_fds),
	};
	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
