/*
 * kubeconfig files (client.authentication: token, tokenFile, client certificate, user
 * and password). Plugins (exec, auth-provider) and impersonation are refused with a
 * text that says what to use instead, never ignored.
 */
#ifndef DROP_KUBE_KUBECONFIG_H
#define DROP_KUBE_KUBECONFIG_H

#include "kube/api_config.h"

/*
 * Pure: the current context of the YAML (or JSON) in bytes. Relative paths are made
 * absolute against dir; the files behind paths are not read. name is for error texts.
 */
int kubeconfig_parse(const char *bytes, size_t len, const char *dir, const char *name,
		     struct kube_config *ret, struct err *err);
/* Reads path, parses it, and reads the files it names. */
int kubeconfig_load(const char *path, struct kube_config *ret, struct err *err);

#endif
