/*
 * imageTemplate of a registry (behaviour.md 28): the part of Go's text/template that a
 * reference needs. {{.Registry}}, {{.Repository}} and {{.Tag}}, with blanks inside the braces
 * and the trim markers {{- and -}}; anything else in braces is an error. Pure.
 */
#ifndef DROP_DISCOVERER_TEMPLATE_H
#define DROP_DISCOVERER_TEMPLATE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define TEMPLATE_DEFAULT   "{{.Registry}}/{{.Repository}}:{{.Tag}}"
#define TEMPLATE_PARTS_MAX 64

enum template_field { TEMPLATE_TEXT, TEMPLATE_REGISTRY, TEMPLATE_REPOSITORY, TEMPLATE_TAG };

struct template
{
	struct template_part {
		enum template_field field;
		const char *text; /* TEMPLATE_TEXT; len bytes of the source */
		size_t len;
	} parts[TEMPLATE_PARTS_MAX];
	size_t n;
};

/* source is borrowed and must outlive the result. ERR_TERMINAL says what is not understood. */
int template_parse(const char *source, struct template *ret, struct err *err);
/* Is the field anywhere in it? */
bool template_has(const struct template *t, enum template_field field);
void template_render(const struct template *t, const char *registry, const char *repository,
		     const char *tag, struct buf *out);

#endif
