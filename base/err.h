/*
 * The error object. A function that can fail returns 0 or -1 and takes
 * `struct err *err` last; err is filled on failure and untouched on success.
 * The class *is* the retry policy of the caller. err may be NULL.
 */
#ifndef DROP_BASE_ERR_H
#define DROP_BASE_ERR_H

enum err_class {
	ERR_RETRY,    /* the world may change: try again with back-off */
	ERR_CONFLICT, /* somebody else wrote first: read again, decide again */
	ERR_GONE,     /* what was asked for is no longer there */
	ERR_TERMINAL, /* the same request will fail again: tell the user */
	ERR_BUG,      /* must not happen */
};

#define ERR_TEXT_MAX 512

struct err {
	enum err_class cls;
	char text[ERR_TEXT_MAX]; /* cut at the limit, always terminated */
};

/* Fills err and returns -1, so that `return err_set(...)` reads well. */
int err_set(struct err *err, enum err_class cls, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Prefixes the text with "<context>: "; the class stays. Returns -1. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
