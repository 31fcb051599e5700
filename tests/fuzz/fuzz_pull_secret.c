/*
 * A Secret with a docker configuration as the API server sends it, or anything else, for an image
 * (discoverer/registry/pull_logins.h); the same bytes as a configuration, and as a key.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "discoverer/registry/pull_logins.h"
#include "kube/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct pull_logins *l, const char *image)
{
	if (l->n > PULL_LOGINS_MAX)
		abort();
	for (size_t i = 0; i < l->n; i++) {
		bool hub = strcmp(l->at[i].key, "index.docker.io") == 0;
		if (l->at[i].auth.username == NULL || l->at[i].auth.username[0] == '\0' ||
		    (!hub && !pull_login_matches(l->at[i].key, image)) ||
		    (i > 0 && strcmp(l->at[i - 1].key, l->at[i].key) < 0))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const images[] = {"docker.io/library/nginx", "r.example:5000/team/app"};
	char *coded = base64_encode(data, size);
	for (size_t i = 0; i < 2; i++) {
		struct pull_logins l = {0};
		struct buf json = {0};
		struct err err;
		(void)pull_logins_add(&l, images[i], (const char *)data, size, &err);
		buf_addf(&json, "{\"type\":\"kubernetes.io/%s\",\"data\":{\"%s\":\"%s\"}}",
			 i == 0 ? "dockerconfigjson" : "dockercfg",
			 i == 0 ? ".dockerconfigjson" : ".dockercfg", coded);
		(void)pull_logins_add(&l, images[i], json.data, json.len, &err);
		check(&l, images[i]);
		pull_logins_settle(&l);
		check(&l, images[i]);
		pull_logins_done(&l);
		buf_done(&json);
	}
	free(coded);
	return 0;
}
