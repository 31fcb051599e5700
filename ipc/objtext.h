/*
 * Texts of a packed object (objpack.h). Uids and sha256 digests are most of what the watcher keeps
 * of pull pods: both are packed as the bytes that their hexadecimal digits stand for. Private to
 * ipc/.
 */
#ifndef DROP_IPC_OBJTEXT_H
#define DROP_IPC_OBJTEXT_H

#include "base/arena.h"

/*
 * Packs s with a msgpack_packer; nil for NULL. A UUID in small letters (RFC 9562), and a text that
 * ends in "sha256:" and 64 small hexadecimal digits (OCI image spec, digests) after at most 200
 * bytes, become an ext value, any other text a str: each text has one form.
 */
void objtext_pack(void *packer, const char *s);
/* Of a msgpack_object; the text lives in a, nil is NULL. -1: neither of these. */
int objtext_unpack(const void *object, struct arena *a, const char **ret);

#endif
