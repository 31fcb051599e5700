/*
 * Leader election with one Lease (behaviour.md 32, must 7). Acquires it when it is free or expired
 * (unchanged for its duration on our own clock, so that clock skew does not matter), renews it
 * every 2 s on its own lane, and computes the deadline after which this instance must not write: 10
 * s after the last successful renewal was *sent*. The next step is decided by a pure function
 * (lease_decide).
 */
#ifndef DROP_KUBE_LEASE_H
#define DROP_KUBE_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "kube/kube.h"
#include "kube/lease_trouble.h"

#define LEASE_NAME       "b889acf8.corewire.io"
#define LEASE_DURATION_S 15
#define LEASE_RENEW_MS   2000
#define LEASE_GIVE_UP_MS 10000

struct elector;

struct elector_config {
	const char *ns, *identity; /* copied */
	bool enabled;              /* false: no Lease is touched, term is 1 and never ends */
	/* The Lease cannot be read or written, for the log (kube/trouble.h says when). May be NULL.
	 */
	void (*trouble)(void *ctx, const struct err *err);
};

/* changed: term or deadline moved. */
struct elector *elector_new(struct kube *k, const struct elector_config *config,
			    void (*changed)(void *ctx), void *ctx);
void elector_free(struct elector *e);
/* Call at least when it asked for; sends what is due. Returns the next boot ms. */
int64_t elector_turn(struct elector *e, int64_t now_ms);
/* 0: we do not lead. Grows with each acquisition; a restarted holder resumes its term. */
uint64_t elector_term(const struct elector *e);
int64_t elector_until_ms(const struct elector *e); /* INT64_MAX when not enabled */
/* The first answer of the API server is known (held by us or by another). */
bool elector_known(const struct elector *e);
/*
 * What keeps this replica from holding the Lease, or from knowing who does; LEASE_FINE while it
 * leads, while another renews it, and in the first LEASE_TROUBLE_MS.
 */
enum lease_trouble elector_trouble(const struct elector *e, int64_t now_ms);
/* The last failure with its HTTP status and the API server's words; "" if there is none. */
const char *elector_trouble_text(const struct elector *e);
/*
 * On SIGTERM: the term is over at once, and the following turns empty the holder if we are it;
 * done when elector_released.
 */
void elector_release(struct elector *e);
bool elector_released(const struct elector *e);

#endif
