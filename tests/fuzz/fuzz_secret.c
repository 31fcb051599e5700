/* A Secret as the API server sends it, or anything else (discoverer/registry/auth.h): each line is one
 * header. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "discoverer/registry/auth.h"
#include "discoverer/registry/dockerconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct auth a = {0};
	struct err err;
	if (auth_read(&a, "s", (const char *)data, size, &err) == 0) {
		const char *const *lines = auth_lines(&a, AUTH_OWN, NULL);
		for (size_t i = 0; lines[i] != NULL; i++)
			if (strchr(lines[i], ':') == NULL || strpbrk(lines[i], "\r\n") != NULL)
				abort();
		(void)auth_lines(&a, AUTH_TOKEN, "a-token");
		(void)auth_lines(&a, AUTH_USER, NULL);
		struct arena mem = ARENA_INIT;
		struct weburl url;
		const char *one = "team/app";
		if (weburl_parse(&mem, "https://r.example", &url, &err) == 0 &&
		    (a.docker_config.data != NULL || a.docker_cfg.data != NULL))
			(void)docker_login(&a, "s", &url, &(struct api_strings){&one, 1}, &err);
		arena_done(&mem);
		(void)auth_leaks(&a, "a text of a server");
	}
	auth_done(&a);
	return 0;
}
