/*
 * Streams over HTTP/2, several on one connection: whatever the sizes of frames and records, all
 * that the server sent is handed on without a further byte from it. curl keeps what does not fit
 * into the buffer of a stream, and does not always come back to it by itself.
 */
#include "tests/unit.h"

#include <unistd.h>

#include "base/clock.h"
#include "kube/client.h"

#include "tests/kube/bench.h"
#include "tests/kube/h2_server.h"

/* All arrives within milliseconds; what is stuck never does. */
#define LIMIT_MS   60000
#define STREAMS    6
#define FRAMES_MAX 40
#define ROUNDS     300

struct stream {
	struct transfer *transfer;
	size_t got, want;
};

struct world {
	struct h2_server *server;
	struct kube *kube;
	char config[64];
	struct stream streams[STREAMS];
	uint64_t random;
};

static void on_data(void *ctx, const char *bytes, size_t n)
{
	(void)bytes;
	((struct stream *)ctx)->got += n;
}

static void on_done(void *ctx, const struct transport_result *result)
{
	(void)ctx;
	fail_msg("a stream ended: %d %s", result->code, result->error);
}

static bool all_arrived(const struct world *w)
{
	for (size_t i = 0; i < STREAMS; i++)
		if (w->streams[i].got != w->streams[i].want)
			return false;
	return true;
}

static void await(struct world *w, bool (*met)(const struct world *w), const char *what)
{
	int64_t limit_ms = clock_boot_ms() + LIMIT_MS;
	while (!met(w) && clock_boot_ms() < limit_ms)
		kube_wait(w->kube, NULL, 0, 1000);
	if (met(w))
		return;
	for (size_t i = 0; i < STREAMS; i++)
		print_message("# stream %zu: %zu of %zu bytes\n", i, w->streams[i].got,
			      w->streams[i].want);
	fail_msg("%s", what);
}

static bool all_asked(const struct world *w)
{
	return h2_server_requests(w->server) == STREAMS;
}

static void begin(struct world *w)
{
	char text[512];
	struct err err = {0};
	*w = (struct world){.server = h2_server_new(), .config = "/tmp/drop-test-XXXXXX"};
	close(mkstemp(w->config));
	snprintf(text, sizeof(text),
		 "current-context: c\n"
		 "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
		 "clusters: [{name: k, cluster: {server: '%s', insecure-skip-tls-verify: true}}]\n"
		 "users: [{name: u, user: {token: t}}]\n",
		 h2_server_url(w->server));
	bench_write(w->config, text);
	w->kube = kube_new(w->config, "drop-test/1", &err);
	if (w->kube == NULL)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < STREAMS; i++) {
		struct transport_call call = {.lane = KUBE_WATCH,
					      .method = KUBE_GET,
					      .path = "/things?watch=true",
					      .data = on_data,
					      .done = on_done,
					      .ctx = &w->streams[i]};
		w->streams[i].transfer = transport_start(w->kube->transport, &call);
	}
	await(w, all_asked, "the streams are open");
}

static void end(struct world *w)
{
	for (size_t i = 0; i < STREAMS; i++)
		transport_stop(w->streams[i].transfer);
	kube_free(w->kube);
	h2_server_free(w->server);
	unlink(w->config);
}

static void play(struct world *w, const struct h2_frame *frames, size_t n, size_t record,
		 const char *what)
{
	for (size_t i = 0; i < n; i++)
		w->streams[frames[i].stream].want += frames[i].len;
	h2_server_send(w->server, frames, n, record);
	await(w, all_arrived, what);
}

/* An event of many frames of one stream, as of a pod with 20 containers or of a large Node. */
static void test_one_large(void **state)
{
	(void)state;
	struct world w;
	struct h2_frame frames[FRAMES_MAX];
	begin(&w);
	for (size_t n = 1; n <= FRAMES_MAX; n++)
		for (size_t stream = 0; stream < STREAMS; stream++) {
			for (size_t i = 0; i < n; i++)
				frames[i] = (struct h2_frame){stream, H2_FRAME_MAX};
			play(&w, frames, n, H2_FRAME_MAX, "a large event");
		}
	end(&w);
}

static uint32_t below(struct world *w, uint32_t n)
{
	w->random = w->random * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(w->random >> 33) % n;
}

/* Any mixture; small ones behind large ones are most of it. */
static void test_mixed(void **state)
{
	(void)state;
	struct world w;
	struct h2_frame frames[FRAMES_MAX];
	begin(&w);
	for (int round = 0; round < ROUNDS; round++) {
		size_t n = 1 + below(&w, FRAMES_MAX);
		uint32_t streams = 1 + below(&w, STREAMS);
		uint32_t large = below(&w, 4);
		for (size_t i = 0; i < n; i++)
			frames[i] = (struct h2_frame){
				below(&w, streams),
				below(&w, 4) < large ? H2_FRAME_MAX : 1 + below(&w, H2_FRAME_MAX),
			};
		play(&w, frames, n, 1 + below(&w, H2_FRAME_MAX), "a mixture");
	}
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_large),
		cmocka_unit_test(test_mixed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
