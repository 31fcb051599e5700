/*
 * The kubeconfig parser on any bytes: a configuration with a server, or an error text.
 */
#include <stdlib.h>
#include <string.h>

#include "kube/kubeconfig.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct kube_config c = {0};
	struct err err = {0};
	int rc = kubeconfig_parse((const char *)data, size, "/dir", "file", &c, &err);
	if (rc == 0 ? c.server == NULL : c.server != NULL || err.text[0] == '\0')
		abort();
	config_done(&c);
	return 0;
}
