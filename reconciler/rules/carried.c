/* See carried.h. A container of a batch whose annotations are not whole is left out. */
#include "reconciler/rules/carried.h"

#include "reconciler/rules/outcome.h"
#include "reconciler/rules/podname.h"

/* What the annotations tell of each container, by its place; [0] is of PULLPOD_ONLY. */
struct notes {
	const char *of[PULLPOD_IMAGES_MAX + 1][PULLPOD_NOTES];
};

static void read_notes(const struct api_map *annotations, struct notes *ret)
{
	*ret = (struct notes){0};
	for (size_t i = 0; i < annotations->n; i++) {
		int place;
		enum pullpod_note note = pullpod_note_read(annotations->at[i].key, &place);
		if (note != PULLPOD_NOTES)
			ret->of[place - PULLPOD_ONLY][note] = annotations->at[i].value;
	}
}

static struct carried at(const struct notes *notes, int place)
{
	const char *const *of = notes->of[place - PULLPOD_ONLY];
	struct carried c = {
		.place = place,
		.image = of[PULLPOD_IMAGE],
		.image_uid = of[PULLPOD_IMAGE_UID],
		.reference = of[PULLPOD_REFERENCE],
	};
	c.noted = c.image != NULL &&
		  podname_attempt_parse(of[PULLPOD_ATTEMPT], &c.attempt, &c.repull_s) == 0;
	return c;
}

size_t carried_by(const struct pod *pod, struct carried ret[PULLPOD_IMAGES_MAX])
{
	size_t n = 0;
	struct notes notes;
	read_notes(&pod->meta.annotations, &notes);
	ret[0] = at(&notes, PULLPOD_ONLY);
	if (ret[0].noted)
		return 1;
	struct carried only = ret[0];
	for (int place = 0; place < PULLPOD_IMAGES_MAX; place++) {
		ret[n] = at(&notes, place);
		n += ret[n].noted;
	}
	if (n != 0)
		return n;
	const struct pod_container *container = outcome_container(pod, PULLPOD_ONLY);
	only.image = api_map_get(&pod->meta.labels, PULLPOD_LABEL_IMAGE);
	/* What has no image here has that of its annotation (pod_trim). */
	if (container == NULL || container->image != NULL)
		only.reference = container != NULL ? container->image : NULL;
	ret[0] = only;
	return 1;
}
