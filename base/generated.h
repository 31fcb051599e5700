/*
 * Files generated from tables by a tool of the build: written, or compared with the existing file.
 * For such tools only.
 */
#ifndef DROP_BASE_GENERATED_H
#define DROP_BASE_GENERATED_H

#include <stdbool.h>

#include "base/buf.h"

/* Exit codes of the tools; except for usage, higher is worse. */
enum { GENERATED_FINE = 0, GENERATED_DIFFERS = 1, GENERATED_USAGE = 100, GENERATED_SYSTEM = 111 };

/* Writes the text to path, or with check says on standard error when the file is not that. */
int generated_file(const char *path, const struct buf *text, bool check);
/* The main() of a tool that makes one file: "TOOL [--check] FILE". */
int generated_main(int argc, char **argv, const char *tool, void (*make)(struct buf *out));

#endif
