/*
 * See platform.h. What runs on what is decided here and nowhere else: the discoverer chooses by it
 * whose bytes it reads, the core which nodes are left out.
 */
#include "api/platform.h"

#include <stdbool.h>
#include <string.h>

/* The part before the next '/', whose length is returned; *rest: what is behind it. */
static size_t part(const char *text, const char **rest)
{
	size_t n = strcspn(text, "/");
	*rest = text[n] == '/' ? text + n + 1 : text + n;
	return n;
}

static bool same(const char *a, size_t na, const char *b, size_t nb)
{
	return na == nb && memcmp(a, b, na) == 0;
}

static bool is(const char *a, size_t n, const char *word)
{
	return same(a, n, word, strlen(word));
}

int platform_suits(const char *image, const char *node)
{
	const char *arch, *node_arch, *rest;
	size_t os_n = part(image, &arch), node_os_n = part(node, &node_arch);
	if (*image == '\0')
		return 3;
	if (!same(image, os_n, node, node_os_n))
		return 0;
	size_t n = part(arch, &rest), node_n = part(node_arch, &rest);
	if (same(arch, n, node_arch, node_n))
		return 3;
	if ((is(arch, n, "386") && is(node_arch, node_n, "amd64")) ||
	    (is(arch, n, "arm") && is(node_arch, node_n, "arm64")))
		return 2;
	return is(image, os_n, "windows");
}
