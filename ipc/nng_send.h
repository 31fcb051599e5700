/*
 * nng 1.5.2 can lose its reaper when a peer dies: a failed send closes the pipe while the
 * other thread is between the head and the body of a message it reads, the read is then
 * never finished (nni_aio_begin() refuses without a word), and the one thread that takes
 * pipes away waits for it for ever. No peer of this process is noticed to go, or dialled
 * again, after that: about once in thirty kills under full load.
 *
 * So a send to a dead peer must not fail: every program that links ipc/ has its own sendmsg, which
 * nng calls and which reports success. The reader then reads the last data and the end of the
 * stream, and closes the pipe in order. A message to a dead peer is lost either way; requests are
 * repeated.
 */
#ifndef DROP_IPC_NNG_SEND_H
#define DROP_IPC_NNG_SEND_H

/* Makes the linker take ipc/nng_send.c out of the archive; without effect at run time. */
void nng_send_never_fails(void);

#endif
