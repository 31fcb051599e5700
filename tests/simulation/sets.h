/*
 * A pretend API server around the core of sets: its objects, a watch that lags, writes
 * and answers that are late or lost, people who edit, a garbage collector, and crashes.
 * One seed is one run. Everything a run allocates lives in its arena.
 */
#ifndef DROP_TESTS_SIMULATION_SETS_H
#define DROP_TESTS_SIMULATION_SETS_H

#include <stdbool.h>
#include <stdint.h>

#include "reconciler/sets/sets.h"
#include "tests/simulation/run.h"

#define TICK_MS      100
#define SETS_MAX     3
#define POLICIES_MAX 2
#define IMAGES_MAX   64
#define EVENTS_MAX   4096
#define JOBS_MAX     16
#define REFS_MAX     12

/* What sets list and discover: two spellings, equal names, names that need a hash. */
extern const char *const sim_refs[REFS_MAX];

struct sim_image {
	bool exists, foreign; /* foreign: no set has to do with it */
	struct cachedimage o;
};

struct sim_set {
	bool exists;
	struct cachedimageset o;
};

struct sim_policy {
	bool exists;
	struct discoverypolicy o;
};

struct sim_event {
	enum kind kind;
	bool gone;
	int64_t at_ms;
	const char *name;
	const void *obj;
};

struct sim_job { /* a write on its way */
	bool used, done, lost;
	int64_t exec_ms, answer_ms;
	struct set_write w; /* cloned */
	enum set_result result;
	uint64_t rv;
};

struct sim {
	struct sim_run run;
	bool faults, leading, touched;
	int64_t lead_ms, turn_ms, lag_ms;
	uint64_t rv, uids;
	struct arena mem;
	struct sets *sets;
	struct sim_set set[SETS_MAX];
	struct sim_policy policy[POLICIES_MAX];
	struct sim_image image[IMAGES_MAX];
	/* As the core has seen them: the same, by delivered events. */
	struct sim_set seen_set[SETS_MAX];
	struct sim_policy seen_policy[POLICIES_MAX];
	struct sim_image seen_image[IMAGES_MAX];
	struct sim_event events[EVENTS_MAX];
	size_t head, tail; /* of the ring */
	struct sim_job jobs[JOBS_MAX];
	size_t n_creates, n_adopts, n_patches, n_deletes, n_crashes;
};

/* sim_sets.c */
struct now sim_now(const struct sim *s);

/* sets_api.c: the server, the watch, the writes */
void api_changed_image(struct sim *s, struct sim_image *i);
void api_changed_set(struct sim *s, struct sim_set *set);
void api_changed_policy(struct sim *s, struct sim_policy *p);
void api_remove_image(struct sim *s, struct sim_image *i);
void api_remove_set(struct sim *s, struct sim_set *set);
void api_remove_policy(struct sim *s, struct sim_policy *p);
struct sim_image *api_add_image(struct sim *s, const struct cachedimage *o);
struct sim_image *api_image(struct sim *s, struct sim_image *list, const char *name);
void api_deliver(struct sim *s);
/* A consistent read: the core is shown all there is, and nothing is on its way any more. */
void api_read_all(struct sim *s);
void api_send(struct sim *s, const struct set_write *w);
void api_jobs(struct sim *s);
size_t api_room(const struct sim *s);
/* Who sent them is gone: each is done right now, or never. */
void api_drop_jobs(struct sim *s);

/* sets_world.c: people, kubelets, the collector */
void world_init(struct sim *s);
void world_trouble(struct sim *s);
void world_calm(struct sim *s);
void world_always(struct sim *s);

/* sets_check.c */
const char *owner_of(const struct cachedimage *o);
const char *normal_of(struct sim *s, const struct cachedimage *o);
/* What the set wants, by what is known in sets[] and policies[]; as normalised references. */
size_t wanted_by(struct sim *s, const struct cachedimageset *o, const struct sim_policy *policies,
		 const char *refs[], bool *ret_known);
void check_write(struct sim *s, const struct set_write *w);
/* The adoption of that image is carried out. */
void check_adopt(struct sim *s, const struct set_write *w, const struct sim_image *i);
void check_create(struct sim *s, const struct set_write *w);
bool check_converged(struct sim *s, char *why, size_t size);

#endif
