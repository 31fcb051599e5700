/*
 * nng 1.5.2 can lose its reaper when a peer dies: a failed send closes the pipe while the
 * other thread is between the head and the body of a message it reads, the read is then
 * never finished (nni_aio_begin() refuses without a word), and the one thread that takes
 * pipes away waits for it for ever. No peer of this process is noticed to go, or dialled
 * again, after that: about once in thirty kills under full load.
 *
 * So a send to a dead peer must not fail: every program that links ipc/ has a sendmsg of
 * its own, which nng calls, and which says that all was sent. The reader then sees what
 * the peer said last and the end of the stream, and closes the pipe with nothing going on.
 * A message to a dead peer is lost either way, which requests must and do survive.
 */
#ifndef DROP_IPC_NNG_SEND_H
#define DROP_IPC_NNG_SEND_H

/* Makes the linker take ipc/nng_send.c out of the archive; without effect at run time. */
void nng_send_never_fails(void);

#endif
