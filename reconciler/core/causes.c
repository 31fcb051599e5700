/*
 * Why pulls of an image failed, as texts that pairs refer to by one byte: nodes fail
 * for the same few reasons. Invariant: row 0 is "no text"; at most CAUSES_MAX rows.
 */
#include "reconciler/core/causes.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

void causes_clear(struct image *img)
{
	for (size_t i = 1; i < img->n_causes; i++) {
		free(img->causes[i].reason);
		free(img->causes[i].message);
	}
	img->n_causes = 0;
}

/* Rows that no pair refers to any more are emptied for reuse. */
static size_t cause_slot(struct image *img, size_t slots)
{
	bool used[CAUSES_MAX] = {true};
	for (size_t slot = 0; slot < slots; slot++)
		used[img->pairs[slot].cause] = true;
	for (size_t i = 1; i < CAUSES_MAX; i++)
		if (!used[i])
			return i;
	return 0;
}

/* 0 (no text) when 255 different texts are in use: the counts are still right. */
uint8_t cause_index(struct image *img, size_t slots, const char *reason, const char *message)
{
	for (size_t i = 1; i < img->n_causes; i++)
		if (strcmp(img->causes[i].reason, reason) == 0 &&
		    strcmp(img->causes[i].message, message) == 0)
			return (uint8_t)i;
	size_t i = img->n_causes != 0 ? img->n_causes : 1;
	if (i == CAUSES_MAX) {
		i = cause_slot(img, slots);
		if (i == 0)
			return 0;
		free(img->causes[i].reason);
		free(img->causes[i].message);
	} else {
		img->causes = xreallocarray(img->causes, i + 1, sizeof(*img->causes));
		img->causes[0] = (struct cause_text){0};
		img->n_causes = i + 1;
	}
	img->causes[i] = (struct cause_text){xstrdup(reason), xstrdup(message)};
	return (uint8_t)i;
}
