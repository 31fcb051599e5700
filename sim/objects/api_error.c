/*
 * Words of refusals. Nothing here decides; each function formats one kind of answer.
 */
#include "sim/objects/api_error.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

static int set(struct api_error *e, int code, const char *reason, const char *fmt, va_list ap)
{
	*e = (struct api_error){.code = code, .reason = reason};
	vsnprintf(e->message, sizeof(e->message), fmt, ap);
	return -1;
}

int api_error_set(struct api_error *e, int code, const char *reason, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	set(e, code, reason, fmt, ap);
	va_end(ap);
	return -1;
}

int api_error_bad(struct api_error *e, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	set(e, 400, "BadRequest", fmt, ap);
	va_end(ap);
	return -1;
}

/* "pods" or "cachedimages.drop.corewire.io" */
static void qualified(const char *name, const struct resource *r, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s", name, r->group[0] ? "." : "", r->group);
}

int api_error_not_found(struct api_error *e, const struct resource *r, const char *name)
{
	char what[128];
	qualified(r->plural, r, what, sizeof(what));
	api_error_set(e, 404, "NotFound", "%s \"%s\" not found", what, name);
	snprintf(e->name, sizeof(e->name), "%s", name);
	e->kind = r->plural;
	e->group = r->group;
	return -1;
}

int api_error_exists(struct api_error *e, const struct resource *r, const char *name)
{
	char what[128];
	qualified(r->plural, r, what, sizeof(what));
	api_error_set(e, 409, "AlreadyExists", "%s \"%s\" already exists", what, name);
	snprintf(e->name, sizeof(e->name), "%s", name);
	return -1;
}

int api_error_conflict(struct api_error *e, const struct resource *r, const char *name,
		       const char *why)
{
	char what[128];
	qualified(r->plural, r, what, sizeof(what));
	return api_error_set(e, 409, "Conflict", "Operation cannot be fulfilled on %s \"%s\": %s",
			     what, name, why);
}

int api_error_precondition(struct api_error *e, const struct resource *r, const char *name,
			   const char *why)
{
	char what[128];
	qualified(r->kind, r, what, sizeof(what));
	api_error_set(e, 409, "Conflict", "Operation cannot be fulfilled on %s \"%s\": %s", what,
		      name, why);
	snprintf(e->name, sizeof(e->name), "%s", name);
	e->kind = r->kind;
	return -1;
}

int api_error_invalid(struct api_error *e, const struct resource *r, const char *name,
		      const char *field, const char *cause, const char *detail)
{
	char what[128];
	qualified(r->kind, r, what, sizeof(what));
	api_error_set(e, 422, "Invalid", "%s \"%s\" is invalid: %s: %s", what, name, field, detail);
	snprintf(e->name, sizeof(e->name), "%s", name);
	e->kind = r->kind;
	e->group = r->group;
	struct buf b = {.limit = sizeof(e->causes) - 1};
	buf_adds(&b, "[{\"reason\":");
	buf_add_json(&b, cause);
	buf_adds(&b, ",\"message\":");
	buf_add_json(&b, detail);
	buf_adds(&b, ",\"field\":");
	buf_add_json(&b, field);
	buf_adds(&b, "}]");
	if (!b.full)
		snprintf(e->causes, sizeof(e->causes), "%s", b.data);
	buf_done(&b);
	return -1;
}

int api_error_expired(struct api_error *e, uint64_t wanted, uint64_t oldest)
{
	return api_error_set(e, 410, "Expired",
			     "too old resource version: %" PRIu64 " (%" PRIu64 ")", wanted, oldest);
}
