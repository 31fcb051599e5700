/*
 * Naming of pull pods (behaviour.md 6). The hash carries the identity; the readable
 * part is only for people and may be cut.
 */
#include "reconciler/rules/podname.h"

#include <inttypes.h>
#include <string.h>

#include "api/pullpod.h"
#include "base/hash.h"

#define PREFIX     "pull-"
#define HASH_CHARS 16
/* What remains for the image's name: prefix, '-', hash. */
#define NAME_ROOM ((int)(PODNAME_MAX - (sizeof(PREFIX) - 1) - 1 - HASH_CHARS))

char *podname_make(struct arena *a, const char *image_name, const char *image_uid,
		   const char *node_uid, const char *reference, const char *attempt)
{
	uint64_t h = hash_stable_str(HASH_STABLE_START, image_uid);
	h = hash_stable_str(h, node_uid);
	h = hash_stable_str(h, reference);
	h = hash_stable_str(h, attempt);
	int n = (int)strnlen(image_name, (size_t)NAME_ROOM);
	/* A cut may leave "-" or "." before our "-", and "a.-b" is no DNS name. */
	while (n > 0 && (image_name[n - 1] == '-' || image_name[n - 1] == '.'))
		n--;
	return arena_printf(a, PREFIX "%.*s-%016" PRIx64, n, image_name, h);
}

struct podname_batch podname_batch(const char *node_uid)
{
	return (struct podname_batch){hash_stable_str(HASH_STABLE_START, node_uid)};
}

void podname_batch_add(struct podname_batch *b, const char *image_uid, const char *reference,
		       const char *attempt)
{
	b->hash = hash_stable_str(b->hash, image_uid);
	b->hash = hash_stable_str(b->hash, reference);
	b->hash = hash_stable_str(b->hash, attempt);
}

char *podname_batch_name(struct arena *a, const struct podname_batch *b)
{
	return arena_printf(a, PREFIX "batch-%016" PRIx64, b->hash);
}

char *podname_batch_label(struct arena *a, const struct podname_batch *b)
{
	return arena_printf(a, PULLPOD_BATCH_LABEL "%016" PRIx64, b->hash);
}

char *podname_attempt(struct arena *a, uint32_t attempt, int64_t repull_s)
{
	if (repull_s != 0)
		return arena_printf(a, "r%" PRId64, repull_s);
	return arena_printf(a, "%" PRIu32, attempt);
}

static int parse_digits(const char *s, int64_t max, int64_t *ret)
{
	int64_t n = 0;
	if (*s == '\0')
		return -1;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		n = n * 10 + (*s - '0');
		if (n > max)
			return -1;
	}
	*ret = n;
	return 0;
}

int podname_attempt_parse(const char *text, uint32_t *ret_attempt, int64_t *ret_repull_s)
{
	int64_t n;
	if (text == NULL)
		return -1;
	if (text[0] == 'r') {
		if (parse_digits(text + 1, UINT32_MAX, &n) != 0 || n == 0)
			return -1;
		*ret_attempt = 0;
		*ret_repull_s = n;
		return 0;
	}
	if (parse_digits(text, UINT16_MAX, &n) != 0)
		return -1;
	*ret_attempt = (uint32_t)n;
	*ret_repull_s = 0;
	return 0;
}
