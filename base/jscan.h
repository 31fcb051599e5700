/*
 * A JSON text (RFC 8259) read once, front to back, without a tree: whoever reads steps
 * into what it wants and skips the rest. Everything is checked on the way, also what is
 * skipped; `bad` is set once and for all by the first thing that is no JSON, and then
 * every question is answered as at an end. Pure; the text is borrowed and needs no NUL.
 *
 *	jscan_enter(&s);
 *	while (jscan_member(&s, &key))
 *		if (jtext_is(&key, "name")) ... else jscan_skip(&s);
 *
 * The value of each member or element must be taken or skipped. More lenient than the RFC
 * in one thing: control characters may stand in a string as they are.
 */
#ifndef DROP_BASE_JSCAN_H
#define DROP_BASE_JSCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* Objects and arrays within one another; deeper is bad. */
#define JSCAN_DEPTH_MAX 1000

/* Characters of a number that is taken; a longer one is bad. Skipped it may have any length. */
#define JSCAN_NUMBER_MAX 63

struct jscan {
	const char *at, *end;
	size_t depth;
	bool first; /* nothing of the object or array at hand was read yet */
	bool bad;
};

enum jscan_type {
	JSCAN_NONE, /* the end, or nothing that begins a value: bad */
	JSCAN_OBJECT,
	JSCAN_ARRAY,
	JSCAN_STRING,
	JSCAN_NUMBER,
	JSCAN_BOOL,
	JSCAN_NULL,
};

struct jtext { /* a string as it stands between its quotes */
	const char *at;
	size_t len;
	bool plain; /* without a backslash: these are its bytes */
};

struct jscan jscan_of(const char *json, size_t len);
/* The type of the value that comes next; takes nothing. */
enum jscan_type jscan_next(struct jscan *s);
/* Into the object or array that comes next. */
void jscan_enter(struct jscan *s);
/* The next member's name; false: the object is left (or bad). */
bool jscan_member(struct jscan *s, struct jtext *name);
/* Is there another element? false: the array is left (or bad). */
bool jscan_element(struct jscan *s);
/* Takes the value that comes next, whatever it is. */
void jscan_skip(struct jscan *s);
/* Takes a value of that type; false: it is of another or bad. */
bool jscan_text(struct jscan *s, struct jtext *ret);
bool jscan_number(struct jscan *s, double *ret);
bool jscan_bool(struct jscan *s, bool *ret);
/* Takes a null if one comes next. */
bool jscan_null(struct jscan *s);
/* Nothing but blanks is left. */
bool jscan_over(struct jscan *s);

bool jtext_is(const struct jtext *t, const char *plain, size_t len);
/*
 * Its text, NUL-terminated; NULL: half a surrogate pair. It ends at an escaped NUL, and is
 * UTF-8 only if the JSON was.
 */
char *jtext_copy(const struct jtext *t, struct arena *a);

#endif
