/*
 * Executes lease_decide(): one request at a time on the lease lane, without retries, with the end
 * of the term as deadline. A request without an answer closes the lane, because the connection may
 * be the reason.
 */
#include "kube/lease.h"

#include <stdlib.h>
#include <string.h>

#include "api/desc.h"
#include "api/kinds.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"

#include "kube/client.h"
#include "kube/lease_decide.h"
#include "kube/trouble.h"
#include "kube/urls.h"

/* One request: short enough for three in a term that is not renewed. */
#define REQUEST_MS 3000
/* Attempts to release before we leave it to the expiry. */
#define RELEASE_TRIES 3
/* The standby's rhythm: 2 s, give or take. */
#define POLL_MIN_MS    1800
#define POLL_SPREAD_MS 400

struct elector {
	struct kube *kube;
	struct elector_config config;
	void (*changed)(void *ctx);
	void *ctx;
	char *list_path, *path;
	struct lease_state state;
	enum lease_action doing; /* LEASE_WAIT: no request in flight */
	uint64_t request;
	int release_tries;
	bool released;
	bool ownerless; /* an owner was refused: no more of it */
	struct trouble told;
	/* What keeps us from holding it: */
	enum lease_trouble fault;
	bool fault_writing; /* of a write: a read that works does not end it */
	int64_t fault_ms;   /* since then */
	char fault_text[ERR_TEXT_MAX];
	int conflicts; /* in a row */
};

/* A conflict is what a race for the Lease looks like; so many in a row are none. */
#define CONFLICTS_MAX 2

static void set_term(struct elector *e, uint64_t term, int64_t until_ms)
{
	if (e->state.term == term && e->state.until_ms == until_ms)
		return;
	e->state.term = term;
	e->state.until_ms = until_ms;
	e->state.ever_led |= term != 0;
	if (e->changed != NULL)
		e->changed(e->ctx);
}

/* ---- answers ---- */

static int decode(const struct kube_answer *a, struct lease_record *ret, struct err *err)
{
	struct arena arena = ARENA_INIT;
	struct lease lease;
	int rc = desc_decode(kinds[KIND_LEASE].desc, a->body, a->len, false, &arena, &lease, err);
	/* Without it the next write would be refused, and the one after that. */
	if (rc == 0 && lease.meta.rv == 0)
		rc = err_set(err, ERR_RETRY, "the answer has no resourceVersion");
	if (rc == 0) {
		*ret = (struct lease_record){
			.exists = true,
			.duration_s = lease.duration_s,
			.transitions = lease.transitions > 0 ? lease.transitions : 0,
			.rv = lease.meta.rv,
		};
		snprintf(ret->holder, sizeof(ret->holder), "%s", lease.holder ? lease.holder : "");
		snprintf(ret->acquire_time, sizeof(ret->acquire_time), "%s",
			 lease.acquire_time ? lease.acquire_time : "");
	}
	arena_done(&arena);
	return rc;
}

static void fail(struct elector *e, enum lease_action doing, enum lease_trouble what, int code,
		 const char *text)
{
	struct err err = {0};
	int64_t now_ms = clock_boot_ms();
	bool writing = doing != LEASE_READ;
	e->state.failed = true;
	/* The write was wrong, or what came of it is not known: read before the next. */
	e->state.stale |= writing && what != LEASE_UNANSWERED && what != LEASE_SERVER_ERROR;
	if (e->fault == LEASE_FINE)
		e->fault_ms = now_ms;
	e->fault = what;
	e->fault_writing |= writing;
	if (code == 403)
		err_set(&err, ERR_TERMINAL,
			"lease %s/%s: not allowed; grant get, create and update on leases (RBAC): "
			"%s",
			e->config.ns, LEASE_NAME, text);
	else if (code != 0)
		err_set(&err, ERR_RETRY, "lease %s/%s: HTTP %d: %s", e->config.ns, LEASE_NAME, code,
			text);
	else
		err_set(&err, ERR_RETRY, "lease %s/%s: %s", e->config.ns, LEASE_NAME, text);
	snprintf(e->fault_text, sizeof(e->fault_text), "%s", err.text);
	log_debug("lease cannot be read or written", LS("error", err.text));
	if (trouble_tell(&e->told, writing, code, now_ms) && e->config.trouble != NULL)
		e->config.trouble(e->ctx, &err);
}

