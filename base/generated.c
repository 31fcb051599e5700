/* See generated.h. */
#include "base/generated.h"

#include <stdio.h>
#include <string.h>

static int write_file(const char *path, const struct buf *text)
{
	FILE *f = fopen(path, "w");
	if (f == NULL || fwrite(text->data, 1, text->len, f) != text->len) {
		perror(path);
		if (f != NULL)
			fclose(f);
		return GENERATED_SYSTEM;
	}
	return fclose(f) == 0 ? GENERATED_FINE : GENERATED_SYSTEM;
}

static int check_file(const char *path, const struct buf *text)
{
	FILE *f = fopen(path, "r");
	struct buf have = {0};
	char piece[4096];
	for (size_t n; f != NULL && (n = fread(piece, 1, sizeof(piece), f)) > 0;)
		buf_add(&have, piece, n);
	bool same = have.data != NULL && have.len == text->len &&
		    memcmp(have.data, text->data, text->len) == 0;
	if (!same)
		fprintf(stderr, "%s is not what the tables say; run `make manifests`\n", path);
	if (f != NULL)
		fclose(f);
	buf_done(&have);
	return same ? GENERATED_FINE : GENERATED_DIFFERS;
}

int generated_file(const char *path, const struct buf *text, bool check)
{
	return check ? check_file(path, text) : write_file(path, text);
}

int generated_main(int argc, char **argv, const char *tool, void (*make)(struct buf *out))
{
	bool check = argc == 3 && strcmp(argv[1], "--check") == 0;
	if (argc != 2 && !check) {
		fprintf(stderr, "usage: %s [--check] FILE\n", tool);
		return GENERATED_USAGE;
	}
	struct buf text = {0};
	make(&text);
	int rc = generated_file(argv[argc - 1], &text, check);
	buf_done(&text);
	return rc;
}
