/*
 * YAML 1.2 text into JSON trees: the only user of libyaml. For files written by hand (scenarios,
 * manifests, kubeconfigs, configuration), so every error names the line and the expected value.
 * Bounded in bytes, depth and values, aliases counted as often as they are used.
 *
 * Refused, because JSON cannot represent it or because it is probably a mistake: a key given twice,
 * merge keys, NaN, integers of more than 15 digits, NUL in a text, tags of an application.
 */
#ifndef DROP_API_YAML_TREE_H
#define DROP_API_YAML_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

typedef struct cJSON cJSON;

#define YAML_BYTES_MAX  (8 * 1024 * 1024)
#define YAML_DEPTH_MAX  100    /* lists and maps in one another */
#define YAML_VALUES_MAX 500000 /* of all documents, with those that aliases repeat */

enum yaml_types {
	YAML_CORE,  /* null, booleans and numbers where plain text looks so (core schema) */
	YAML_TEXTS, /* null, and everything else as the text that stands there */
};

struct yaml_mark {
	const cJSON *at;
	size_t line; /* from 1 */
};

struct yaml_doc {
	cJSON *root;             /* a null for an empty document */
	struct yaml_mark *marks; /* of each value, sorted by address */
	size_t n_marks;
};

struct yaml_docs {
	struct yaml_doc *at;
	size_t n;
};

/* Reads all documents of the text. ERR_TERMINAL: "line N: ...". Free with yaml_done(). */
int yaml_read(const char *text, size_t len, enum yaml_types types, struct yaml_docs *ret,
	      struct err *err);
void yaml_done(struct yaml_docs *docs);

/* The line of the value at a path as the descriptor engine words it ("spec.images[3].tag"), or of
 * the deepest part of the path that is there. */
size_t yaml_where(const struct yaml_doc *doc, const char *path);
/*
 * Puts "line 7: " before an error that begins with the path of a value, which the name of a
 * table may precede ("CachedImage: spec.tag: ..."); the name is dropped. Returns -1.
 */
int yaml_add_line(const struct yaml_doc *doc, const char *table, struct err *err);
/* The document as compact JSON text, in the arena. */
char *yaml_json(const cJSON *value, struct arena *a);

#endif