static void works(struct elector *e)
{
	trouble_over(&e->told);
	e->fault = LEASE_FINE;
	e->fault_writing = false;
	e->fault_text[0] = '\0';
}

/* The Lease as the server has it now; of a write: as we have written it. */
static void accepted(struct elector *e, enum lease_action doing, const struct kube_answer *a)
{
	struct lease_record record;
	struct err err = {0};
	if (decode(a, &record, &err) != 0) {
		fail(e, doing, LEASE_UNREADABLE, a->code, err.text);
		return;
	}
	/* Somebody else holds it and renews it: nothing is wrong with it. */
	bool held = record.holder[0] != '\0' && strcmp(record.holder, e->config.identity) != 0 &&
		    e->state.known && record.rv != e->state.seen.rv;
	if (held || doing != LEASE_READ)
		e->conflicts = 0;
	if (held || doing != LEASE_READ || !e->fault_writing)
		works(e);
	lease_observe(&e->state, &record, clock_boot_ms());
	if (doing == LEASE_READ || e->state.releasing)
		return;
	if (strcmp(record.holder, e->config.identity) == 0)
		set_term(e, (uint64_t)record.transitions + 1, a->sent_ms + LEASE_GIVE_UP_MS);
}

/*
 * OwnerReferencesPermissionEnforcement wants the right to delete what gets an owner. The Lease
 * without one does as well; it only stays when the operator goes.
 */
static bool owner_of(const struct elector *e, struct api_owner *ret)
{
	return !e->ownerless && kube_owner(e->kube, e->config.ns, ret);
}

static void on_answer(void *ctx, const struct kube_answer *a)
{
	struct elector *e = ctx;
	enum lease_action doing = e->doing;
	struct api_owner owner;
	e->doing = LEASE_WAIT;
	e->request = 0;
	e->state.failed = false;
	if (a->code == 200 || a->code == 201) {
		accepted(e, doing, a);
	} else if (a->code == 404 && doing != LEASE_CREATE) {
		if (!e->fault_writing)
			works(e);
		lease_observe(&e->state, &(struct lease_record){0}, clock_boot_ms());
	} else if (a->code == 409 && doing != LEASE_READ && e->conflicts++ < CONFLICTS_MAX) {
		e->state.stale = true; /* another client wrote first: read it at once */
	} else if (a->code == 403 && doing != LEASE_READ && owner_of(e, &owner)) {
		e->ownerless = true; /* at once without it */
	} else {
		e->ownerless = false;
		fail(e, doing, lease_trouble_of(a->code), a->code, a->message);
		if (a->code == 0)
			kube_close_lane(e->kube, KUBE_LEASE);
	}
}

/* ---- requests ---- */

static void encode(const struct elector *e, const struct lease_decision *v, struct buf *out)
{
	char now[TIME_TEXT_MAX];
	const struct lease_record *seen = &e->state.seen;
	bool renews = v->action != LEASE_CREATE && v->action != LEASE_TAKE;
	bool releases = v->action == LEASE_RELEASE;
	struct api_owner owner;
	bool owned = owner_of(e, &owner);
	time_format_us(now, clock_wall_us());
	const struct lease lease = {
		.meta = {.name = LEASE_NAME,
			 .ns = e->config.ns,
			 .rv = v->action == LEASE_CREATE ? 0 : seen->rv,
			 .owners = {&owner, owned ? 1 : 0}},
		.holder = releases ? "" : e->config.identity,
		.duration_s = releases ? 1 : LEASE_DURATION_S,
		.transitions = v->transitions,
		.acquire_time = renews && seen->acquire_time[0] ? seen->acquire_time : now,
		.renew_time = now,
	};
	desc_encode(kinds[KIND_LEASE].desc, &lease, out);
}

