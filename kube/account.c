/* See account.h. A token is three parts of base64url with dots between; the second holds the claims
 * (RFC 7519). */
#include "kube/account.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/xalloc.h"

#include "kube/base64.h"

/* The claims as JSON text (free() it), or NULL. */
static char *claims_of(const char *token)
{
	size_t len;
	const char *begin = strchr(token, '.');
	const char *end = begin != NULL ? strchr(begin + 1, '.') : NULL;
	struct buf padded = {0};
	if (end == NULL)
		return NULL;
	for (const char *c = begin + 1; c < end; c++)
		buf_add(&padded, *c == '-' ? "+" : *c == '_' ? "/" : c, 1);
	while (padded.len % 4 != 0)
		buf_adds(&padded, "=");
	char *text = padded.len > 0 ? base64_decode(padded.data, &len) : NULL;
	buf_done(&padded);
	return text;
}

static char *string_in(const cJSON *object, const char *name)
{
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
	return value != NULL && *value != '\0' ? xstrdup(value) : NULL;
}

struct account account_of_token(const char *token)
{
	struct account a = {0};
	char *text = claims_of(token);
	cJSON *claims = text != NULL ? cJSON_Parse(text) : NULL;
	const cJSON *ours = cJSON_GetObjectItemCaseSensitive(claims, "kubernetes.io");
	const cJSON *account = cJSON_GetObjectItemCaseSensitive(ours, "serviceaccount");
	a.ns = string_in(ours, "namespace");
	a.name = string_in(account, "name");
	a.uid = string_in(account, "uid");
	cJSON_Delete(claims);
	free(text);
	if (a.ns == NULL || a.name == NULL || a.uid == NULL)
		account_done(&a);
	return a;
}

void account_done(struct account *a)
{
	free(a->ns);
	free(a->name);
	free(a->uid);
	*a = (struct account){0};
}
