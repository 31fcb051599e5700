/*
 * The reflector's I/O: opens the streams that reflector_step() selects, feeds the parsers, and
 * calls its owner. Streams are started from its timer only, never from inside a callback of a
 * parser, so that no parser is reset while it runs. Invariant: either `stream` is open, or `next`
 * says what the timer will start.
 */
#include "kube/reflector.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"

#include "kube/client.h"
#include "kube/list_scan.h"
#include "kube/reflector_step.h"
#include "kube/retry.h"
#include "kube/api_status.h"
#include "kube/trouble.h"
#include "kube/urls.h"
#include "kube/version.h"
#include "kube/watch_parse.h"

#define PAGE_DEFAULT 500
/* A watch is renewed after a random time in this range, so that watches do not end together. */
#define WATCH_MIN_S 300
#define WATCH_MAX_S 600
/* Without bookmarks: sooner than idle_ms. */
#define WATCH_QUIET_MIN_S 50
#define WATCH_QUIET_MAX_S 75
/* A watch that the server ends sooner, and without an event, counts as a failure. */
#define WATCH_SHORT_MS 1000
/* Clean ends, 410s: rest when they come in a row. First failure: quick. */
#define BACKOFF_FIRST_MS 200
#define BACKOFF_MAX_MS   10000

/* No byte for so long: the stream is given up. Bookmarks come about every minute. */
static const int64_t idle_ms[RS_STATES] = {
	[RS_WATCHLIST] = 15000,
	[RS_PAGING] = 60000,
	[RS_WATCHING] = 90000,
	[RS_CHECKING] = 15000,
};

struct reflector {
	struct kube *kube;
	const struct reflector_ops *ops;
	void *ctx;
	char *path, *selector; /* selector: "&labelSelector=...&fieldSelector=..." or "" */
	bool uncached;
	size_t page;
	enum reflector_state state;
	struct transfer *stream;
	struct alarm alarm;
	enum reflector_action next; /* stream NULL: what the timer starts; no RA_*_LATER */
	struct watch_parser parser;
	struct list_scanner scanner;
	char rv[WATCH_RV_MAX];
	char was[WATCH_RV_MAX]; /* rv when the list under way began; "" for the first */
	bool events;            /* something came on this stream */
	bool fresh;             /* the last stream went silent: use another connection */
	int failures;           /* in a row */
	bool unreachable;       /* the last of them came without an answer */
	int64_t began_ms, opened_ms;
	int64_t lost_ms; /* since then no watch has said anything; 0: it works */
	struct trouble trouble;
};

static void open_next(struct reflector *r);
static void react(struct reflector *r, enum reflector_event event, int code, const char *text,
		  int64_t after_ms);

/* ---- telling ---- */

static void tell(struct reflector *r, enum reflector_event event, int code, const char *text)
{
	struct err err = {0};
	if (!trouble_tell(&r->trouble, (int)event, code, clock_boot_ms()))
		return;
	if (code == 404)
		err_set(&err, ERR_TERMINAL,
			"%s: the server does not know this resource (are the "
			"CustomResourceDefinitions installed?)",
			r->path);
	else if (code == 403)
		err_set(&err, ERR_TERMINAL,
			"%s: not allowed; grant list and watch on it (RBAC): %s", r->path, text);
	else if (code == 401)
		err_set(&err, ERR_TERMINAL, "%s: the server does not accept our credentials",
			r->path);
	else if (code != 0)
		err_set(&err, ERR_RETRY, "%s: HTTP %d: %s", r->path, code, text);
	else
		err_set(&err, ERR_RETRY, "%s: %s", r->path, text);
	r->ops->trouble(r->ctx, &err);
}

/* ---- what the parsers find ---- */

static void on_watch_event(void *ctx, const struct watch_event *e)
{
	struct reflector *r = ctx;
	r->events = true;
	if (e->type == WATCH_ERROR) {
		struct status status;
		status_decode(e->object.at, e->object.len, &status);
		react(r, reflector_event_of(e->code), e->code, status.message, 0);
		return;
	}
	r->failures = 0;
	r->lost_ms = 0;
	if (e->type != WATCH_BOOKMARK)
		r->ops->object(r->ctx, e->type == WATCH_DELETED, e->object.at, e->object.len);
	if (r->parser.stop) /* the owner asked for a resync */
		return;
	if (r->state == RS_WATCHING)
		memcpy(r->rv, e->rv, sizeof(r->rv));
	if (r->state == RS_WATCHLIST && e->initial_end) {
		memcpy(r->rv, e->rv, sizeof(r->rv));
		react(r, RE_SYNCED, 0, "", 0);
	}
}

