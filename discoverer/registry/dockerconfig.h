/*
 * The login for a registry out of a docker configuration: a Secret of type
 * kubernetes.io/dockerconfigjson or dockercfg (behaviour.md 29). Entries are matched as kubelet
 * matches them to images: scheme and a path of /v1/ or /v2/ are left out; equal port and number
 * of labels of the host, * within a label; its path is the beginning of all repositories' paths;
 * of several the last in the order of bytes. index.docker.io and registry-1.docker.io are
 * docker.io. Pure.
 */
#ifndef DROP_DISCOVERER_REGISTRY_DOCKERCONFIG_H
#define DROP_DISCOVERER_REGISTRY_DOCKERCONFIG_H

#include "api/kinds.h"
#include "kube/weburl.h"

#include "discoverer/registry/auth.h"

/*
 * Takes user and password for the registry from a->docker_config, else a->docker_cfg, into a.
 * ERR_TERMINAL: there is none for it, or it is broken; names the Secret and the host, never a
 * value.
 */
int docker_login(struct auth *a, const char *secret, const struct weburl *registry,
		 const struct api_strings *repositories, struct err *err);

#endif
