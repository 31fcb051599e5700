/*
 * See inquiry.h. A step ends with the next one or with finish(). Invariant: `ended` is set once;
 * credentials live in `logins` and end with the inquiry.
 */
#include "discoverer/facts/inquiry.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "kube/urls.h"

#include "discoverer/facts/endpoints.h"
#include "discoverer/facts/hosts.h"
#include "discoverer/registry/client.h"
#include "discoverer/registry/pull_logins.h"
#include "discoverer/registry/repository.h"

enum step { STEP_HEAD, STEP_GET, STEP_PLATFORM };

struct inquiry {
	const struct inquiry_env *env;
	struct arena mem;
	const char **secrets;
	size_t n_secrets, next_secret;
	uint64_t secret_request; /* 0: none is open */
	bool platforms, bytes, sparing, ended;
	const char **sized;
	size_t n_sized;
	char have[DIGEST_SIZE];
	uint64_t number;
	int64_t deadline_ms;
	struct endpoint at;
	struct pull_logins logins;
	struct auth nobody;
	size_t login; /* the one that is tried; logins.n: none, anonymous */
	struct registry_client client;
	struct registry_call call;
	enum step step;
	EVP_MD_CTX *hash;
	struct manifest manifest; /* of the answer under way */
	bool readable;            /* it is one so far; the digest counts also if it is not */
	char want[DIGEST_SIZE];   /* that the bytes must have; "": any */
	struct platform_entry *entries;
	size_t n_entries, next_entry, n_read;
	struct image_facts facts;
};

static void finish(struct inquiry *q, enum facts_end end, int code)
{
	if (q->ended)
		return;
	q->ended = true;
	q->facts.end = end;
	q->facts.code = code;
}

/* The digest is what matters most: without the rest the answer is good, too. */
static void give_up(struct inquiry *q, enum facts_end end, int code)
{
	q->facts.missing = q->facts.digest[0] != '\0' ? end : FACTS_KNOWN;
	finish(q, q->facts.digest[0] != '\0' ? FACTS_KNOWN : end, code);
}

/* ---- requests ---- */

static bool nobody_asks(const struct inquiry *q)
{
	return q->login >= q->logins.n;
}

static void on_begin(void *ctx)
{
	struct inquiry *q = ctx;
	manifest_done(&q->manifest);
	q->readable = true;
	if (q->hash == NULL)
		q->hash = EVP_MD_CTX_new();
	if (q->hash == NULL || EVP_DigestInit_ex(q->hash, EVP_sha256(), NULL) != 1)
		abort();
}

static int on_bytes(void *ctx, const char *bytes, size_t n, struct err *why)
{
	struct inquiry *q = ctx;
	(void)why;
	if (EVP_DigestUpdate(q->hash, bytes, n) != 1)
		abort();
	struct err ignored;
	if (q->readable)
		q->readable = manifest_feed(&q->manifest, bytes, n, &ignored) == 0;
	return 0;
}

static void body_digest(struct inquiry *q, char out[DIGEST_SIZE])
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	if (EVP_DigestFinal_ex(q->hash, raw, &n) != 1)
		abort();
	int used = snprintf(out, DIGEST_SIZE, "sha256:");
	for (unsigned i = 0; i < n; i++)
		used += snprintf(out + used, DIGEST_SIZE - (size_t)used, "%02x", raw[i]);
}

static void on_answer(void *ctx, const struct registry_answer *answer);

static void ask(struct inquiry *q, enum step step, const char *target)
{
	q->step = step;
	q->client.auth = nobody_asks(q) ? &q->nobody : &q->logins.at[q->login].auth;
	q->client.auth->ca = q->at.ca;
	q->client.identity = nobody_asks(q) ? "/"
					    : arena_printf(&q->mem, "inquiry %" PRIu64 "/%zu",
							   q->number, q->login);
	q->call.url = repository_url(&q->mem, &q->client.home, q->at.repository,
				     arena_printf(&q->mem, "manifests/%s", target));
	q->call.head = step == STEP_HEAD;
	registry_call_start(&q->call);
}

/* Asks with GET if the limits allow it; false: the inquiry has ended. */
static bool ask_get(struct inquiry *q, enum step step, const char *target)
{
	if (!hosts_take_get(q->env->hosts, q->at.host, nobody_asks(q), q->sparing,
			    clock_boot_ms())) {
		give_up(q, q->sparing ? FACTS_SPARED : FACTS_BUDGET, 0);
		return false;
	}
	ask(q, step, target);
	return true;
}

