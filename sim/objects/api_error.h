/*
 * How refusals are worded: the codes, reasons and texts of an API server (apimachinery's
 * StatusReasons), so that clients that read them find what they know. Each function fills
 * e and returns -1.
 */
#ifndef DROP_SIM_OBJECTS_API_ERROR_H
#define DROP_SIM_OBJECTS_API_ERROR_H

#include <stdint.h>

#include "sim/objects/resources.h"

/* What goes wrong, as metav1.Status says it. */
struct api_error {
	int code;           /* 404, 409, 410, 422, ... */
	const char *reason; /* "NotFound", static */
	char message[1024];
	char causes[4096]; /* JSON array of details.causes, or "" */
	int retry_after_s; /* 0: none */
	/* details of the Status where they are not what the request and the reason say: */
	char name[256];           /* "": the request's */
	const char *kind, *group; /* static; NULL: the resource's */
};

int api_error_set(struct api_error *e, int code, const char *reason, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* 400 BadRequest. */
int api_error_bad(struct api_error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* 404: pods "x" not found; name "": the resource itself. */
int api_error_not_found(struct api_error *e, const struct resource *r, const char *name);
/* 409 AlreadyExists. */
int api_error_exists(struct api_error *e, const struct resource *r, const char *name);
/* 409 Conflict: Operation cannot be fulfilled on pods "x": <why>. */
int api_error_conflict(struct api_error *e, const struct resource *r, const char *name,
		       const char *why);
/* The same about a precondition: a real server names the kind there. */
int api_error_precondition(struct api_error *e, const struct resource *r, const char *name,
			   const char *why);
/* 422 Invalid with one cause: <Kind> "x" is invalid: <field>: <detail>. cause: "FieldValueInvalid"
 */
int api_error_invalid(struct api_error *e, const struct resource *r, const char *name,
		      const char *field, const char *cause, const char *detail);
/* 410 Expired: the version asked for is forgotten. */
int api_error_expired(struct api_error *e, uint64_t wanted, uint64_t oldest);

#endif
