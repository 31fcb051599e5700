/*
 * From a reference to a DNS subdomain (RFC 1123, at most 253 characters). Whatever is
 * changed on the way makes two references able to meet in one name, so that then only
 * the name with the hash is offered.
 */
#include "reconciler/sets/names.h"

#include <inttypes.h>
#include <string.h>

#include "api/tables.h"
#include "base/hash.h"

#include "reconciler/sets/sets.h"

/* Digits of a digest in a name: as many as people are used to. */
#define DIGEST_CHARS 12
#define HASH_CHARS   8
#define LABEL_HASH   16

static bool alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* In place; returns whether nothing was lost. A dot stays only between letters or digits. */
static bool clean(char *s)
{
	bool exact = true;
	for (size_t i = 0; s[i] != '\0'; i++) {
		char c = s[i];
		if (c >= 'A' && c <= 'Z') {
			s[i] = (char)(c - 'A' + 'a');
			exact = false;
		} else if (!alnum(c) && c != '-') {
			char after = s[i + 1];
			bool upper = after >= 'A' && after <= 'Z';
			if (c == '.' && i != 0 && alnum(s[i - 1]) && (alnum(after) || upper))
				continue;
			s[i] = '-';
			exact = false;
		}
	}
	size_t len = strlen(s);
	while (len > 0 && !alnum(s[len - 1])) {
		s[--len] = '\0';
		exact = false;
	}
	return exact;
}

static const char *last_part(const char *image)
{
	const char *slash = strrchr(image, '/');
	const char *part = slash != NULL ? slash + 1 : image;
	return *part != '\0' ? part : "image";
}

static const char *version_part(struct arena *a, const struct image_entry *image)
{
	if (image->digest != NULL && *image->digest != '\0') {
		const char *colon = strchr(image->digest, ':');
		return arena_printf(a, "%.*s", DIGEST_CHARS,
				    colon != NULL ? colon + 1 : image->digest);
	}
	return image->tag != NULL && *image->tag != '\0' ? image->tag : "latest";
}

const char *child_name(struct arena *a, const char *set_name, const char *set_uid,
		       const struct image_entry *image, const char *normal, unsigned number)
{
	char *plain = arena_printf(a, "%s-%s-%s", set_name,
				   last_part(image->image != NULL ? image->image : ""),
				   version_part(a, image));
	if (number == 0)
		return clean(plain) && strlen(plain) <= API_NAME_MAX ? plain : NULL;
	uint64_t h = hash_stable_str(hash_stable_str(HASH_STABLE_START, set_uid), normal);
	for (unsigned i = 1; i < number; i++)
		h = hash_stable_bytes(h, &i, sizeof(i));
	char *cut = arena_strndup(a, plain, strnlen(plain, API_NAME_MAX - HASH_CHARS - 1));
	clean(cut); /* a cut may leave a dash or dot before ours */
	return arena_printf(a, "%s-%08" PRIx32, cut, (uint32_t)(h ^ h >> 32));
}

const char *child_label(struct arena *a, const char *set_name)
{
	enum { KEPT = SET_LABEL_MAX - LABEL_HASH - 1 };
	if (strlen(set_name) <= SET_LABEL_MAX)
		return arena_strdup(a, set_name);
	return arena_printf(a, "%.*s-%016" PRIx64, KEPT, set_name,
			    hash_stable_str(HASH_STABLE_START, set_name));
}
