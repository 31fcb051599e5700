/*
 * One transfer, and the inside of a struct transport. Private to transport.c and transfer.c: what
 * the rest of the folder may call is in transport.h.
 *
 * There are three kinds of transfers. They differ only in how received bytes are handled; each is a
 * row of functions (transfer.c).
 */
#ifndef DROP_KUBE_TRANSFER_H
#define DROP_KUBE_TRANSFER_H

#include <sys/queue.h>

#include <curl/curl.h>

#include "base/pace.h"

#include "kube/transport.h"
#include "kube/lane.h"
#include "kube/pieces.h"

/* Inside curl's callback: bytes are kept or looked at, no transfer is started or stopped. */
typedef bool (*transfer_bytes_fn)(struct transfer *t, const char *bytes, size_t n);

struct transfer_kind {
	size_t limit; /* bytes collected; 0: no limit */
	/* Bytes of a 2xx answer; of any other answer. false: breaks the transfer off. */
	transfer_bytes_fn accepted, refused;
	/* What broke, as the caller is to see it. */
	CURLcode (*cause)(struct transfer *t, CURLcode rc);
	bool collects; /* a 2xx answer is collected for done() */
	bool measured; /* the time until the answer says how fast the server is */
	bool foreign;  /* to another server: not counted here, and its handle is not used again */
};

struct transfer {
	struct transport *transport;
	const struct transfer_kind *kind;
	enum kube_lane lane;
	struct easy *easy; /* NULL once curl is done with it */
	struct curl_slist *headers;
	struct buf in;         /* what was collected */
	struct pieces waiting; /* of a stream: bytes that were not handed on */
	void (*data)(void *ctx, const char *bytes, size_t n);
	int (*sink)(void *ctx, const char *bytes, size_t n);
	void (*done)(void *ctx, const struct transport_result *result);
	void *ctx;
	int64_t sent_ms, last_byte_ms, sent_us;
	const char *verb;
	struct transport_result result; /* valid when easy is NULL */
	uint64_t ready_turn;            /* the turn in which it came into the ready queue */
	bool stopped, ready;
	bool secret, bare; /* as in struct transport_call */
	bool uncounted;    /* a write whose sending effect_count() has not seen yet */
	char error[CURL_ERROR_SIZE];
	TAILQ_ENTRY(transfer) of_lane, of_ready;
};

TAILQ_HEAD(transfers, transfer);

struct transport {
	struct credentials *cred;
	struct timers *timers;
	struct kube_counters *counters;
	char *user_agent;
	kube_poll_fn poll;
	void *poll_ctx;
	struct {
		struct lane lane;
		struct transfers transfers;
		struct easy *spare;
		size_t n_spare;
		size_t backlog; /* bytes of streams not handed on */
		bool moved;     /* bytes came since curl was last run */
		bool rest;      /* curl may have more than it handed on (run_rest()) */
	} lanes[KUBE_LANES];
	struct transfers ready;
	uint64_t turn;
	/* The transfer whose callback runs; stopping that one only marks it. */
	struct transfer *current;
	struct pace pace;
	int gap_ms; /* 0: no pace */
	struct pollfd *polls;
	size_t cap_polls;
};

/* It has something to hand on. */
void transfer_ready(struct transfer *t);
/* Takes it out of curl, which ends its stream. */
void transfer_detach(struct transfer *t);
/* curl is done with it; rc as curl says. */
void transfer_finish(struct transfer *t, CURLcode rc);
/* Hands on at most `most` bytes and, after the last one, the end. Returns how many bytes. */
size_t transfer_deliver(struct transfer *t, size_t most);
/* Frees it, without calling done. */
void transfer_forget(struct transfer *t);

#endif
