/*
 * Columns of Tables: what a cell of an object shows. Private to view*.c.
 */
#ifndef DROP_SIM_APISERVER_VIEW_PARTS_H
#define DROP_SIM_APISERVER_VIEW_PARTS_H

#include <cjson/cJSON.h>

#include "sim/apiserver/view.h"

/* In the objects of apimachinery itself. */
#define META_VERSION "\"apiVersion\":\"meta.k8s.io/v1\""

struct view_column { /* of a built-in kind */
	const char *name;
	bool wide, is_name;
	/* Appends the cell as JSON. */
	void (*cell)(const cJSON *obj, struct now now, struct buf *out);
	const char *doc;
};

/* After no name: each list begins with its own; name == NULL ends. NULL: none known. */
const struct view_column *view_columns(const struct resource *r);

/* What kubectl shows of a time span: "45s", "3m20s", "7d". */
void view_human_span(int64_t seconds, struct buf *out);
/* Since an RFC 3339 text; absent or broken: "<unknown>". Quoted. */
void view_age(const cJSON *time, struct now now, struct buf *out);

/*
 * The first value at a JSONPath as CRD columns write it: .a.b, ['a\.b'], and
 * [?(@.key=="value")] on lists. NULL: nothing there, or a path of another form.
 */
const cJSON *view_path(const cJSON *obj, const char *path);

/* "columnDefinitions" of the kind: a JSON array. */
void view_column_definitions(const struct resource *r, struct buf *out);
/* {"cells":[...],"object":{...}} */
void view_row(enum view_form form, const struct resource *r, const char *json, struct now now,
	      struct buf *out);
/* The PartialObjectMetadata of an object's text. */
void view_partial(const char *json, struct buf *out);

#endif
