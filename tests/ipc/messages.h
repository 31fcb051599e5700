/*
 * Messages made from the catalogue's own tables, so that a new row is tested, fuzzed
 * and thrown at processes without a word about it in the tests.
 */
#ifndef DROP_TESTS_IPC_MESSAGES_H
#define DROP_TESTS_IPC_MESSAGES_H

#include "ipc/msg_table.h"

/* A body with every field empty (rows 0), or filled, lists with that many rows. */
void *message_body(const struct msg_info *info, size_t rows, struct arena *a);
/* Some process that may send it. */
enum proc_id message_sender(const struct msg_info *info);
/* Some process that reads it. */
enum proc_id message_reader(const struct msg_info *info);
/* Its bytes; out is emptied first. */
void message_bytes(enum msg_type type, size_t rows, struct buf *out);
bool message_equal(const struct msg_field *fields, size_t n, const void *a, const void *b);

/* A deterministic pseudo-random number; state must not be 0. */
uint32_t random_next(uint32_t *state);
/* Random bytes that look like msgpack often enough to get past the first checks. */
size_t random_bytes(uint32_t *state, uint8_t *out, size_t max);

#endif
