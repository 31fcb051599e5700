/*
 * Chooses the configuration of a client: the file that was named, the pod's service account,
 * or the first file of $KUBECONFIG that exists.
 */
#include "kube/config_choose.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "kube/incluster.h"
#include "kube/kubeconfig.h"

/* The first file of a list like PATH's that exists; NULL if none does. */
static char *first_existing(const char *list)
{
	char *copy = xstrdup(list), *rest = copy, *found = NULL;
	for (char *one; found == NULL && (one = strsep(&rest, ":")) != NULL;)
		if (*one != '\0' && access(one, F_OK) == 0)
			found = xstrdup(one);
	free(copy);
	return found;
}

int config_load(const char *kubeconfig, struct kube_config *ret, struct err *err)
{
	if (kubeconfig != NULL && *kubeconfig != '\0')
		return kubeconfig_load(kubeconfig, ret, err);
	if (incluster_here())
		return incluster_load(ret, err);
	const char *list = getenv("KUBECONFIG");
	if (list == NULL || *list == '\0')
		return err_set(err, ERR_TERMINAL,
			       "no API server: not in a pod, and neither --kubeconfig nor "
			       "KUBECONFIG is set");
	char *path = first_existing(list);
	if (path == NULL)
		return err_set(err, ERR_TERMINAL, "KUBECONFIG: no such file: %s", list);
	log_debug("using the first file of KUBECONFIG that exists; lists are not merged",
		  LS("file", path));
	int rc = kubeconfig_load(path, ret, err);
	free(path);
	return rc;
}
