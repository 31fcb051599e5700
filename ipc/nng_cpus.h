/*
 * nng starts threads by the number of CPUs: three for each and more besides, 88 in a
 * process on 64 CPUs, each with a stack and kernel memory, for a few messages a
 * second. 1.5.2 has no run-time setting. It asks sysconf(_SC_NPROCESSORS_ONLN), so
 * every program that links ipc/ has a sysconf of its own that answers 1 to that.
 *
 * Rejected: building nng from source (Debian's fixes would be ours to follow), and CPU
 * affinity (nng does not look at it). Nobody else in our processes needs the number.
 */
#ifndef DROP_IPC_NNG_CPUS_H
#define DROP_IPC_NNG_CPUS_H

/* Makes the linker take ipc/nng_cpus.c out of the archive; without effect at run time. */
void nng_cpus_cap(void);

#endif
