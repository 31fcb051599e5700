/*
 * Which configuration a client uses.
 */
#ifndef DROP_KUBE_CONFIG_CHOOSE_H
#define DROP_KUBE_CONFIG_CHOOSE_H

#include "kube/api_config.h"

/*
 * The configuration for kube_new(): the file `kubeconfig` if given; else the service
 * account, in a pod; else the first file of $KUBECONFIG's list that exists (lists are
 * not merged as kubectl does). Files are read. ERR_TERMINAL.
 */
int config_load(const char *kubeconfig, struct kube_config *ret, struct err *err);

#endif
