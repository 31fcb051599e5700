/* Build tool: writes the manual page of the catalogue to standard output. */
#include <stdio.h>

#include "ipc/msg.h"

int main(void)
{
	struct buf out = {0};
	msg_man(&out);
	bool written = fwrite(out.data, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
	buf_done(&out);
	return written ? 0 : 1;
}
