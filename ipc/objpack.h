/*
 * API objects between processes: any struct with a descriptor (api/desc.h) packed
 * as a msgpack array of its fields in table order, nil for absent, trailing nils
 * left out, uids and digests as bytes (objtext.h), maps as three values an entry
 * (pack_map in objpack.c). Both ends are of one build, so positions suffice. Equal
 * objects pack to equal bytes: the watcher compares them to see whether anything changed.
 */
#ifndef DROP_IPC_OBJPACK_H
#define DROP_IPC_OBJPACK_H

#include <stddef.h>

#include "api/desc.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

void obj_pack(const struct desc *d, const void *obj, struct buf *out);
/* ret: d->size bytes; strings and lists live in a. Strict like msg_decode. ERR_TERMINAL. */
int obj_unpack(const struct desc *d, const void *bytes, size_t len, struct arena *a, void *ret,
	       struct err *err);

#endif
