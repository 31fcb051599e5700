/*
 * References as registries and people write them: whatever is taken for one has a normal
 * form that stays the same, its parts mean the same image, and the names that a set would
 * give its child are names the API server accepts (RFC 1123 subdomains).
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "api/ref.h"
#include "api/tables.h"
#include "reconciler/sets/names.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static bool alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool valid_name(const char *s)
{
	size_t n = strlen(s);
	if (n == 0 || n > API_NAME_MAX || !alnum(s[0]) || !alnum(s[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '.' && (!alnum(s[i - 1]) || !alnum(s[i + 1])))
			return false;
		if (!alnum(s[i]) && s[i] != '-' && s[i] != '.')
			return false;
	}
	return true;
}

static void check(bool good)
{
	if (!good)
		abort();
}

static void check_names(struct arena *a, const struct image_entry *e, const char *normal)
{
	for (unsigned i = 0; i < CHILD_NAMES_MAX; i++) {
		const char *name = child_name(a, "set.x", "uid", e, normal, i);
		check(name == NULL ? i == 0 : valid_name(name));
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct arena a = ARENA_INIT;
	const char *text = arena_strndup(&a, (const char *)data, size);
	const char *normal = ref_normal(&a, text != NULL ? text : "");
	struct image_entry e = {.image = text != NULL ? text : ""};
	check_names(&a, &e, e.image);
	bool split = ref_split(&a, e.image, &e.image, &e.tag, &e.digest) == 0;
	check(split == (normal != NULL));
	if (split) {
		const char *again = ref_normal(&a, ref_make(&a, e.image, e.tag, e.digest));
		check(again != NULL && strcmp(again, normal) == 0);
		check(strcmp(ref_normal(&a, normal), normal) == 0);
		check_names(&a, &e, normal);
	}
	arena_done(&a);
	return 0;
}
