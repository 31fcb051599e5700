/*
 * The manifests that `dropctl plan` is asked about: YAML as one would give it to kubectl
 * apply, read and checked by the descriptor tables of the CRDs. A CachedImageSet stands for
 * the CachedImages of its list (behaviour.md 23); other objects are counted, not planned.
 */
#ifndef DROP_DROPCTL_PLAN_FILE_H
#define DROP_DROPCTL_PLAN_FILE_H

#include <stddef.h>

#include "api/kinds.h"
#include "base/arena.h"
#include "base/err.h"

#define PLAN_IMAGES_MAX 2000

/* Reasons that are told apart: fixed texts of the discoverer, of which there are fewer. */
#define PLAN_UNREAD_MAX 24

struct plan_unread {     /* images whose bytes nobody told, for one reason */
	const char *why; /* NULL: free */
	size_t n;
};

struct plan_file {
	struct arena arena;
	struct cachedimage *images; /* name, spec, and the set as owner; in file order */
	size_t n, cap;
	size_t others;            /* documents of other kinds */
	struct api_strings notes; /* sentences about what the plan cannot know */
	struct plan_unread unread[PLAN_UNREAD_MAX];
};

/* path: a file, or "-" for standard input. ERR_TERMINAL: "FILE, line N: what is wrong". */
int plan_file_read(const char *path, struct plan_file *ret, struct err *err);
/* The same from text, for the tests. */
int plan_file_parse(const char *text, size_t len, struct plan_file *ret, struct err *err);
/* The bytes of one more image are not known. */
void plan_file_unread(struct plan_file *f, const char *why);
/* All images were planned: the last notes are added. */
void plan_file_end(struct plan_file *f);
void plan_file_done(struct plan_file *f);

#endif
