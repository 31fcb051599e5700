/*
 * Which API request goes wrong, and how: the rules of a scenario and those added at run
 * time, drawn with the scenario's seed. Decides only; sim/apiserver/serve.c and
 * sim/apiserver/watch.c carry it out. Pure: the same seed and the same requests give the same
 * faults.
 */
#ifndef DROP_SIM_PLAY_API_FAULTS_H
#define DROP_SIM_PLAY_API_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "sim/scenario/scenario.h"

struct faults;

enum api_fault {
	API_FAULT_NONE,
#define F(id, name, doc) API_FAULT_##id,
	API_FAULTS(F)
#undef F
};

struct fault_request {        /* one request as the rules see it */
	const char *verb;     /* get list watch create update patch delete */
	const char *resource; /* plural, with "/status" for the subresource */
	const char *name;     /* "" for collections */
	const char *user_agent;
};

struct fault {
	enum api_fault kind;
	int64_t code, retry_after_s, delay_ms;
};

struct faults *faults_new(uint64_t seed);
void faults_free(struct faults *f);
/* Returns the rule's id for faults_remove. ERR_TERMINAL: more than SIM_FAULTS_MAX, unknown kind. */
int faults_add(struct faults *f, const struct sim_api_fault *rule, uint64_t *ret_id,
	       struct err *err);
void faults_remove(struct faults *f, uint64_t id);
void faults_clear(struct faults *f);
/* The first rule that matches and whose percentage is drawn; kinds that concern open watches
 * (DROP_WATCH, LAG_WATCH, EXPIRE) are never picked here. */
struct fault faults_pick(struct faults *f, const struct fault_request *request);
/* How much open watches of that resource and client lag now, ms; 0: not. */
int64_t faults_watch_lag(const struct faults *f, const struct fault_request *watch);
/* Times each kind was picked, for the screen and tests; index: enum api_fault. */
const uint64_t *faults_picked(const struct faults *f);

#endif
