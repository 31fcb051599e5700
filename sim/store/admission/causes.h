/*
 * What is wrong with an object, collected as an API server words it: one entry a field,
 * then one metav1.Status of reason Invalid (422) out of all. Private to this room.
 */
#ifndef DROP_SIM_STORE_ADMISSION_CAUSES_H
#define DROP_SIM_STORE_ADMISSION_CAUSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "sim/objects/api_error.h"

/* Bytes of the path of a field in a text; longer ones are cut. */
#define PLACE_TEXT_MAX 512

/* Where a value is, as a chain on the walkers' stacks: spec.images[3].tag. */
struct place {
	const struct place *up; /* NULL: the object itself */
	const char *name;       /* NULL: an element */
	size_t index;
};

struct causes {
	struct buf list;  /* JSON objects, comma between them */
	struct buf texts; /* ", " between them */
	size_t n;
	bool blocking; /* one of them keeps the rules (CEL) from being looked at */
	bool status;   /* the status subresource: texts name fields from there on */
};

#define CAUSES_INIT                                                                                \
	{                                                                                          \
		.list = {.limit = 64 * 1024}, .texts = {.limit = 64 * 1024 }                       \
	}

void place_text(const struct place *at, char out[PLACE_TEXT_MAX]);
/* The same as the texts of schemas name it: without "status." under the subresource. */
void place_in_body(const struct causes *c, const struct place *at, char out[PLACE_TEXT_MAX]);

/* Reasons as field.Error has them; `at` NULL is written "<nil>". */
void cause_required(struct causes *c, const struct place *at, const char *detail);
void cause_forbidden(struct causes *c, const struct place *at, const char *detail);
void cause_too_long(struct causes *c, const struct place *at, size_t most);
void cause_too_many(struct causes *c, const struct place *at, size_t actual, size_t most);
/* value: NULL is written as ""; strings are quoted. */
void cause_unsupported(struct causes *c, const struct place *at, const char *value,
		       const char *const *supported);
void cause_duplicate(struct causes *c, const struct place *at, const char *value_json);
void cause_invalid(struct causes *c, const struct place *at, const char *value, const char *fmt,
		   ...) __attribute__((format(printf, 4, 5)));
/* value: JSON, written as it is. */
void cause_invalid_json(struct causes *c, const struct place *at, const char *value,
			const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void cause_invalid_number(struct causes *c, const struct place *at, double value, const char *fmt,
			  ...) __attribute__((format(printf, 4, 5)));
/* A value of another JSON type; `is` names it. */
void cause_type(struct causes *c, const struct place *at, const char *is, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The entry that says that rules were not looked at. */
void cause_rules_unchecked(struct causes *c);

/* Frees what was collected. 0 if nothing was, else -1 and e. */
int causes_end(struct causes *c, const char *kind, const char *group, const char *name,
	       struct api_error *e);

#endif
