/*
 * The descriptor engine: one table row a field, one walker a job (decode,
 * default, validate, encode, diff, hash, schema, docs). A struct is described once;
 * nothing else in the tree knows its JSON.
 *
 * Pure: no I/O. cJSON does not appear in this header.
 */
#ifndef DROP_API_DESC_H
#define DROP_API_DESC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum field_type {
	F_STRING,   /* const char * */
	F_BOOL,     /* bool */
	F_INT,      /* int64_t; JSON integer within min..max */
	F_RV,       /* uint64_t; JSON string of digits (resourceVersion) */
	F_DURATION, /* int64_t milliseconds; Go duration string */
	F_TIME,     /* int64_t unix seconds; RFC 3339 string; 0 = absent */
	F_MAP,      /* struct api_map: object of strings */
	F_STRINGS,  /* struct api_strings: array of strings */
	F_OBJECT,   /* pointer to sub-struct, NULL = absent */
	F_INLINE,   /* sub-struct embedded in place; JSON object */
	F_LIST,     /* {sub *at; size_t n}: array of objects */
};

enum {
	FF_REQUIRED = 1 << 0, /* must be present and not empty */
	FF_ALWAYS = 1 << 1,   /* encoded even when zero (status integers, behaviour.md preamble) */
	FF_HAS_DEFAULT =
		1 << 2,       /* def_num / def_str when absent; F_INLINE: def_str, the JSON that the
				 server       puts there (we do not), or {}, so that those inside apply */
	FF_ADDITIVE = 1 << 3, /* not in upstream's API */
	FF_NOSCHEMA = 1 << 4, /* decoded, but not part of the CRD schema (metadata) */
	FF_LIST_KEYED = 1 << 5, /* x-kubernetes-list-type: map on list_key */
	FF_CLAMP = 1 << 6,      /* integers out of range are decoded as the nearest that fits */
	FF_WITH_NEXT = 1 << 7,  /* an integer whose zero is written if the next row is written */
	FF_QUANTITY = 1 << 8,   /* a string that may be written as a number: a quantity */
	FF_KEYS_ALIKE = 1 << 9, /* a map whose keys begin alike: packed by where they differ */
};

struct desc_rule { /* a CEL rule of the CRD, behaviour.md 33 */
	const char *rule, *message;
};

struct field {
	const char *json; /* name; a dotted name ("nodeInfo.operatingSystem") steps into objects */
	enum field_type type;
	size_t offset;
	unsigned flags;
	const struct desc *sub;        /* F_OBJECT, F_INLINE, F_LIST */
	const char *def_str;           /* default: strings and durations, as text */
	int64_t def_num;               /* default: integers */
	const char *doc;               /* one or two sentences, our own words; CRD and docs */
	const char *const *enums;      /* NULL-terminated; strings */
	const char *pattern;           /* for the API server (RE2) and mirrored by validate */
	int64_t min, max;              /* integers; both 0: the range of `bits` (64: +-2^53).
					* durations: min, ms; 0: none is negative */
	int bits;                      /* 32 or 64: format of the schema */
	size_t min_len, max_len;       /* strings, values of maps; 0: none */
	size_t max_key_len;            /* maps; said to the server by a rule of `rules`; 0: none */
	size_t min_items, max_items;   /* lists, maps; 0: none */
	const char *list_key;          /* FF_LIST_KEYED */
	const struct desc_rule *rules; /* on this field; rule == NULL ends */
};

struct desc {
	const char *name; /* Go-like type name, for docs: "CachedImageSpec" */
	const char *doc;
	size_t size;
	const struct field *fields;
	size_t n;
	const struct desc_rule *rules; /* on the object; rule == NULL ends */
};

/*
 * Decodes one JSON object of `len` bytes into ret (desc->size bytes, zeroed by
 * the call); strings live in a. Unknown fields are skipped by their brackets and quotes, what is in
 * them is not checked. null counts as absent, of a repeated key the first wins, maps come out
 * sorted by key. A value of a wrong type is an error naming its path; so is, without FF_CLAMP, an
 * integer that does not fit its width (32 bits, or the 53 that JSON carries). Narrower limits are
 * desc_validate's: an object that an older CRD let in must stay readable. Applies defaults when
 * `defaults`, not inside absent F_OBJECTs. ERR_TERMINAL.
 */
int desc_decode(const struct desc *d, const char *json, size_t len, bool defaults, struct arena *a,
		void *ret, struct err *err);

/*
 * Has the JSON object only members that the table knows? For what people write: ERR_TERMINAL names
 * the path of the first that is not, and what was perhaps meant. Types are desc_decode's to check.
 */
int desc_known(const struct desc *d, const char *json, size_t len, struct err *err);

/*
 * Appends the JSON of obj: absent fields left out, FF_ALWAYS written, and numbers with
 * a default too, as leaving out a zero would bring the default back. Keys in table order.
 */
void desc_encode(const struct desc *d, const void *obj, struct buf *out);

/*
 * Appends the JSON merge patch (RFC 7386) that turns old into new: changed fields,
 * null for removed ones, lists as a whole. An object that is patched at all carries its
 * FF_ALWAYS integers even when unchanged, so that zeros reach a server that never had
 * them. Appends nothing when they are equal; returns whether they differ. Maps must be
 * sorted by key.
 */
bool desc_diff(const struct desc *d, const void *old, const void *new, struct buf *out);

bool desc_equal(const struct desc *d, const void *a, const void *b);

/*
 * Hash of one row (d->fields[row]), or of all: equal values have equal hashes, of desc_equal()'s
 * equality. Of this process only (base/hash.h).
 */
uint64_t desc_hash_row(const struct desc *d, size_t row, const void *obj);
uint64_t desc_hash(const struct desc *d, const void *obj);

/*
 * Gives one row of obj another value, which lives in a: desc_diff() from the result to what obj was
 * writes that row, all members of an object included. For a writer that kept hashes and knows which
 * rows differ, but not what they were. A map stays as it is: a merge patch removes only keys that
 * are known.
 */
void desc_unlike(const struct desc *d, size_t row, void *obj, struct arena *a);

/* A deep copy whose parts live in a. */
void *desc_clone(const struct desc *d, const void *obj, struct arena *a);

/*
 * The limits of the table (required, enum, pattern, range, lengths), not CEL. The
 * first violation, as "spec.tag: ... ; what to do".
 */
int desc_validate(const struct desc *d, const void *obj, struct err *err);

/* Sets the defaults of absent fields in an object built by hand; a zero counts as absent. */
void desc_default(const struct desc *d, void *obj, struct arena *a);

#endif
