/*
 * spec.podMetadata of a CachedImage and of a CachedImageSet (behaviour 57): labels and annotations
 * of the pull pods, such as those that an admission policy asks for. The rules refuse what the API
 * server would refuse of a pod, and the keys that drop sets itself.
 */
#include "api/kinds.h"

#include <string.h>

#include "api/pullpod.h"
#include "api/row.h"
#include "api/tables.h"

/* As API_LABEL_KEY_MAX says. */
#define KEY_RULE                                                                                   \
	{                                                                                          \
		"self.all(k, size(k) <= 317 && k.matches('" API_LABEL_KEY_PATTERN "'))",           \
			"a key is a name of at most 63 letters, digits, '-', '_' and '.', with "   \
			"or without a DNS name and '/' before it"                                  \
	}
#define QUOTED(key)      "'" key "'"
#define NEXT_QUOTED(key) ", '" key "'"
#define PLAIN(key)       key
#define NEXT_PLAIN(key)  ", " key
#define ENTRY(key)       key,
#define OWN_KEYS_RULE                                                                              \
	{                                                                                          \
		"self.all(k, !k.startsWith('" API_GROUP "/') && !(k in "                           \
		"[" PULLPOD_OWN_KEYS(QUOTED, NEXT_QUOTED) "]))",                                   \
			"drop sets " API_GROUP                                                     \
			"/* and " PULLPOD_OWN_KEYS(PLAIN, NEXT_PLAIN) " itself; "                  \
								      "leave them out"             \
	}

static const struct desc_rule label_rules[] = {
	KEY_RULE,
	OWN_KEYS_RULE,
	{"self.all(k, self[k].matches('" API_LABEL_VALUE_PATTERN "'))",
	 "a label's value is empty or of letters, digits, '-', '_' and '.', with a letter or digit "
	 "at "
	 "both ends"},
	{0},
};
static const struct desc_rule annotation_rules[] = {KEY_RULE, OWN_KEYS_RULE, {0}};

static const struct field pod_metadata_rows[] = {
	ROW(pod_metadata, labels, "labels", F_MAP, .max_items = POD_METADATA_MAX,
	    .max_len = API_LABEL_VALUE_MAX, .max_key_len = API_LABEL_KEY_MAX, .rules = label_rules,
	    .doc = "Additional labels of the pull pods."),
	ROW(pod_metadata, annotations, "annotations", F_MAP, .max_items = POD_METADATA_MAX,
	    .max_len = POD_ANNOTATION_MAX, .max_key_len = API_LABEL_KEY_MAX,
	    .rules = annotation_rules, .doc = "Additional annotations of the pull pods."),
};
DESC(pod_metadata, "PodMetadata", "Labels and annotations of pull pods.");

static const char *const own_keys[] = {PULLPOD_OWN_KEYS(ENTRY, ENTRY)};

bool pullpod_own_key(const char *key)
{
	if (strncmp(key, API_GROUP "/", sizeof(API_GROUP)) == 0)
		return true;
	for (size_t i = 0; i < sizeof(own_keys) / sizeof(own_keys[0]); i++)
		if (strcmp(key, own_keys[i]) == 0)
			return true;
	return false;
}
