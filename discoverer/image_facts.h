/*
 * Questions about images from other processes, and their answers (behaviour.md 35). It owns the
 * inquiries under way and the last answers, by reference and secrets, while the discoverer acts;
 * what is known of hosts outlives that.
 */
#ifndef DROP_DISCOVERER_IMAGE_FACTS_H
#define DROP_DISCOVERER_IMAGE_FACTS_H

#include "ipc/proc.h"

#include "discoverer/facts/endpoints.h"
#include "discoverer/facts/hosts.h"
#include "discoverer/facts/inquiry.h"

/* Limits: answers kept; waiting questions of the reconciler; questions of dropctl facts. */
#define FACTS_KEPT_MAX    64
#define FACTS_WAITING_MAX PROC_REQUESTS_MAX
#define FACTS_SHOWN_MAX   4
/* Deadline of a question in ms; of one by dropctl facts, which asks for more. */
#define FACTS_TIME_MS 5000
#define FACTS_SHOW_MS 10000
#define FORBIDDEN_MS  (60 * 60 * 1000)

struct facts_shown {             /* asked by dropctl facts */
	struct inquiry *inquiry; /* NULL: free */
	struct reply_to to;
};

struct facts_kept { /* the last answer for a reference with its secrets, or the inquiry for it */
	char *key;  /* NULL: free */
	struct inquiry *inquiry; /* NULL: answered, or not begun */
	struct arena mem;        /* of the request and the answer */
	struct inquiry_request request;
	bool answered;
	struct image_facts facts; /* its platforms: in mem */
	int64_t at_ms;            /* when the answer came, or the question */
};

struct facts_waiting {           /* a question of the reconciler */
	struct facts_kept *kept; /* NULL: free */
	struct reply_to to;
};

struct image_facts_state {
	struct endpoints endpoints;
	struct hosts hosts;
	struct inquiry_env env;
	uint64_t number; /* of inquiries so far */
	int64_t told_ms; /* when a missing right was logged last; 0: never */
	struct facts_shown shown[FACTS_SHOWN_MAX];
	struct facts_kept kept[FACTS_KEPT_MAX];
	struct facts_waiting waiting[FACTS_WAITING_MAX];
};

struct discoverer; /* discoverer/discoverer.h */

/* registries: --registries. ERR_TERMINAL: what is wrong with it. */
int image_facts_init(struct discoverer *d, const char *registries, struct err *err);
int64_t image_facts_turn(struct proc *p, struct now now);
void image_facts_done(struct discoverer *d);
/* The lease was lost: stops the inquiries under way. */
void image_facts_fence(struct proc *p);
void on_image_facts(struct proc *p, const struct msg_in *in);
void on_facts_show(struct proc *p, const struct msg_in *in);

#endif
