/*
 * A client of a scripted server, by a kubeconfig with a token file, for tests over real sockets.
 */
#ifndef DROP_TESTS_KUBE_BENCH_H
#define DROP_TESTS_KUBE_BENCH_H

#include "kube/kube.h"

#include "tests/kube/script_server.h"

struct bench {
	struct script_server *server;
	struct kube *kube;
	char config[64], token[64]; /* paths */
};

/* The token is "first". Fails the test if there is no client. */
void bench_start(struct bench *b, const struct step *steps, size_t n);
void bench_end(struct bench *b);
void bench_write(const char *path, const char *text);

#endif