static void send(struct elector *e, const struct lease_decision *v, int64_t now_ms)
{
	struct buf body = {0};
	bool reads = v->action == LEASE_READ, creates = v->action == LEASE_CREATE;
	int64_t deadline = now_ms + REQUEST_MS;
	if (e->state.term != 0 && deadline > e->state.until_ms)
		deadline = e->state.until_ms;
	if (!reads)
		encode(e, v, &body);
	e->doing = v->action;
	e->state.last_ms = now_ms;
	e->state.poll_ms = POLL_MIN_MS + kube_random() % POLL_SPREAD_MS;
	struct kube_request req = {
		.method = reads     ? KUBE_GET
			  : creates ? KUBE_POST
				    : KUBE_PUT,
		.lane = KUBE_LEASE,
		.path = creates ? e->list_path : e->path,
		.body = body.data,
		.body_len = body.len,
		.deadline_ms = deadline,
		.once = true,
	};
	e->request = kube_send(e->kube, &req, on_answer, e);
	buf_done(&body);
}

static void release_step(struct elector *e, const struct lease_decision *v)
{
	/* Tries are counted when they are made; the read in between is one too. */
	if (v->action == LEASE_DONE ||
	    (v->action != LEASE_WAIT && e->release_tries++ >= RELEASE_TRIES))
		e->released = true;
}

int64_t elector_turn(struct elector *e, int64_t now_ms)
{
	if (!e->config.enabled || e->released)
		return CLOCK_NEVER;
	struct lease_decision v = lease_decide(&e->state, e->config.identity, now_ms);
	if (v.lost)
		set_term(e, 0, 0);
	if (e->doing != LEASE_WAIT)
		return e->state.term != 0 ? e->state.until_ms : CLOCK_NEVER;
	if (e->state.releasing)
		release_step(e, &v);
	if (e->released)
		return CLOCK_NEVER;
	if (v.action == LEASE_WAIT)
		return v.at_ms;
	send(e, &v, now_ms);
	return e->state.term != 0 ? e->state.until_ms : CLOCK_NEVER;
}

/* ---- for the owner ---- */

struct elector *elector_new(struct kube *k, const struct elector_config *config,
			    void (*changed)(void *ctx), void *ctx)
{
	struct elector *e = xcalloc(1, sizeof(*e));
	struct arena arena = ARENA_INIT;
	e->kube = k;
	e->config = *config;
	e->config.ns = xstrdup(config->ns ? config->ns : "");
	e->config.identity = xstrdup(config->identity ? config->identity : "");
	e->changed = changed;
	e->ctx = ctx;
	e->list_path = xstrdup(url_list(&arena, KIND_LEASE, e->config.ns));
	e->path = xstrdup(url_named(&arena, KIND_LEASE, e->config.ns, LEASE_NAME));
	arena_done(&arena);
	if (!config->enabled) {
		e->state.term = 1;
		e->state.until_ms = CLOCK_NEVER;
	}
	return e;
}

void elector_free(struct elector *e)
{
	if (e == NULL)
		return;
	if (e->request != 0) {
		e->changed = NULL;
		e->config.trouble = NULL;
		kube_cancel(e->kube, e->request);
	}
	free((char *)e->config.ns);
	free((char *)e->config.identity);
	free(e->list_path);
	free(e->path);
	free(e);
}

uint64_t elector_term(const struct elector *e)
{
	return e->state.term;
}

int64_t elector_until_ms(const struct elector *e)
{
	return e->state.until_ms;
}

bool elector_known(const struct elector *e)
{
	return !e->config.enabled || e->state.known;
}

enum lease_trouble elector_trouble(const struct elector *e, int64_t now_ms)
{
	bool leads = e->state.term != 0 && now_ms < e->state.until_ms;
	return leads || now_ms - e->fault_ms < LEASE_TROUBLE_MS ? LEASE_FINE : e->fault;
}

const char *elector_trouble_text(const struct elector *e)
{
	return e->fault_text;
}

void elector_release(struct elector *e)
{
	if (e->state.releasing)
		return;
	e->state.releasing = true;
	set_term(e, 0, 0);
}

bool elector_released(const struct elector *e)
{
	return !e->config.enabled || e->released;
}
