/* See carried.h. A container of a batch whose annotations are not whole is left out. */
#include "reconciler/rules/carried.h"

#include "reconciler/rules/outcome.h"
#include "reconciler/rules/podname.h"

static const char *note(const struct pod *pod, const char *name, int place)
{
	char key[PULLPOD_KEY_SIZE];
	return api_map_get(&pod->meta.annotations, pullpod_note(key, name, place));
}

static struct carried at(const struct pod *pod, int place)
{
	struct carried c = {
		.place = place,
		.image = note(pod, PULLPOD_NOTE_IMAGE, place),
		.image_uid = note(pod, PULLPOD_NOTE_IMAGE_UID, place),
		.reference = note(pod, PULLPOD_NOTE_REFERENCE, place),
	};
	const char *attempt = note(pod, PULLPOD_NOTE_ATTEMPT, place);
	c.noted = c.image != NULL && podname_attempt_parse(attempt, &c.attempt, &c.repull_s) == 0;
	return c;
}

size_t carried_by(const struct pod *pod, struct carried ret[PULLPOD_IMAGES_MAX])
{
	size_t n = 0;
	ret[0] = at(pod, PULLPOD_ONLY);
	if (ret[0].noted)
		return 1;
	struct carried only = ret[0];
	for (int place = 0; place < PULLPOD_IMAGES_MAX; place++) {
		ret[n] = at(pod, place);
		n += ret[n].noted;
	}
	if (n != 0)
		return n;
	const struct pod_container *container = outcome_container(pod, PULLPOD_ONLY);
	only.image = api_map_get(&pod->meta.labels, PULLPOD_LABEL_IMAGE);
	only.reference = container != NULL ? container->image : NULL;
	ret[0] = only;
	return 1;
}
