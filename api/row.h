/*
 * How a descriptor table is written: ROW() ties a JSON name to a struct member, so
 * that a renamed member breaks the build and not the wire. Private to the tables
 * in api/<kind>.c.
 */
#ifndef DROP_API_ROW_H
#define DROP_API_ROW_H

#include <stddef.h>
#include <stdint.h>

#include "api/desc.h"

#define ROW(tag, member, name, kind, ...)                                                          \
	{                                                                                          \
		.json = (name), .type = (kind), .offset = offsetof(struct tag, member),            \
		__VA_ARGS__                                                                        \
	}

/* DESC(cachedimage_spec, "CachedImageSpec", "...", .rules = r): rows are cachedimage_spec_rows. */
#define DESC(tag, go_name, text, ...)                                                              \
	const struct desc tag##_desc = {.name = (go_name),                                         \
					.doc = (text),                                             \
					.size = sizeof(struct tag),                                \
					.fields = tag##_rows,                                      \
					.n = sizeof(tag##_rows) / sizeof(tag##_rows[0]),           \
					__VA_ARGS__}

/* The same for a second table of a struct: DESC_OF(prometheus_query, prometheus_source, ...). */
#define DESC_OF(rows, tag, go_name, text, ...)                                                     \
	const struct desc rows##_desc = {.name = (go_name),                                        \
					 .doc = (text),                                            \
					 .size = sizeof(struct tag),                               \
					 .fields = rows##_rows,                                    \
					 .n = sizeof(rows##_rows) / sizeof(rows##_rows[0]),        \
					 __VA_ARGS__}

/* A count that is never negative, as Go's int32 (behaviour.md 33). */
#define COUNT32 .bits = 32, .min = 0, .max = INT32_MAX
/* The same where zero would mean "never do anything". */
#define COUNT32_MIN1 .bits = 32, .min = 1, .max = INT32_MAX
/* Status integers are written even when zero (behaviour.md, preamble). */
#define STATUS_COUNT .flags = FF_ALWAYS, COUNT32

/*
 * What the API server shows until something was written: a generation that no object has, so that
 * tools do not take a new object for one that was looked at (behaviour.md 59).
 */
#define API_STATUS_DEFAULT .flags = FF_HAS_DEFAULT, .def_str = "{\"observedGeneration\": -1}"

#endif
