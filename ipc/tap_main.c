/* drop-tap: see ipc/tap.h. */
#include "ipc/tap.h"

int main(int argc, char **argv)
{
	return proc_main(argc, argv, &tap_proc);
}
