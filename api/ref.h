/*
 * Image references: the text that goes into a pod, and the normal form under
 * which two texts mean the same image (behaviour.md 5, 16, 17, 23). Pure.
 */
#ifndef DROP_API_REF_H
#define DROP_API_REF_H

#include <stdint.h>

#include "base/arena.h"
#include "base/hash.h"

/* image@digest, or image:tag, or image:latest; digest wins; "" counts as unset. Not checked. */
char *ref_make(struct arena *a, const char *image, const char *tag, const char *digest);
/*
 * "docker.io/library/nginx:latest" from "nginx"; with a digest the tag is dropped. NULL if
 * it is no reference; a bare image ID (64 hex digits, or sha256:<64 hex>) is none.
 */
char *ref_normal(struct arena *a, const char *ref);
/* Host (with port) that serves the reference: "docker.io", "registry.example.com:5000"; or NULL. */
char *ref_host(struct arena *a, const char *ref);
/* "docker.io/library/nginx" from "nginx:1.2@sha256:.."; or NULL. */
char *ref_repository(struct arena *a, const char *ref);
/*
 * The fields of a CachedImage that mean the reference (behaviour.md 23): the image as it is
 * written, then its digest, else its tag; a missing one is NULL. -1 if it is no reference.
 */
int ref_split(struct arena *a, const char *ref, const char **ret_image, const char **ret_tag,
	      const char **ret_digest);
/*
 * SipHash-2-4 of the normal form: equal for two texts that mean the same image; 0: no reference.
 * Its key is that of the tree (ipc/proc_keys.c), so that nobody can make a name that passes for
 * another one on a node.
 */
uint64_t ref_hash(const char *ref);
/* Once, at the start of a program; without it the key is 0. */
void ref_hash_seed(struct hash_key key);
/* The "sha256:..." part of an imageID of the form repo@sha256:<64 hex>, else NULL. Borrowed. */
const char *ref_digest(const char *image_id);

#endif
