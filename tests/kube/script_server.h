/*
 * A scripted HTTP/1.1 server on loopback, for tests of the client: request number n gets
 * the n-th step of the script, the last step goes on for ever. One thread a connection.
 */
#ifndef DROP_TESTS_KUBE_SCRIPT_SERVER_H
#define DROP_TESTS_KUBE_SCRIPT_SERVER_H

#include <stddef.h>

enum step_kind {
	STEP_REPLY, /* sends the text; the connection stays open */
	STEP_CUT,   /* sends the text, then closes the connection */
	STEP_RESET, /* resets the connection without a byte */
	STEP_HANG,  /* says nothing until the client leaves */
	STEP_BIG,   /* a 200 with a body larger than any limit of ours */
};

struct step {
	enum step_kind kind;
	const char *text; /* borrowed for the life of the server */
};

struct script_server;

struct script_server *script_server_new(const struct step *steps, size_t n);
void script_server_free(struct script_server *s);
/* "http://127.0.0.1:PORT" */
const char *script_server_url(const struct script_server *s);
/* Requests received so far. */
size_t script_server_requests(struct script_server *s);
/* The most connections that were open at the same time. */
size_t script_server_most_open(struct script_server *s);
/* Head and body of the n-th request, from 0; borrowed. "" if there was none. */
const char *script_server_request(struct script_server *s, size_t n);

#endif
