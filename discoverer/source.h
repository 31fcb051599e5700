/*
 * One source, asked once. A backend is a struct source_ops in a file of its own
 * (source_<type>.c): it checks its part of the spec, sends its requests through the limiter and
 * puts the answers into query->results. query.c has what all backends share: reading the Secret,
 * the deadline, and the end of the query.
 */
#ifndef DROP_DISCOVERER_SOURCE_H
#define DROP_DISCOVERER_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/kinds.h"
#include "base/arena.h"
#include "kube/kube.h"

#include "discoverer/registry/auth.h"
#include "discoverer/fault.h"
#include "discoverer/registry/limiter.h"
#include "discoverer/results.h"
#include "discoverer/secret_rule.h"

struct plan_queries; /* discoverer/plan.h */
struct tokens;       /* discoverer/registry/tokens.h */
struct usage_reader; /* discoverer/usage_reader.h */
struct query;

/* Deadline of a whole query, ms; a registry may need many requests. */
#define QUERY_TIME_MS 120000
/* Deadline for reading the Secret, ms. */
#define QUERY_SECRET_MS 10000

/*
 * Bytes of a query string that still goes into a URL: nginx takes 8 KiB with all of the line. A
 * longer one is posted as a form, which Prometheus and Loki take, too.
 */
#define URL_QUERY_MAX 4096

struct source_ops {
	const char *type;
	/* Is this part of the spec valid? Pure. ERR_TERMINAL: which field is not, and why. */
	int (*check)(const struct discovery_source *spec, struct err *err);
	/* The URL that it asks, for people (query_shown) and for metrics. NULL: it asks no server. */
	const char *(*url)(const struct discovery_source *spec);
	/*
	 * The Secret was read: its docker configuration, for sources that can use one; NULL: this
	 * one can't. ERR_TERMINAL: there is none in it for this source.
	 */
	int (*login)(struct query *q, struct err *err);
	/* Sends; ends later by query_end(). */
	void (*start)(struct query *q);
	/* Stops what is under way and frees q->backend; after start, also when it has ended. */
	void (*stop)(struct query *q);
};

extern const struct source_ops source_prometheus, source_loki, source_registry, source_cluster;

/* By spec.sources[].type; NULL: unknown type. */
const struct source_ops *source_ops_find(const char *type);

/* Is each valid? ERR_TERMINAL: which is not, and why. */
int queries_check(const struct plan_queries *queries, struct err *err);

struct query_env { /* what all queries share */
	struct kube *kube;
	struct limiter *limiter;
	struct tokens *tokens;
	struct usage_reader *usage;
	const char *pod_namespace;
	const struct discoverer_options *options;
};

struct query {
	const struct query_env *env;
	const struct source_ops *ops;
	struct arena mem;
	const struct discovery_source *spec; /* a copy */
	const void *group;
	struct auth auth;
	struct results results;
	void *backend;
	int64_t began_ms, took_ms;
	size_t samples;          /* samples that were read, if the source has samples */
	uint64_t secret_request; /* 0: none is open */
	bool started;            /* ops->start() was called */
	bool plain;              /* credentials went over http */

	bool ended;
	enum fault fault;           /* FAULT_NONE: results are whole */
	bool partial;               /* failed, but results are worth something */
	int64_t retry_after_ms;     /* the server asked for it */
	char text[ERR_TEXT_MAX];    /* why it failed */
	char warning[ERR_TEXT_MAX]; /* warnings of a query that succeeded */
	char note[ERR_TEXT_MAX];    /* why it has no results though it did not fail; "": none */
};

/*
 * Query i of a spec, with its signals; all is copied. group: requests of one count together
 * (discoverer/registry/limiter.h).
 */
struct query *query_new(const struct query_env *env, const struct plan_queries *queries, size_t i,
			const struct discovery_signals *signals, const void *group,
			bool keep_dropped);
/* NULL is fine; stops it if need be. */
struct query *query_free(struct query *q);
/* query_end.c. The first call counts. The text is made fit for people, and for eyes that may see no
 * secret. */
void query_end(struct query *q, enum fault fault, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* What it asks, for people and for metrics, without user and query. */
const char *query_shown(const struct query *q, struct arena *a);
/* Time passed. Returns when it has to be called again. */
int64_t query_tick(struct query *q, int64_t now_ms);

/* For the backends: a URL's parts, or false after query_end(). */
struct weburl;
bool query_url(struct query *q, const char *text, struct weburl *ret);
/* A GET of JSON at it with what the query logs in with; its handlers get the query as ctx. */
struct job query_job(struct query *q, const struct weburl *url,
		     int (*sink)(void *ctx, const char *bytes, size_t n),
		     void (*done)(void *ctx, const struct fetch_result *result));

#endif
