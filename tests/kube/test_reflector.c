/*
 * The reflector over real sockets, against a scripted server: what it asks after its watch ended,
 * when the server's versions have gone back, and when the server is another one.
 */
#include "tests/unit.h"

#include <stdlib.h>

#include "base/clock.h"
#include "kube/client.h"
#include "kube/reflector.h"
#include "kube/version.h"
#include "kube/watch_parse.h"

#include "tests/kube/bench.h"

#define LIMIT_MS   20000
#define LENGTH_MAX 2048

struct seen {
	int begins, objects, syncs, backs;
};

static void on_begin(void *ctx)
{
	((struct seen *)ctx)->begins++;
}

static void on_object(void *ctx, bool gone, const char *json, size_t len)
{
	(void)gone, (void)json, (void)len;
	((struct seen *)ctx)->objects++;
}

static void on_synced(void *ctx, int64_t began_ms)
{
	(void)began_ms;
	((struct seen *)ctx)->syncs++;
}

static void on_trouble(void *ctx, const struct err *err)
{
	(void)ctx;
	print_message("# %s\n", err->text);
}

static void on_back(void *ctx)
{
	((struct seen *)ctx)->backs++;
}

static const struct reflector_ops ops = {.begin = on_begin,
					 .object = on_object,
					 .synced = on_synced,
					 .trouble = on_trouble,
					 .went_back = on_back};

/* An answer with this body, that ends with it; free() it. */
static char *answer(const char *body)
{
	char *text = malloc(LENGTH_MAX);
	assert_true(snprintf(text, LENGTH_MAX, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
			     strlen(body), body) < LENGTH_MAX);
	return text;
}

/* The initial events of a WatchList: one object, and the end at that version. */
#define STREAM(rv)                                                                                 \
	"{\"type\":\"ADDED\",\"object\":{\"kind\":\"X\",\"metadata\":{\"name\":\"a\","             \
	"\"resourceVersion\":\"1\"}}}\n{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"X\","         \
	"\"metadata\":{\"resourceVersion\":\"" rv "\",\"annotations\":"                            \
	"{\"k8s.io/initial-events-end\":\"true\"}}}}\n"
#define PAGE(rv)                                                                                   \
	"{\"kind\":\"XList\",\"metadata\":{\"resourceVersion\":\"" rv "\"},\"items\":"             \
	"[{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"1\"}}]}"

struct row {
	const char *name;
	const char *bodies[4]; /* of the answers in order; after them the server says nothing */
	const char *paths[5];  /* what is asked, in order: contained in the request */
	int syncs, objects, backs;
};

static const struct row rows[] = {
	{"a watch that ended goes on where it was",
	 {STREAM("1000"), PAGE("1001")},
	 {"sendInitialEvents", "/things?limit=1 ", "&resourceVersion=1000 "},
	 1,
	 1,
	 0},
	{"nothing has happened in between",
	 {STREAM("1000"), PAGE("1000")},
	 {"sendInitialEvents", "/things?limit=1 ", "&resourceVersion=1000 "},
	 1,
	 1,
	 0},
	{"13.2: an older store: everything is listed again, and that is told",
	 {STREAM("1000"), PAGE("700"), STREAM("701"), PAGE("703")},
	 {"sendInitialEvents", "/things?limit=1 ", "sendInitialEvents", "/things?limit=1 ",
	  "&resourceVersion=701 "},
	 2,
	 2,
	 1},
	{"versions that are no numbers are not compared",
	 {STREAM("1000"), PAGE("a7")},
	 {"sendInitialEvents", "/things?limit=1 ", "&resourceVersion=1000 "},
	 1,
	 1,
	 0},
};

static size_t count(const char *const *list, size_t max)
{
	size_t n = 0;
	while (n < max && list[n] != NULL)
		n++;
	return n;
}

static void play(const struct row *row)
{
	struct bench b;
	struct seen seen = {0};
	struct step steps[ROWS(row->bodies) + 1];
	size_t n = count(row->bodies, ROWS(row->bodies));
	size_t want = count(row->paths, ROWS(row->paths));
	char *texts[ROWS(row->bodies)];
	for (size_t i = 0; i < n; i++)
		steps[i] = (struct step){STEP_REPLY, texts[i] = answer(row->bodies[i])};
	steps[n] = (struct step){STEP_HANG, ""};
	bench_start(&b, steps, n + 1);
	const struct reflector_config config = {.path = "/things"};
	struct reflector *r = reflector_new(b.kube, &config, &ops, &seen);
	int64_t limit_ms = clock_boot_ms() + LIMIT_MS;
	while (script_server_requests(b.server) < want && clock_boot_ms() < limit_ms)
		kube_wait(b.kube, NULL, 0, 20);
	for (size_t i = 0; i < want; i++)
		if (strstr(script_server_request(b.server, i), row->paths[i]) == NULL)
			fail_msg("request %zu: want %s, got %s", i, row->paths[i],
				 script_server_request(b.server, i));
	assert_int_equal(seen.syncs, row->syncs);
	assert_int_equal(seen.begins, row->syncs);
	assert_int_equal(seen.objects, row->objects);
	assert_int_equal(seen.backs, row->backs);
	reflector_free(r);
	bench_end(&b);
	for (size_t i = 0; i < n; i++)
		free(texts[i]);
}

