/*
 * The kubeconfig through which clients find the pretend API server: written last, by
 * rename: once the file exists, the server answers.
 */
#ifndef DROP_SIM_KUBECONFIG_H
#define DROP_SIM_KUBECONFIG_H

#include "base/err.h"

struct kubeconfig {
	const char *server;    /* "https://127.0.0.1:1234" */
	const char *authority; /* PEM, or NULL: plain http */
	const char *token;     /* or NULL */
	const char *ns;        /* default namespace of the context */
};

/* Mode 0600: it has the token. ERR_TERMINAL names the path. */
int kubeconfig_write(const char *path, const struct kubeconfig *k, struct err *err);

#endif
