/*
 * What stands between bytes from a socket and msgpack-c. Its unpacker believes
 * an array header that claims 2^32 elements and allocates for them; so the
 * structure is checked against the bytes that are there before it sees them.
 */
#ifndef DROP_IPC_WIRE_H
#define DROP_IPC_WIRE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Levels of arrays and maps; our deepest message has 4, our deepest object 8.
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

#endif