static void on_item(void *ctx, const char *json, size_t len)
{
	struct reflector *r = ctx;
	if (r->state == RS_PAGING)
		r->ops->object(r->ctx, false, json, len);
}

/*
 * An object that is larger than the parsers take is left out: a list goes on without it. In a watch
 * an older version of it may be known, so all are listed again, which drops it.
 */
static void tell_skipped(struct reflector *r, enum reflector_state state)
{
	struct err err;
	err_set(&err, ERR_TERMINAL, "%s: an object of more than %d bytes is left out", r->path,
		WATCH_EVENT_MAX);
	r->ops->trouble(r->ctx, &err);
	if (state == RS_WATCHING && r->stream != NULL)
		react(r, RE_GONE, 0, err.text, 0);
}

static void on_data(void *ctx, const char *bytes, size_t n)
{
	struct reflector *r = ctx;
	struct err err;
	bool list = r->state == RS_PAGING || r->state == RS_CHECKING;
	size_t skipped = r->parser.skipped + r->scanner.skipped;
	enum reflector_state state = r->state;
	int rc = list ? list_scan(&r->scanner, bytes, n, on_item, r, &err)
		      : watch_parse(&r->parser, bytes, n, on_watch_event, r, &err);
	if (rc != 0 && r->stream != NULL)
		react(r, RE_BROKEN, 0, err.text, 0);
	else if (r->parser.skipped + r->scanner.skipped > skipped)
		tell_skipped(r, state);
}

/* ---- how streams end ---- */

/* Versions are numbers that grow (KEP-5504); what is none is never behind. */
static bool behind(const char *version, const char *known)
{
	char *end_version, *end_known;
	unsigned long long v = strtoull(version, &end_version, 10);
	unsigned long long k = strtoull(known, &end_known, 10);
	return *version != '\0' && *end_version == '\0' && *end_known == '\0' && v < k;
}

static void check_done(struct reflector *r)
{
	bool away = r->lost_ms != 0 && clock_boot_ms() - r->lost_ms >= REFLECTOR_OUTAGE_MS;
	if (behind(r->scanner.rv, r->rv))
		react(r, RE_GONE, 410, "its version is older than ours: its store was restored", 0);
	else if (away)
		react(r, RE_GONE, 410, "it was away for too long", 0);
	else
		react(r, RE_SYNCED, 200, "", 0);
}

static void page_done(struct reflector *r)
{
	struct err err;
	if (list_scan_end(&r->scanner, &err) != 0) {
		react(r, RE_BROKEN, 0, err.text, 0);
		return;
	}
	if (r->state == RS_CHECKING) {
		check_done(r);
		return;
	}
	if (r->rv[0] == '\0') /* of the first page: the oldest is the safe one */
		memcpy(r->rv, r->scanner.rv, sizeof(r->rv));
	react(r, r->scanner.token[0] ? RE_MORE : RE_SYNCED, 0, "", 0);
}

static void on_done(void *ctx, const struct transport_result *result)
{
	struct reflector *r = ctx;
	r->stream = NULL;
	if (result->code >= 200 && result->code < 300) {
		if (r->state == RS_PAGING || r->state == RS_CHECKING)
			page_done(r);
		else
			react(r, RE_END, 0, "the server ended the watch", 0);
		return;
	}
	if (result->code == 0) {
		react(r, RE_BROKEN, 0, result->error, 0);
		return;
	}
	struct status status;
	status_decode(result->body, result->len, &status);
	int64_t after = result->retry_after_ms ? result->retry_after_ms : status.retry_after_ms;
	if (result->code == 401 && kube_renew_credentials(r->kube))
		log_debug("credentials were refused and reloaded", LS("path", r->path));
	react(r, reflector_event_of(result->code), result->code, status.message, after);
}

static void close_stream(struct reflector *r)
{
	r->parser.stop = r->scanner.stop = true;
	if (r->stream != NULL)
		transport_stop(r->stream);
	r->stream = NULL;
}

/* ---- what to do about it ---- */

static void schedule(struct reflector *r, enum reflector_action next, int64_t delay_ms)
{
	r->next = next;
	timer_set(&r->kube->timers, &r->alarm.timer, clock_boot_ms() + delay_ms);
}

