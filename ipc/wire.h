/*
 * Checks bytes from a socket before msgpack-c parses them. Its unpacker trusts an array header that
 * claims 2^32 elements and allocates memory for them; so the structure is checked against the
 * number of bytes first.
 */
#ifndef DROP_IPC_WIRE_H
#define DROP_IPC_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/*
 * Levels of arrays and maps; our deepest message has 8, our deepest object 8.
 * msgpack-c's own stack ends at 32.
 */
#define WIRE_DEPTH_MAX 16

/*
 * Is there one whole msgpack value at the start? Every count is covered by bytes
 * that are there, so memory for it is at most a fixed multiple of len.
 */
bool wire_scan(const void *bytes, size_t len, size_t *ret_len);

/* msgpack_packer_write into a struct buf. */
int wire_write(void *buf, const char *bytes, size_t len);
/* Packs s, nil for NULL, with a msgpack_packer. */
void wire_pack_str(void *packer, const char *s);

/*
 * Values of a msgpack_object. -1: another type; a string with a NUL in it, or a number
 * beyond int64, is one. nil is the string NULL; strings are copied into a.
 */
int wire_str(const void *object, struct arena *a, const char **ret);
int wire_int(const void *object, int64_t *ret);

#endif
