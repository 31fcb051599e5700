/* Build tool: writes docs/metrics.md from the table of metrics, or compares it. */
#include <stdio.h>
#include <string.h>

#include "base/generated.h"
#include "ipc/metrics.h"

int main(int argc, char **argv)
{
	bool check = argc == 3 && strcmp(argv[1], "--check") == 0;
	if (argc != 2 && !check) {
		fputs("usage: metricdoc [--check] FILE\n", stderr);
		return GENERATED_USAGE;
	}
	struct buf page = {0};
	metrics_doc(&page);
	int rc = generated_file(argv[argc - 1], &page, check);
	buf_done(&page);
	return rc;
}