static bool is_failure(const struct reflector *r, enum reflector_event event)
{
	switch (event) {
	case RE_SYNCED:
	case RE_MORE:
		return false;
	case RE_END:
		return r->state == RS_WATCHLIST ||
		       (!r->events && clock_boot_ms() - r->opened_ms < WATCH_SHORT_MS);
	default:
		return true;
	}
}

/* A server that answers again after an outage is not to be punished for the outage. */
static void count_failure(struct reflector *r, enum reflector_event event, int code)
{
	/* That the version is right does not mean that the watch works. */
	if (r->state == RS_CHECKING && event == RE_SYNCED)
		return;
	if (r->unreachable && code != 0)
		r->failures = 0;
	r->unreachable = code == 0;
	r->failures = is_failure(r, event) ? r->failures + 1 : 0;
	bool lost = event == RE_IDLE || event == RE_BROKEN || event == RE_UNABLE;
	if (lost && r->lost_ms == 0)
		r->lost_ms =
			r->stream != NULL ? transport_last_byte_ms(r->stream) : clock_boot_ms();
}

static void synced(struct reflector *r)
{
	r->failures = 0;
	r->lost_ms = 0;
	trouble_over(&r->trouble);
	if (behind(r->rv, r->was) && r->ops->went_back != NULL)
		r->ops->went_back(r->ctx);
	r->was[0] = '\0';
	r->ops->synced(r->ctx, r->began_ms);
}

static void react(struct reflector *r, enum reflector_event event, int code, const char *text,
		  int64_t after_ms)
{
	enum reflector_state was = r->state;
	count_failure(r, event, code);
	struct reflector_step step = reflector_step(was, event, r->failures);
	int64_t wait =
		retry_backoff_ms(r->failures, BACKOFF_FIRST_MS, BACKOFF_MAX_MS, kube_random());
	if (after_ms > wait)
		wait = after_ms < RETRY_AFTER_MAX_MS ? after_ms : RETRY_AFTER_MAX_MS;
	log_debug("reflector", LS("path", r->path), LN("state", was), LN("event", event),
		  LN("code", code), LN("action", step.action), LN("failures", r->failures),
		  LS("text", text));
	r->fresh = event == RE_IDLE;
	if (was == RS_WATCHLIST)
		r->kube->watchlist_strikes += step.strikes;
	if (step.action == RA_STAY) {
		r->state = RS_WATCHING;
		synced(r);
		return;
	}
	close_stream(r);
	switch (step.action) {
	case RA_CHECK_LATER:
		schedule(r, RA_CHECK, wait);
		break;
	case RA_LIST_LATER:
		schedule(r, RA_LIST, wait);
		break;
	default:
		schedule(r, step.action, 0);
		break;
	}
	if (step.trouble)
		tell(r, event, code, text);
	if (event == RE_SYNCED && was == RS_PAGING)
		synced(r);
}

/* ---- opening streams ---- */

static void open_url(struct reflector *r, enum reflector_state state, struct buf *url)
{
	r->state = state;
	r->events = false;
	r->opened_ms = clock_boot_ms();
	watch_parser_reset(&r->parser);
	list_scanner_reset(&r->scanner);
	r->stream = transport_start(r->kube->transport, &(struct transport_call){
								.lane = KUBE_WATCH,
								.method = KUBE_GET,
								.path = url->data,
								.fresh = r->fresh,
								.data = on_data,
								.done = on_done,
								.ctx = r,
							});
	buf_done(url);
	timer_set(&r->kube->timers, &r->alarm.timer, r->opened_ms + idle_ms[state]);
}

static void open_stream(struct reflector *r, enum reflector_state state, struct buf *url)
{
	buf_adds(url, r->selector);
	open_url(r, state, url);
}

static unsigned watch_seconds(const struct reflector *r)
{
	unsigned min = r->uncached ? WATCH_QUIET_MIN_S : WATCH_MIN_S;
	unsigned max = r->uncached ? WATCH_QUIET_MAX_S : WATCH_MAX_S;
	return min + kube_random() % (max - min + 1);
}

static void begin_list(struct reflector *r)
{
	r->kube->counters.lists++;
	if (r->rv[0] != '\0')
		memcpy(r->was, r->rv, sizeof(r->was));
	r->rv[0] = '\0';
	r->began_ms = clock_boot_ms();
	if (r->ops->opened != NULL)
		r->ops->opened(r->ctx, false);
	r->ops->begin(r->ctx);
}

