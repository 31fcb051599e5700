/* See bench.h. */
#include "tests/kube/bench.h"

#include <stdlib.h>
#include <unistd.h>

#include "tests/unit.h"

void bench_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

void bench_start(struct bench *b, const struct step *steps, size_t n)
{
	char text[1024];
	struct err err = {0};
	*b = (struct bench){.server = script_server_new(steps, n)};
	snprintf(b->config, sizeof(b->config), "/tmp/drop-test-XXXXXX");
	snprintf(b->token, sizeof(b->token), "/tmp/drop-test-XXXXXX");
	close(mkstemp(b->config));
	close(mkstemp(b->token));
	bench_write(b->token, "first\n");
	snprintf(text, sizeof(text),
		 "current-context: c\n"
		 "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
		 "clusters: [{name: k, cluster: {server: '%s'}}]\n"
		 "users: [{name: u, user: {tokenFile: '%s'}}]\n",
		 script_server_url(b->server), b->token);
	bench_write(b->config, text);
	b->kube = kube_new(b->config, "drop-test/1", &err);
	if (b->kube == NULL)
		fail_msg("%s", err.text);
}

void bench_end(struct bench *b)
{
	kube_free(b->kube);
	script_server_free(b->server);
	unlink(b->config);
	unlink(b->token);
}
