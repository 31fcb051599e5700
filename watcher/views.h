/*
 * The watched resources: one row per kind, each with a reflector that feeds the store.
 * Owns what is watched, with which selector, and when each kind was last listed.
 */
#ifndef DROP_WATCHER_VIEWS_H
#define DROP_WATCHER_VIEWS_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/metrics.h"
#include "kube/kube.h"
#include "watcher/quota.h"
#include "watcher/store.h"

struct views;

/* Nothing is listed before views_start(). pod_namespace is copied, the others outlive it. */
struct views *views_new(struct kube *k, struct store *store, const char *pod_namespace,
			struct metrics *metrics);
void views_free(struct views *v);
/* Told each Node that is listed or changes (node_trim was done), and each that is gone: NULL. */
typedef void (*views_node_fn)(void *ctx, const char *name, const struct node *node);
void views_follow_nodes(struct views *v, views_node_fn fn, void *ctx);
/* Starts the lists; once. */
void views_start(struct views *v);
bool views_started(const struct views *v);
/* Lists again each kind of the mask whose newest list began before fresh_ms. */
void views_refresh(struct views *v, uint64_t kinds, int64_t fresh_ms);
/* The moment after which every kind of the mask was listed; 0: some never was. */
int64_t views_fresh_ms(const struct views *v, uint64_t kinds);
/* Lists again the kinds whose left-out objects fit now, and all kinds after a restore. Returns when
 * it has to be called again. */
int64_t views_turn(struct views *v, int64_t now_ms);
/* Which objects are left out. */
struct quota *views_quota(const struct views *v);
/* The mask of all watched kinds. */
uint64_t views_kinds(void);
/* Objects that could not be read since the start. */
uint64_t views_bad_objects(const struct views *v);

#endif
