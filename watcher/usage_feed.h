/*
 * Usage (behaviour 52): restores what was kept in ConfigMaps, then lists and watches the events
 * "Pulled" of all namespaces and folds them (usage/fold.h), and gives it to who asks. Both replicas
 * do this; only the discoverer that leads writes the ConfigMaps.
 */
#ifndef DROP_WATCHER_USAGE_FEED_H
#define DROP_WATCHER_USAGE_FEED_H

#include "ipc/proc.h"
#include "kube/kube.h"

#include "watcher/views.h"

struct usage;
struct usage_feed;

struct usage_feed_config { /* borrowed, for good */
	struct kube *kube;
	struct store *store;
	struct views *views;
	const char *pod_namespace;
	const struct watcher_options *options;
};

/* NULL if --usage is not set. */
struct usage_feed *usage_feed_new(const struct usage_feed_config *config);
void usage_feed_free(struct usage_feed *f);
/* Returns when it has to be called again. */
int64_t usage_feed_turn(struct usage_feed *f, struct now now);
/* f may be NULL. Fills the answer; data is borrowed until the next call or turn. */
void usage_feed_read(struct usage_feed *f, const struct msg_usage_get *ask, struct now now,
		     struct msg_usage *ret);
/* The same of the first starts of images; texts are borrowed until the next turn. */
void usage_feed_starts(const struct usage_feed *f, const struct msg_starts_since *ask,
		       struct arena *a, struct msg_starts *ret);
/* Borrowed until the next turn. *ret_trouble: why no events are read now; NULL: they are. */
const struct usage *usage_feed_usage(const struct usage_feed *f, const char **ret_trouble);
void usage_feed_collect(const struct usage_feed *f, struct metrics *m);

#endif
