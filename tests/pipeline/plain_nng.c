/*
 * What a program that uses nng without ipc/nng_cpus.c does: opens a socket and prints
 * how many threads that made. The other half of the test with fake_cpus.c.
 */
#include <stdio.h>

#include <dirent.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>

int main(void)
{
	nng_socket s;
	int n = 0;
	if (nng_rep0_open_raw(&s) != 0)
		return 1;
	DIR *d = opendir("/proc/self/task");
	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(d);
	printf("%d\n", n);
	nng_close(s);
	return 0;
}
