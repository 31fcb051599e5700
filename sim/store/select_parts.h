/*
 * What a selector is made of. Private to select*.c.
 */
#ifndef DROP_SIM_STORE_SELECT_PARTS_H
#define DROP_SIM_STORE_SELECT_PARTS_H

#include "sim/store/select.h"

enum label_op { LABEL_EXISTS, LABEL_ABSENT, LABEL_IN, LABEL_NOT_IN, LABEL_GT, LABEL_LT };

struct label_term {
	const char *key;
	enum label_op op; /* "=" is IN, "!=" is NOT_IN; NOT_IN also matches what lacks the key */
	const char **values;
	size_t n;
	int64_t number; /* LABEL_GT, LABEL_LT */
};

struct selector_field; /* select_fields.c */

struct field_term {
	const struct selector_field *field;
	const char *value;
	bool not ;
};

struct selector {
	const struct resource *res;
	const char *labels_text, *fields_text; /* as given, for selector_keep */
	struct label_term *labels;
	size_t n_labels;
	struct field_term *fields;
	size_t n_fields;
	struct arena own; /* of a kept one: everything above */
};

/* select_labels.c, select_fields.c: fill their half of s from s->..._text. -1: e has 400. */
int selector_parse_labels(struct selector *s, struct arena *a, struct api_error *e);
int selector_parse_fields(struct selector *s, struct arena *a, struct api_error *e);

/* What fields may look at without reading JSON. */
struct selected {
	const char *ns, *name, *node; /* node NULL: read it */
	const char *json;
	size_t len;
};
bool selector_field_matches(const struct field_term *t, const struct selected *obj);

#endif
