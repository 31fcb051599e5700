/*
 * See docker_entry.h. Every copy of a secret that is made on the way is wiped before it is freed.
 */
#include "discoverer/registry/docker_entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "kube/base64.h"

#include "discoverer/json/jsonsax.h"

static int on_text(void *ctx, const struct sax *s, enum sax_event event, struct err *err)
{
	bool *is_text = ctx;
	(void)s, (void)err;
	*is_text = event == SAX_STRING;
	return 0;
}

char *docker_text(struct json_range value, size_t max)
{
	struct sax *s = xcalloc(1, sizeof(*s));
	char *out = xcalloc(1, max);
	bool is_text = false;
	struct err ignored;
	s->whole = out;
	s->whole_max = max - 1;
	bool ok = value.at != NULL &&
		  sax_feed(s, value.at, value.len, on_text, &is_text, &ignored) == 0 &&
		  sax_end(s, on_text, &is_text, &ignored) == 0 && is_text &&
		  s->total <= s->whole_max && strlen(out) == s->total;
	explicit_bzero(s, sizeof(*s));
	free(s);
	if (!ok) {
		explicit_bzero(out, max);
		free(out);
		return NULL;
	}
	return out;
}

void docker_forget(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

/* "auth" is base64 of user:password and wins, as for kubelet. */
static bool split_pair(char *pair, char **ret_user, char **ret_password)
{
	char *colon = pair != NULL ? strchr(pair, ':') : NULL;
	if (colon == NULL || colon == pair)
		return false;
	*colon = '\0';
	*ret_user = xstrdup(pair);
	*ret_password = xstrdup(colon + 1);
	*colon = ':';
	return true;
}

bool docker_entry_login(struct json_range entry, char **ret_user, char **ret_password)
{
	char *coded = docker_text(json_member(entry, "auth"), DOCKER_LOGIN_MAX);
	char *user = docker_text(json_member(entry, "username"), DOCKER_LOGIN_MAX);
	char *password = docker_text(json_member(entry, "password"), DOCKER_LOGIN_MAX);
	size_t len = 0;
	char *pair = coded != NULL && *coded != '\0' ? base64_decode(coded, &len) : NULL;
	bool taken =
		pair != NULL && strlen(pair) == len && split_pair(pair, ret_user, ret_password);
	if (!taken && (coded == NULL || *coded == '\0') && user != NULL && *user != '\0' &&
	    password != NULL) {
		*ret_user = xstrdup(user);
		*ret_password = xstrdup(password);
		taken = true;
	}
	docker_forget(coded);
	docker_forget(user);
	docker_forget(password);
	docker_forget(pair);
	return taken;
}
