/*
 * crdgen, a tool of the build: writes deploy/crds/<plural>.yaml, or says which of
 * the files there are not what the tables give. Not installed.
 *
 * crdgen [--check] DIR; exit 0, 1 (files differ), 100 (usage), 111 (system).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/generated.h"

#include "api/crd.h"

#define PATH_MAX_BYTES 4096

int main(int argc, char **argv)
{
	bool check = argc == 3 && strcmp(argv[1], "--check") == 0;
	if (argc != 2 && !check) {
		fputs("usage: crdgen [--check] DIR\n", stderr);
		return GENERATED_USAGE;
	}
	int rc = GENERATED_FINE;
	for (int k = 0; k < KIND_COUNT; k++) {
		if (!kinds[k].ours)
			continue;
		char path[PATH_MAX_BYTES];
		snprintf(path, sizeof(path), "%s/%s.yaml", argv[argc - 1], kinds[k].plural);
		struct buf yaml = {0};
		crd_write((enum kind)k, &yaml);
		int one = generated_file(path, &yaml, check);
		buf_done(&yaml);
		rc = one > rc ? one : rc;
	}
	return rc;
}
