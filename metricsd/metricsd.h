/*
 * metricsd shows what the other processes do: metrics for Prometheus, health for the kubelet,
 * a page for people. At each request it asks every process (metrics_get) and gives each a
 * quarter of a second; of one that does not answer it shows the last values and that it is
 * not up. It owns no number but those about itself, writes nothing, and decides nothing.
 *
 * With --metrics-secure it asks the API server who a token belongs to and what he may; only
 * then does it start a Kubernetes client (must 8).
 *
 * Its parts: listen, negotiate, expose, snapshot, health, access, review_json, board and
 * page are pure; collect and show ask the processes, review the API server, visit, serve
 * and answer answer HTTP.
 */
#ifndef DROP_METRICSD_METRICSD_H
#define DROP_METRICSD_METRICSD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "ipc/options.h"
#include "httpd/http.h"
#include "httpd/tls.h"
#include "ipc/proc.h"
#include "kube/kube.h"

#include "metricsd/access.h"
#include "metricsd/board.h"
#include "metricsd/listen.h"
#include "metricsd/negotiate.h"
#include "metricsd/snapshot.h"
#include "metricsd/tree.h"

/* A process gets so long for each page of its metrics, and for all of them. */
#define COLLECT_PAGE_MS 250
#define COLLECT_ALL_MS  1000
/* Connections of each server; a connection has one request at a time, so requests are bounded. */
#define CONNECTIONS_MAX 128
/* Connections of the page of this machine: a browser has six. */
#define CONNECTIONS_PAGE_MAX 32
/* Descriptors besides those connections: the other processes, the API server, files. */
#define DESCRIPTORS_OTHER 128
/*
 * Requests with a token never seen that wait for the API server's word. Of the client address with
 * the most of them the oldest is told 503 when there are more. Tokens that were allowed before
 * are not counted.
 */
#define STRANGERS_MAX 16
/* Questions to the API server about tokens at one time; about tokens never seen, in all and of
 * one client address. More wait; the newest is asked about first. */
#define REVIEWS_MAX          8
#define REVIEWS_STRANGER_MAX 6
#define REVIEWS_ADDRESS_MAX  4
#define REVIEW_MS            5000
/* Bytes of a client's numeric address with its NUL. */
#define PEER_MAX 64
/* While many answers are not taken, one that is so old is given to others as well. */
#define RECENT_MS 1000
/* Certificate files are looked at this often. */
#define CERT_LOOK_MS 2000

enum visit_page { VISIT_METRICS, VISIT_READY, VISIT_PAGE, VISIT_JSON };

enum visit_state {
	VISIT_AT_THE_DOOR, /* who is it? */
	VISIT_INSIDE,      /* waits for what the processes say */
};

struct visit { /* one HTTP request that is not answered yet */
	TAILQ_ENTRY(visit) link;
	struct http_exchange *exchange; /* NULL: the client has left */
	enum visit_page page;
	bool local; /* came to the page of this machine */
	enum visit_state state;
	enum expose_form form;
	bool gzip;
	char *token; /* until it is asked about; then wiped */
	struct access_key key;
	bool known; /* the token was allowed before */
	char peer[PEER_MAX];
};

struct review { /* a token that the API server is asked about */
	bool used;
	struct access_key key;
	bool known;
	char peer[PEER_MAX];
};

struct peer_view { /* what one process told */
	struct snapshot told, coming;
	bool up, pending;
};

struct metricsd {
	struct metricsd_options options; /* first */

	struct http_server *metrics, *health;
	struct http_server *page; /* plain, without token, of a loopback address; or NULL */
	struct tls *tls;          /* NULL: metrics are plain, and for everybody */
	int64_t cert_look_ms;
	struct kube *kube; /* NULL: nobody is asked about tokens */
	struct access_cache access;
	struct review reviews[REVIEWS_MAX];

	TAILQ_HEAD(visit_list, visit) visits;

	bool collecting;
	uint64_t round; /* of collecting, so that late answers are known as such */
	int64_t began_ms;
	size_t n_pending;
	struct peer_view peers[PROC_COUNT];
	struct snapshot own;
	struct tree tree;

	bool is_showing; /* the status page is being made */
	bool board_whole;
	size_t showing; /* questions for it that are open */
	uint64_t showing_round;
	struct board board;
};

/* metricsd.c */
int metricsd_init(struct proc *p, struct err *err);
int64_t metricsd_turn(struct proc *p, struct now now);
void metricsd_done(struct proc *p);

/* collect.c */
/* Is this a process that is asked? */
bool collect_asks(enum proc_id q);
void collect_begin(struct proc *p);
/* Ends it once every process has answered or run out of time; true: it has ended. */
bool collect_end(struct proc *p);
void on_metrics(struct proc *p, const struct msg_in *in);

/* review.c: what the API server says of a token is then in m->access. */
/*
 * Asks about the visit's token, if it is not being asked about already and there is room; the token
 * is wiped once it was sent. false: it was sent before, and what came of it does not count any
 * more.
 */
bool review_ask(struct proc *p, struct visit *v);

/* visit.c */
extern const struct http_ops visit_metrics_ops, visit_health_ops, visit_page_ops;
/* Lets in whom the API server knows, sends away whom it does not. */
void visits_admit(struct proc *p);
/* Somebody waits inside for metrics or health; for the status page. */
bool visits_wait(const struct metricsd *m, bool for_page);

/* answer.c */
const char *visit_path(enum visit_page page);
/* Answers and ends the visit. */
void visit_answer(struct proc *p, struct visit *v, const struct http_answer *answer);
/* The same with a few words. */
void visit_dismiss(struct proc *p, struct visit *v, int code, const char *text);
/* A few words to somebody of whom there is no visit. What is asked besides the known paths is
 * counted as "other". */
void visit_say(struct proc *p, struct http_exchange *x, const char *path, int code,
	       const char *text);
/* Without an answer. */
void visit_free(struct metricsd *m, struct visit *v);
/* The API server could not be asked about this token. */
void visits_unknown(struct proc *p, const struct access_key *key);

/* serve.c: answers all who are inside; those who want the status page, or the others. */
void serve_inside(struct proc *p, bool page);
/* The body of /healthz or /readyz; whether all is well. */
bool serve_health(struct proc *p, bool ready, struct buf *body);

/* show.c: the status page. It is ready to be answered when is_showing and nothing is open. */
void show_begin(struct proc *p);
const char *show_type(enum visit_page page);
void show_text(struct proc *p, bool html, struct buf *body);
void on_images_explained(struct proc *p, const struct msg_in *in);
void on_queue_explained(struct proc *p, const struct msg_in *in);
void on_changes(struct proc *p, const struct msg_in *in);

#endif