/* ---- what went wrong ---- */

static void not_reached(struct inquiry *q, const struct fetch_result *res)
{
	if (res->barred) {
		give_up(q, FACTS_LOCAL, 0);
		return;
	}
	hosts_failed(q->env->hosts, q->at.host, clock_boot_ms());
	give_up(q, res->end == FETCH_TIMEOUT ? FACTS_LATE : FACTS_UNREACHABLE, 0);
}

/* Some registries answer 404 to clients without access, so another login may succeed. */
static bool next_login(struct inquiry *q, int code)
{
	if (q->facts.digest[0] != '\0' || (code != 401 && code != 403 && code != 404) ||
	    q->login + 1 >= q->logins.n)
		return false;
	q->login++;
	registry_call_forget(&q->call);
	ask(q, q->step, q->at.target);
	return true;
}

static void refused(struct inquiry *q, const struct registry_answer *answer)
{
	const struct fetch_result *res = answer->res;
	int code = res->code;
	int64_t now_ms = clock_boot_ms();
	if (res->end != FETCH_ANSWER) {
		not_reached(q, res);
	} else if (code == 429) {
		hosts_held(q->env->hosts, q->at.host, res->retry_after_ms, now_ms);
		give_up(q, FACTS_LIMITED, code);
	} else if (code >= 500 && !(code == 501 && q->step == STEP_HEAD)) {
		hosts_failed(q->env->hosts, q->at.host, now_ms);
		give_up(q, FACTS_FAILED, code);
	} else if (next_login(q, code)) {
		return;
	} else if (code == 401 || code == 403) {
		give_up(q, FACTS_UNAUTHORIZED, code);
	} else if (code == 404) {
		give_up(q, FACTS_NOT_FOUND, code);
	} else if (!answer->token_server && q->step == STEP_HEAD) {
		ask_get(q, STEP_GET, q->at.target); /* some registries do not support HEAD */
	} else {
		give_up(q, FACTS_REFUSED, code);
	}
}

/* ---- platforms and bytes ---- */

static const char *platform_name(struct inquiry *q, const struct platform_entry *e)
{
	return arena_printf(&q->mem, "%s/%s%s%s", e->os, e->arch, e->variant[0] != '\0' ? "/" : "",
			    e->variant);
}

static struct platform_facts *platform_of(const struct inquiry *q, const char *name)
{
	for (size_t i = 0; i < q->facts.n_platforms; i++)
		if (strcmp(q->facts.platforms[i].name, name) == 0)
			return &q->facts.platforms[i];
	return NULL;
}

static struct platform_facts *add_platform(struct inquiry *q, const char *name)
{
	struct platform_facts *p = &q->facts.platforms[q->facts.n_platforms++];
	snprintf(p->name, sizeof(p->name), "%s", name);
	return p;
}

/* The one of its entries that a node would take; NULL: none. */
static const struct platform_facts *best_for(const struct inquiry *q, const char *node)
{
	const struct platform_facts *best = NULL;
	int suits = 0;
	for (size_t i = 0; i < q->facts.n_platforms; i++) {
		int s = platform_suits(q->facts.platforms[i].name, node);
		if (s > suits)
			best = &q->facts.platforms[i];
		suits = s > suits ? s : suits;
	}
	return best;
}

static bool size_wanted(const struct inquiry *q, const struct platform_facts *p)
{
	for (size_t i = 0; i < q->n_sized; i++)
		if (best_for(q, q->sized[i]) == p)
			return true;
	return q->bytes;
}

/* The next entry of the index whose bytes are wanted, while they may be asked for. */
static void next_platform(struct inquiry *q)
{
	for (; q->next_entry < q->n_entries; q->next_entry++) {
		const struct platform_entry *e = &q->entries[q->next_entry];
		const struct platform_facts *p = platform_of(q, platform_name(q, e));
		if (p == NULL || p->bytes != 0 || q->n_read == INQUIRY_PLATFORMS_MAX ||
		    !size_wanted(q, p))
			continue;
		if (!hosts_take_get(q->env->hosts, q->at.host, nobody_asks(q), q->sparing,
				    clock_boot_ms())) {
			give_up(q, q->sparing ? FACTS_SPARED : FACTS_BUDGET, 0);
			return;
		}
		q->n_read++;
		snprintf(q->want, sizeof(q->want), "%s", e->digest);
		ask(q, STEP_PLATFORM, e->digest);
		return;
	}
	finish(q, FACTS_KNOWN, 200);
}