static void resumes(void **state)
{
	(void)state;
	FOREACH_ROW(struct row, rows)
	{
		play(row);
	}
}

/* An answer whose list, or stream, has an object that is too large between two others. */
static char *fat_answer(const char *before, const char *after)
{
	size_t n = strlen(before) + WATCH_EVENT_MAX + strlen(after), head;
	char *text = malloc(n + 256);
	head = (size_t)snprintf(text, 256, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", n);
	memcpy(text + head, before, strlen(before));
	memset(text + head + strlen(before), 'x', WATCH_EVENT_MAX);
	memcpy(text + head + strlen(before) + WATCH_EVENT_MAX, after, strlen(after) + 1);
	return text;
}

#define FAT "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":\"b\",\"resourceVersion\":\""

/*
 * One object that is too large is left out: a list is complete without it, and a watch that brings
 * it leads to one list, not to a list for ever.
 */
static void an_object_that_is_too_large(void **state)
{
	struct bench b;
	struct seen seen = {0};
	(void)state;
	char *texts[] = {
		fat_answer(FAT, "\"}}}\n" STREAM("1000")), /* the first list has it */
		answer(PAGE("1000")),
		fat_answer(FAT, "\"}}}\n"), /* the watch brings it once more */
		fat_answer(FAT, "\"}}}\n" STREAM("1001")),
		answer(PAGE("1001")),
	};
	struct step steps[ROWS(texts) + 1];
	for (size_t i = 0; i < ROWS(texts); i++)
		steps[i] = (struct step){STEP_REPLY, texts[i]};
	steps[ROWS(texts)] = (struct step){STEP_HANG, ""};
	bench_start(&b, steps, ROWS(steps));
	const struct reflector_config config = {.path = "/things"};
	struct reflector *r = reflector_new(b.kube, &config, &ops, &seen);
	int64_t limit_ms = clock_boot_ms() + LIMIT_MS;
	while (script_server_requests(b.server) < ROWS(steps) && clock_boot_ms() < limit_ms)
		kube_wait(b.kube, NULL, 0, 20);
	static const char *const paths[] = {"sendInitialEvents",      "/things?limit=1 ",
					    "&resourceVersion=1000 ", "sendInitialEvents",
					    "/things?limit=1 ",       "&resourceVersion=1001 "};
	for (size_t i = 0; i < ROWS(paths); i++)
		if (strstr(script_server_request(b.server, i), paths[i]) == NULL)
			fail_msg("request %zu: want %s, got %s", i, paths[i],
				 script_server_request(b.server, i));
	assert_int_equal(seen.syncs, 2);
	assert_int_equal(seen.objects, 2);
	reflector_free(r);
	bench_end(&b);
	for (size_t i = 0; i < ROWS(texts); i++)
		free(texts[i]);
}

static void ask(struct bench *b)
{
	int64_t limit_ms = clock_boot_ms() + LIMIT_MS;
	b->kube->version_ms = 0; /* as if it was long ago */
	version_ask(b->kube);
	version_ask(b->kube); /* not once more */
	assert_int_equal(kube_pending(b->kube), 1);
	while (kube_pending(b->kube) > 0 && clock_boot_ms() < limit_ms)
		kube_wait(b->kube, NULL, 0, 20);
}

/* A refused WatchList is tried again when the server has another version, and only then. */
static void another_version(void **state)
{
	static const char *const versions[] = {"v1.31.0", "v1.31.0", "v1.34.4"};
	struct step steps[ROWS(versions)];
	struct bench b;
	char *texts[ROWS(versions)], body[64];
	(void)state;
	for (size_t i = 0; i < ROWS(versions); i++) {
		snprintf(body, sizeof(body), "{\"gitVersion\": \"%s\"}", versions[i]);
		steps[i] = (struct step){STEP_REPLY, texts[i] = answer(body)};
	}
	bench_start(&b, steps, ROWS(versions));
	b.kube->watchlist_strikes = 2;
	ask(&b);
	assert_int_equal(b.kube->watchlist_strikes, 2);
	ask(&b);
	assert_int_equal(b.kube->watchlist_strikes, 2);
	ask(&b);
	assert_int_equal(b.kube->watchlist_strikes, 0);
	assert_int_equal(script_server_requests(b.server), 3);
	assert_non_null(strstr(script_server_request(b.server, 0), "GET /version "));
	bench_end(&b);
	for (size_t i = 0; i < ROWS(versions); i++)
		free(texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resumes),
		cmocka_unit_test(an_object_that_is_too_large),
		cmocka_unit_test(another_version),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
