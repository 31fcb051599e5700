/*
 * A kubelet writes its Node every five minutes even if nothing changed; such updates are held back.
 * Invariant: a changed image list or Ready condition always carries the heartbeat of the same
 * write.
 */
#include "watcher/heartbeat.h"

#include <stdbool.h>
#include <string.h>

static bool same(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool same_image(const struct node_image *a, const struct node_image *b)
{
	if (a->size != b->size || a->names.n != b->names.n)
		return false;
	for (size_t i = 0; i < a->names.n; i++)
		if (!same(a->names.at[i], b->names.at[i]))
			return false;
	return true;
}

static bool same_images(const struct node_images *a, const struct node_images *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!same_image(&a->at[i], &b->at[i]))
			return false;
	return true;
}

void heartbeat_settle(const struct node *was, struct node *now)
{
	const struct node_condition *old = node_condition_find(was, "Ready");
	struct node_condition *new = node_condition_find(now, "Ready");
	if (old == NULL || new == NULL || !same(was->meta.uid, now->meta.uid) ||
	    !same(old->status, new->status) || !same_images(&was->images, &now->images))
		return;
	if (new->heartbeat >= old->heartbeat &&new->heartbeat < old->heartbeat + HEARTBEAT_EVERY_S)
		new->heartbeat = old->heartbeat;
}