static void read_manifest(struct inquiry *q)
{
	struct err ignored;
	bool whole = q->readable && manifest_end(&q->manifest, &ignored) == 0;
	q->facts.index = whole && manifest_is_index(&q->manifest);
	if (!q->platforms || !whole) {
		if (q->platforms)
			give_up(q, FACTS_UNREADABLE, 200);
		finish(q, FACTS_KNOWN, 200);
		return;
	}
	q->n_entries = q->manifest.n_entries;
	q->entries = arena_memdup(&q->mem, q->manifest.entries, q->n_entries * sizeof(*q->entries));
	q->facts.platforms = arena_array(&q->mem, q->n_entries + 1, sizeof(*q->facts.platforms));
	if (!q->facts.index)
		add_platform(q, "")->bytes = q->manifest.bytes;
	for (size_t i = 0; i < q->n_entries; i++) {
		const char *name = platform_name(q, &q->entries[i]);
		if (platform_of(q, name) == NULL)
			add_platform(q, name);
	}
	next_platform(q);
}

static void read_platform(struct inquiry *q, bool whole)
{
	struct err ignored;
	struct platform_facts *p = platform_of(q, platform_name(q, &q->entries[q->next_entry++]));
	if (whole && q->readable && manifest_end(&q->manifest, &ignored) == 0 &&
	    !manifest_is_index(&q->manifest))
		p->bytes = q->manifest.bytes;
	next_platform(q);
}

/* ---- answers ---- */

static void got_head(struct inquiry *q, const struct fetch_result *res)
{
	bool told = digest_valid(res->digest);
	if (told && q->want[0] != '\0' && strcmp(q->want, res->digest) != 0) {
		finish(q, FACTS_DIGEST, res->code);
		return;
	}
	if (told)
		snprintf(q->facts.digest, sizeof(q->facts.digest), "%s", res->digest);
	if (told && (!q->platforms || strcmp(q->have, res->digest) == 0))
		finish(q, FACTS_KNOWN, res->code);
	else if (told)
		snprintf(q->want, sizeof(q->want), "%s", res->digest);
	if (!q->ended)
		ask_get(q, STEP_GET, told ? res->digest : q->at.target);
}

static void got_body(struct inquiry *q, const struct fetch_result *res)
{
	char digest[DIGEST_SIZE];
	body_digest(q, digest);
	bool right = (q->want[0] == '\0' || strcmp(q->want, digest) == 0) &&
		     (!digest_valid(res->digest) || strcmp(res->digest, digest) == 0);
	if (q->step == STEP_PLATFORM) {
		read_platform(q, right);
	} else if (!right) {
		finish(q, FACTS_DIGEST, res->code);
	} else {
		snprintf(q->facts.digest, sizeof(q->facts.digest), "%s", digest);
		read_manifest(q);
	}
}

static bool elsewhere(const struct inquiry *q, const struct fetch_result *res)
{
	struct arena a = ARENA_INIT;
	struct weburl url;
	struct err err;
	bool other = res->redirected && (weburl_parse(&a, res->url, &url, &err) < 0 ||
					 !weburl_same_origin(&url, &q->client.home));
	arena_done(&a);
	return other;
}

static void on_answer(void *ctx, const struct registry_answer *answer)
{
	struct inquiry *q = ctx;
	const struct fetch_result *res = answer->res;
	bool ok = !answer->token_server && res->end == FETCH_ANSWER && res->code == 200;
	if (q->ended)
		return;
	if (res->end == FETCH_ANSWER && res->code < 500 && res->code != 429)
		hosts_answered(q->env->hosts, q->at.host, res->rate_limit, res->rate_remaining,
			       clock_boot_ms());
	if (!answer->token_server && elsewhere(q, res)) {
		give_up(q, FACTS_ELSEWHERE, res->code);
	} else if (answer->token_server && answer->what != NULL) {
		give_up(q, FACTS_UNREADABLE, res->code);
	} else if (!ok) {
		refused(q, answer);
	} else {
		if (q->step != STEP_PLATFORM)
			q->facts.is_public = nobody_asks(q) || answer->sent == AUTH_NOBODY;
		if (q->step == STEP_HEAD)
			got_head(q, res);
		else
			got_body(q, res);
	}
}

/* ---- secrets ---- */

static void read_secrets(struct inquiry *q);

