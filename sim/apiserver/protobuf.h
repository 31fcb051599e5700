/*
 * Kubernetes' protobuf, as far as kubectl sends it whatever the server says: what it makes from
 * flags (`kubectl create namespace x`, `create secret generic`, `create configmap`). Pure.
 */
#ifndef DROP_SIM_APISERVER_PROTOBUF_H
#define DROP_SIM_APISERVER_PROTOBUF_H

#include <cjson/cJSON.h>

#include "sim/store/store.h"

#define PROTOBUF_TYPE "application/vnd.kubernetes.protobuf"

/* Can objects of that kind come as protobuf? */
bool protobuf_reads(const struct resource *r);
/*
 * The object of a body that begins with "k8s\0", as JSON; fields that are the server's own (uid,
 * creationTimestamp, status, ...) are left out. -1: e has 400.
 */
int protobuf_read(const struct resource *r, const char *body, size_t len, cJSON **ret,
		  struct api_error *e);

#endif
