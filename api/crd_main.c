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

#include "api/crd.h"

#define PATH_MAX_BYTES 4096

enum { EXIT_SAME = 0, EXIT_DIFFERS = 1, EXIT_USAGE = 100, EXIT_SYSTEM = 111 };

static int write_file(const char *path, const struct buf *yaml)
{
	FILE *f = fopen(path, "w");
	if (f == NULL || fwrite(yaml->data, 1, yaml->len, f) != yaml->len) {
		perror(path);
		if (f != NULL)
			fclose(f);
		return EXIT_SYSTEM;
	}
	return fclose(f) == 0 ? EXIT_SAME : EXIT_SYSTEM;
}

static int check_file(const char *path, const struct buf *yaml)
{
	FILE *f = fopen(path, "r");
	struct buf have = {0};
	char piece[4096];
	for (size_t n; f != NULL && (n = fread(piece, 1, sizeof(piece), f)) > 0;)
		buf_add(&have, piece, n);
	bool same = have.data != NULL && have.len == yaml->len &&
		    memcmp(have.data, yaml->data, yaml->len) == 0;
	if (!same)
		fprintf(stderr, "%s is not what api/ says; run `make manifests`\n", path);
	if (f != NULL)
		fclose(f);
	buf_done(&have);
	return same ? EXIT_SAME : EXIT_DIFFERS;
}

int main(int argc, char **argv)
{
	bool check = argc == 3 && strcmp(argv[1], "--check") == 0;
	if (argc != 2 && !check) {
		fputs("usage: crdgen [--check] DIR\n", stderr);
		return EXIT_USAGE;
	}
	int rc = EXIT_SAME;
	for (int k = 0; k < KIND_COUNT; k++) {
		if (!kinds[k].ours)
			continue;
		char path[PATH_MAX_BYTES];
		snprintf(path, sizeof(path), "%s/%s.yaml", argv[argc - 1], kinds[k].plural);
		struct buf yaml = {0};
		crd_write((enum kind)k, &yaml);
		int one = check ? check_file(path, &yaml) : write_file(path, &yaml);
		buf_done(&yaml);
		rc = one > rc ? one : rc;
	}
	return rc;
}