static void on_secret(void *ctx, const struct kube_answer *answer)
{
	struct inquiry *q = ctx;
	struct err err;
	q->secret_request = 0;
	if (q->ended)
		return;
	q->facts.forbidden |= answer->code == 403;
	/* A secret that is missing or forbidden is skipped, as kubelet does. */
	if (answer->code == 200)
		(void)pull_logins_add(&q->logins, q->at.image, answer->body, answer->len, &err);
	else
		log_debug("pull secret not read, ignoring",
			  LS("secret", q->secrets[q->next_secret - 1]), LN("code", answer->code));
	read_secrets(q);
}

static void read_secrets(struct inquiry *q)
{
	if (q->next_secret == q->n_secrets) {
		pull_logins_settle(&q->logins);
		ask(q, STEP_HEAD, q->at.target);
		return;
	}
	struct kube_request req = {
		.method = KUBE_GET,
		.lane = KUBE_WRITE, /* so that it ends when the right to act does */
		.path = url_secret(&q->mem, q->env->pod_namespace, q->secrets[q->next_secret++]),
		.deadline_ms = q->deadline_ms,
		.secret = true,
	};
	q->secret_request = kube_send(q->env->kube, &req, on_secret, q);
}

/* ---- life ---- */

struct inquiry *inquiry_new(const struct inquiry_env *env, const struct inquiry_request *request)
{
	struct inquiry *q = xcalloc(1, sizeof(*q));
	q->env = env;
	q->platforms = request->platforms;
	q->bytes = request->bytes;
	q->sparing = request->sparing;
	q->n_sized =
		request->n_sized < INQUIRY_PLATFORMS_MAX ? request->n_sized : INQUIRY_PLATFORMS_MAX;
	q->sized = arena_array(&q->mem, q->n_sized, sizeof(*q->sized));
	for (size_t i = 0; i < q->n_sized; i++)
		q->sized[i] = arena_strdup(&q->mem, request->sized[i]);
	if (request->have != NULL)
		snprintf(q->have, sizeof(q->have), "%s", request->have);
	q->deadline_ms = request->deadline_ms;
	q->number = request->number;
	q->n_secrets =
		request->n_secrets < INQUIRY_SECRETS_MAX ? request->n_secrets : INQUIRY_SECRETS_MAX;
	q->secrets = arena_array(&q->mem, q->n_secrets, sizeof(*q->secrets));
	for (size_t i = 0; i < q->n_secrets; i++)
		q->secrets[i] = arena_strdup(&q->mem, request->secrets[i]);
	if (endpoint_find(env->endpoints, &q->mem, request->reference, &q->at) < 0) {
		finish(q, FACTS_REFERENCE, 0);
		return q;
	}
	if (!hosts_may(env->hosts, q->at.host, clock_boot_ms())) {
		finish(q, FACTS_HELD, 0);
		return q;
	}
	if (digest_valid(q->at.target))
		snprintf(q->want, sizeof(q->want), "%s", q->at.target);
	q->client = (struct registry_client){.limiter = env->limiter,
					     .tokens = env->tokens,
					     .group = q,
					     .home = q->at.home,
					     .named_by = q->at.named_by,
					     .over = &q->ended};
	q->call = (struct registry_call){.client = &q->client,
					 .repository = q->at.repository,
					 .accept = MANIFEST_ACCEPT,
					 .body_max = MANIFEST_BYTES_MAX,
					 .begin = on_begin,
					 .sink = on_bytes,
					 .done = on_answer,
					 .ctx = q};
	read_secrets(q);
	return q;
}

void inquiry_free(struct inquiry *q)
{
	if (q == NULL)
		return;
	q->ended = true;
	if (q->secret_request != 0)
		kube_cancel(q->env->kube, q->secret_request);
	registry_call_stop(&q->call);
	pull_logins_done(&q->logins);
	auth_done(&q->nobody);
	manifest_done(&q->manifest);
	EVP_MD_CTX_free(q->hash);
	arena_done(&q->mem);
	free(q);
}

int64_t inquiry_tick(struct inquiry *q, int64_t now_ms)
{
	if (q->ended)
		return now_ms;
	if (now_ms < q->deadline_ms)
		return q->deadline_ms;
	/* Time spent waiting for other requests or the API server is no failure of the registry. */
	if (q->call.job.fetch != NULL)
		hosts_failed(q->env->hosts, q->at.host, now_ms);
	give_up(q, FACTS_LATE, 0);
	return now_ms;
}

const struct image_facts *inquiry_facts(const struct inquiry *q)
{
	return q->ended ? &q->facts : NULL;
}
