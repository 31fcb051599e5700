/*
 * What came onto nodes by pulls of ours, what a workload started there since, and what was counted
 * (behaviour 56). Pure.
 *
 * Bounds: 131,072 entries in sets of four, 1 MB; when a set is full, one that was used goes first,
 * and one that waits for its first start last. Entries are known by 39 bits of a hash under a key
 * of the table's: two in a billion are taken for another.
 */
#ifndef DROP_RECONCILER_REPORT_COPIES_H
#define DROP_RECONCILER_REPORT_COPIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/varint.h"

#define COPIES_SETS 32768
#define COPIES_WAYS 4

enum copy_state {
	COPY_UNKNOWN,
	COPY_PULLED,  /* a pull of ours brought it, no workload started with it since */
	COPY_THERE,   /* our pod found it there */
	COPY_USED,    /* a workload started with it since */
	COPY_COUNTED, /* of a digest: a first start of it was counted */
	COPY_STATES,
};

struct copies {
	struct hash_key key;
	uint64_t *at; /* COPIES_SETS * COPIES_WAYS, or NULL: empty; owned */
};

struct copy {
	enum copy_state state;
	double seconds; /* COPY_PULLED: what that pull took; 0: not known */
	int64_t at_s;   /* COPY_PULLED: when it ended, unix seconds */
};

/* Empty, under that key. */
void copies_begin(struct copies *c, struct hash_key key);
void copies_done(struct copies *c);
/* A pod of ours ended there; brought: it pulled the image. */
struct copies_pull {
	bool brought;
	double seconds; /* 0 or less: not known */
	int64_t at_s;
};
void copies_pull(struct copies *c, const char *node_uid, const char *image,
		 const struct copies_pull *pull);
/* A workload starts there at at_s. Returns what was known before. */
struct copy copies_use(struct copies *c, const char *node_uid, const char *image, int64_t at_s);
/* false: a start with that digest was counted there before. */
bool copies_count(struct copies *c, const char *node_uid, const char *digest);
/* Appends the key and the entries, at most `limit` bytes: those that wait for a start first. */
void copies_store(const struct copies *c, size_t limit, struct buf *out);
/* Into an empty table. What is not understood sets r->bad. */
void copies_restore(struct copies *c, struct varint_reader *r);

#endif
