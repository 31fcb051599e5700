/*
 * Why the Lease cannot be acquired or renewed: names for the label of a metric, and a sentence for
 * each (behaviour.md 32). Pure.
 */
#ifndef DROP_KUBE_LEASE_TROUBLE_H
#define DROP_KUBE_LEASE_TROUBLE_H

/*
 * A replica that does not lead says so once it has lasted this long: an API server that has just
 * started forbids everything, one that is restarted answers nothing, and neither is worth an alarm.
 */
#define LEASE_TROUBLE_MS 10000

enum lease_trouble {
	LEASE_FINE,
	LEASE_UNANSWERED,
	LEASE_FORBIDDEN,
	LEASE_UNAUTHORIZED,
	LEASE_CONFLICT,
	LEASE_REFUSED,
	LEASE_SERVER_ERROR,
	LEASE_UNREADABLE,
	LEASE_TROUBLES,
};

/* What an HTTP status other than success means; 0: no answer came. */
enum lease_trouble lease_trouble_of(int code);
/* "forbidden": a label's value. */
const char *lease_trouble_name(enum lease_trouble t);
/* "the API server forbids it: ..." NULL for LEASE_FINE. */
const char *lease_trouble_text(enum lease_trouble t);

#endif
