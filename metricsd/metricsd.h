/*
 * metricsd serves what the other processes measure: metrics for Prometheus, health for the kubelet,
 * a status page. For each request it gets the metrics of every process (metrics_get), each within a
 * quarter of a second; of a process that does not answer it serves the last values, and that it is
 * not up. It owns no metrics but those about itself, writes nothing and decides nothing.
 *
 * With --metrics-secure it has the API server review the token of a request: which user it belongs
 * to and whether that user is authorized. Only then does it start a Kubernetes client (must 8).
 *
 * Its parts: listen, negotiate, expose, snapshot, health, access, review_json, stats and page are
 * pure; collect and show use the sockets of the processes, review the API server; request, serve
 * and answer use HTTP.
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
#include "metricsd/stats.h"
#include "metricsd/listen.h"
#include "metricsd/negotiate.h"
#include "metricsd/snapshot.h"
#include "metricsd/tree.h"

/* Time limit of each page of a process's metrics, and of all of them. */
#define COLLECT_PAGE_MS 250
#define COLLECT_ALL_MS  1000
/* Connections of each server; a connection has one request at a time, so requests are bounded. */
#define CONNECTIONS_MAX 128
/* Connections of the page of this machine: a browser has six. */
#define CONNECTIONS_PAGE_MAX 32
/* Descriptors besides those connections: the other processes, the API server, files. */
#define DESCRIPTORS_OTHER 128
/*
 * Requests that wait for the review of a token that was never seen. When there are more, the oldest
 * one of the client address with the most of them gets a 503. Tokens that were allowed before are
 * not counted.
 */
#define STRANGERS_MAX 16
/* Reviews in flight: in all, of tokens never seen, and of those from one client address. The others
 * wait; the newest is reviewed first. */
#define REVIEWS_MAX          8
#define REVIEWS_STRANGER_MAX 6
#define REVIEWS_ADDRESS_MAX  4
#define REVIEW_MS            5000
/* Bytes of a client's numeric address with its NUL. */
#define PEER_MAX 64
/* While clients do not read their answers, an answer is reused for so long. */
#define RECENT_MS 1000
/* Certificate files are checked this often. */
#define CERT_LOOK_MS 2000

enum request_page { REQUEST_METRICS, REQUEST_READY, REQUEST_PAGE, REQUEST_JSON };

enum request_state {
	REQUEST_UNREVIEWED, /* its token has not been reviewed yet */
	REQUEST_ADMITTED,   /* waits for the answers of the processes */
};

struct request { /* one HTTP request that is not answered yet */
	TAILQ_ENTRY(request) link;
	struct http_exchange *exchange; /* NULL: the client has closed the connection */
	enum request_page page;
	bool local; /* received by the server on a loopback address */
	enum request_state state;
	enum expose_form form;
	bool gzip;
	char *token; /* wiped once its review is sent */
	struct access_key key;
	bool known; /* the token was allowed before */
	char peer[PEER_MAX];
};

struct review { /* of a token, by the API server; in flight */
	bool used;
	struct access_key key;
	bool known;
	char peer[PEER_MAX];
};

struct peer_view { /* the answers of one process */
	struct snapshot told, coming;
	bool up, pending;
};

struct metricsd {
	struct metricsd_options options; /* first */

	struct http_server *metrics, *health;
	struct http_server *page; /* plain, without token, of a loopback address; or NULL */
	struct tls *tls;          /* NULL: metrics are served without TLS and tokens */
	int64_t cert_look_ms;
	struct kube *kube; /* NULL: tokens are not reviewed */
	struct access_cache access;
	struct review reviews[REVIEWS_MAX];

	TAILQ_HEAD(request_list, request) requests;

	bool collecting;
	uint64_t round; /* of collecting, so that late answers are recognized */
	int64_t began_ms;
	size_t n_pending;
	struct peer_view peers[PROC_COUNT];
	struct snapshot own;
	struct tree tree;

	bool is_showing; /* the status page is being built */
	bool stats_whole;
	size_t showing; /* requests for it that are open */
	uint64_t showing_round;
	size_t shown_at; /* for stats_next_name() */
	struct stats stats;
};

/* metricsd.c */
int metricsd_init(struct proc *p, struct err *err);
int64_t metricsd_turn(struct proc *p, struct now now);
void metricsd_done(struct proc *p);

/* collect.c */
/* Does this process have metrics? */
bool collect_asks(enum proc_id q);
void collect_begin(struct proc *p);
/* Ends it once every process has answered or run out of time; true: it has ended. */
bool collect_end(struct proc *p);
void on_metrics(struct proc *p, const struct msg_in *in);

/* review.c: the result is then in m->access. */
/*
 * Sends the request's token to be reviewed, if it is not in review already and there is room, and
 * wipes it. false: the token was sent before, and the result of that review has expired.
 */
bool review_ask(struct proc *p, struct request *v);

/* request.c */
extern const struct http_ops request_metrics_ops, request_health_ops, request_page_ops;
/* Admits or refuses the requests whose tokens were reviewed. */
void requests_admit(struct proc *p);
/* Is there an admitted request for metrics or health, or for the status page? */
bool requests_wait(const struct metricsd *m, bool for_page);

/* answer.c */
const char *request_path(enum request_page page);
/* Answers the request and frees it. */
void request_answer(struct proc *p, struct request *v, const struct http_answer *answer);
/* The same, with a text. */
void request_refuse(struct proc *p, struct request *v, int code, const char *text);
/* Answers an exchange for which no request was made. Unknown paths are counted as "other". */
void request_reply(struct proc *p, struct http_exchange *x, const char *path, int code,
		   const char *text);
/* Frees it without an answer. */
void request_free(struct metricsd *m, struct request *v);
/* The review of this token failed: its requests are refused. */
void requests_not_reviewed(struct proc *p, const struct access_key *key);

/* serve.c: answers all admitted requests, those for the status page or the others. */
void serve_admitted(struct proc *p, bool page);
/* The body of /healthz or /readyz; true: healthy. */
bool serve_health(struct proc *p, bool ready, struct buf *body);

/* show.c: the status page. It is complete when is_showing and `showing` is 0. */
void show_begin(struct proc *p);
const char *show_type(enum request_page page);
void show_text(struct proc *p, bool html, struct buf *body);
void on_overview(struct proc *p, const struct msg_in *in);
void on_images_explained(struct proc *p, const struct msg_in *in);
void on_queue_explained(struct proc *p, const struct msg_in *in);
void on_held_explained(struct proc *p, const struct msg_in *in);
void on_report(struct proc *p, const struct msg_in *in);
void on_changes(struct proc *p, const struct msg_in *in);

#endif