static void open_watchlist(struct reflector *r)
{
	struct buf url = {0};
	begin_list(r);
	/* No resourceVersion: the initial events are a consistent read (KEP-3157). */
	buf_addf(&url,
		 "%s?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
		 "&allowWatchBookmarks=true&timeoutSeconds=%u",
		 r->path, watch_seconds(r));
	open_stream(r, RS_WATCHLIST, &url);
}

/* token NULL: the first page, without a resourceVersion: a consistent read. */
static void open_page(struct reflector *r, size_t limit, const char *token)
{
	struct buf url = {0};
	if (token == NULL)
		begin_list(r);
	buf_addf(&url, "%s?limit=%zu", r->path, limit); /* 0: all */
	if (token != NULL) {
		buf_adds(&url, "&continue=");
		url_escape(&url, token);
	}
	open_stream(r, RS_PAGING, &url);
}

static void open_watch(struct reflector *r)
{
	struct buf url = {0};
	r->kube->counters.watches++;
	if (r->ops->opened != NULL)
		r->ops->opened(r->ctx, true);
	buf_addf(&url, "%s?watch=true&allowWatchBookmarks=true&timeoutSeconds=%u&resourceVersion=",
		 r->path, watch_seconds(r));
	url_escape(&url, r->rv);
	open_stream(r, RS_WATCHING, &url);
}

/* One object, of all: with a selector an old server would search for a first one that matches. */
static void open_check(struct reflector *r)
{
	struct buf url = {0};
	buf_addf(&url, "%s?limit=1", r->path);
	open_url(r, RS_CHECKING, &url);
}

static void open_next(struct reflector *r)
{
	char token[LIST_TOKEN_MAX];
	switch (r->next) {
	case RA_NEXT_PAGE:
		memcpy(token, r->scanner.token, sizeof(token));
		open_page(r, r->page, token);
		break;
	case RA_WATCH:
		open_watch(r);
		break;
	case RA_CHECK:
		open_check(r);
		break;
	case RA_LIST_WHOLE:
		open_page(r, 0, NULL);
		break;
	case RA_LIST:
		if (!r->uncached && r->kube->watchlist_strikes < REFLECTOR_STRIKES_MAX) {
			open_watchlist(r);
			break;
		}
		version_ask(r->kube);
		/* fall through */
	default:
		open_page(r, r->page, NULL);
		break;
	}
}

static void on_timer(void *ctx)
{
	struct reflector *r = ctx;
	if (r->stream == NULL) {
		open_next(r);
		return;
	}
	int64_t until = transport_last_byte_ms(r->stream) + idle_ms[r->state];
	if (clock_boot_ms() < until)
		timer_set(&r->kube->timers, &r->alarm.timer, until);
	else
		react(r, RE_IDLE, 0, "no byte for too long, connecting again", 0);
}

/* ---- for the owner ---- */

static void add_selector(struct buf *b, const char *name, const char *selector)
{
	if (selector == NULL || *selector == '\0')
		return;
	buf_addf(b, "&%s=", name);
	url_escape(b, selector);
}

static char *selector_part(const struct reflector_config *config)
{
	struct buf b = {0};
	buf_adds(&b, "");
	add_selector(&b, "labelSelector", config->label_selector);
	add_selector(&b, "fieldSelector", config->field_selector);
	return b.data;
}

struct reflector *reflector_new(struct kube *k, const struct reflector_config *config,
				const struct reflector_ops *ops, void *ctx)
{
	struct reflector *r = xcalloc(1, sizeof(*r));
	r->kube = k;
	r->ops = ops;
	r->ctx = ctx;
	r->path = xstrdup(config->path);
	r->selector = selector_part(config);
	r->uncached = config->uncached;
	r->page = config->page ? config->page : PAGE_DEFAULT;
	r->alarm = (struct alarm){.fire = on_timer, .ctx = r};
	schedule(r, RA_LIST, 0);
	return r;
}

void reflector_free(struct reflector *r)
{
	if (r == NULL)
		return;
	close_stream(r);
	timer_stop(&r->kube->timers, &r->alarm.timer);
	watch_parser_done(&r->parser);
	list_scanner_done(&r->scanner);
	free(r->path);
	free(r->selector);
	free(r);
}

void reflector_resync(struct reflector *r)
{
	close_stream(r);
	schedule(r, RA_LIST, 0);
}

int64_t reflector_began_ms(const struct reflector *r)
{
	return r->began_ms;
}

bool reflector_live(const struct reflector *r)
{
	return r->state == RS_WATCHING && r->stream != NULL && r->failures == 0;
}
