/*
 * One row of a descriptor as one OpenAPI property. The result is a structural
 * schema: each level has a type, keyed lists name required keys, rules stand beside
 * the type they are about.
 */
#include "api/crd_schema.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "api/crd.h"
#include "api/tables.h"
#include "api/walk.h"

#define LINE_MAX_BYTES 1024

void yaml_line(struct buf *out, int indent, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	buf_addf(out, "%*s%s\n", indent, "", line);
}

void yaml_text(struct buf *out, int indent, const char *key, const char *text)
{
	buf_addf(out, "%*s%s: ", indent, "", key);
	buf_add_json(out, text);
	buf_adds(out, "\n");
}

/* `sets` are NULL or end with a NULL rule. */
static void schema_rules(struct buf *out, int indent, const struct desc_rule *always,
			 const struct desc_rule *own)
{
	const struct desc_rule *const sets[] = {always, own};
	bool first = true;
	for (size_t i = 0; i < 2; i++)
		for (const struct desc_rule *r = sets[i]; r != NULL && r->rule != NULL; r++) {
			if (first)
				yaml_line(out, indent, "x-kubernetes-validations:");
			first = false;
			yaml_text(out, indent, "- rule", r->rule);
			yaml_text(out, indent + 2, "message", r->message);
		}
}

static void schema_default(struct buf *out, int indent, const struct field *f)
{
	if (!(f->flags & FF_HAS_DEFAULT))
		return;
	if (f->type == F_INT)
		yaml_line(out, indent, "default: %" PRId64, f->def_num);
	else if (f->type == F_INLINE)
		yaml_line(out, indent, "default: %s", f->def_str != NULL ? f->def_str : "{}");
	else
		yaml_text(out, indent, "default", f->def_str);
}

static void schema_string(struct buf *out, int indent, const struct field *f)
{
	if (f->flags & FF_QUANTITY) {
		yaml_line(out, indent, "anyOf:");
		yaml_line(out, indent, "- type: integer");
		yaml_line(out, indent, "- type: string");
		yaml_line(out, indent, "x-kubernetes-int-or-string: true");
	} else {
		yaml_line(out, indent, "type: string");
	}
	if (f->min_len != 0)
		yaml_line(out, indent, "minLength: %zu", f->min_len);
	if (f->max_len != 0)
		yaml_line(out, indent, "maxLength: %zu", f->max_len);
	if (f->pattern != NULL)
		yaml_text(out, indent, "pattern", f->pattern);
	if (f->enums == NULL)
		return;
	yaml_line(out, indent, "enum:");
	for (const char *const *e = f->enums; *e != NULL; e++)
		yaml_line(out, indent, "- \"%s\"", *e);
}

static void schema_int(struct buf *out, int indent, const struct field *f)
{
	yaml_line(out, indent, "type: integer");
	yaml_line(out, indent, "format: int%d", f->bits);
	/* The API server does not hold an integer to its format: the range must be said. */
	struct int_range r = field_range(f);
	if (f->bits == 32 || f->min != 0 || f->max != 0) {
		yaml_line(out, indent, "minimum: %" PRId64, r.min);
		yaml_line(out, indent, "maximum: %" PRId64, r.max);
	}
}

static void schema_duration(struct buf *out, int indent)
{
	yaml_line(out, indent, "type: string");
	yaml_line(out, indent, "maxLength: %d", API_DURATION_MAX);
	yaml_text(out, indent, "pattern", API_DURATION_PATTERN);
}

static void schema_list(struct buf *out, int indent, const struct field *f)
{
	yaml_line(out, indent, "type: array");
	if (f->min_items != 0)
		yaml_line(out, indent, "minItems: %zu", f->min_items);
	if (f->max_items != 0)
		yaml_line(out, indent, "maxItems: %zu", f->max_items);
	if (f->flags & FF_LIST_KEYED) {
		yaml_line(out, indent, "x-kubernetes-list-type: map");
		yaml_line(out, indent, "x-kubernetes-list-map-keys: [%s]", f->list_key);
	}
	yaml_line(out, indent, "items:");
	if (f->type == F_STRINGS)
		schema_string(out, indent + 2, f);
	else
		schema_object(out, indent + 2, f->sub);
}

static void schema_map(struct buf *out, int indent, const struct field *f)
{
	yaml_line(out, indent, "type: object");
	if (f->max_items != 0)
		yaml_line(out, indent, "maxProperties: %zu", f->max_items);
	yaml_line(out, indent, "additionalProperties:");
	yaml_line(out, indent + 2, "type: string");
	if (f->max_len != 0)
		yaml_line(out, indent + 2, "maxLength: %zu", f->max_len);
}

static void schema_type(struct buf *out, int indent, const struct field *f)
{
	switch (f->type) {
	case F_STRING:
	case F_RV:
		schema_string(out, indent, f);
		break;
	case F_BOOL:
		yaml_line(out, indent, "type: boolean");
		break;
	case F_INT:
		schema_int(out, indent, f);
		break;
	case F_DURATION:
		schema_duration(out, indent);
		break;
	case F_TIME:
		yaml_line(out, indent, "type: string");
		yaml_line(out, indent, "format: date-time");
		break;
	case F_MAP:
		schema_map(out, indent, f);
		break;
	case F_STRINGS:
	case F_LIST:
		schema_list(out, indent, f);
		break;
	case F_OBJECT:
	case F_INLINE:
		schema_object(out, indent, f->sub);
		break;
	}
}

void crd_description(const struct field *f, struct buf *out)
{
	buf_adds(out, f->doc);
	if ((f->flags & FF_HAS_DEFAULT) && f->type == F_INT)
		buf_addf(out, " Default: %" PRId64 ".", f->def_num);
	else if ((f->flags & FF_HAS_DEFAULT) && f->type != F_INLINE)
		buf_addf(out, " Default: %s.", f->def_str);
}

static void schema_description(struct buf *out, int indent, const struct field *f)
{
	struct buf text = {0};
	crd_description(f, &text);
	yaml_text(out, indent, "description", text.data);
	buf_done(&text);
}

static void schema_property(struct buf *out, int indent, const struct field *f)
{
	yaml_line(out, indent, "%s:", f->json);
	schema_description(out, indent + 2, f);
	schema_default(out, indent + 2, f);
	schema_type(out, indent + 2, f);
	schema_rules(out, indent + 2, f->type == F_DURATION ? api_duration_rules : NULL, f->rules);
}

static void schema_rows(struct buf *out, int indent, const struct desc *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (!(d->fields[i].flags & FF_NOSCHEMA))
			schema_property(out, indent, &d->fields[i]);
}

static void schema_required(struct buf *out, int indent, const struct desc *d)
{
	bool first = true;
	for (size_t i = 0; i < d->n; i++) {
		if (!(d->fields[i].flags & FF_REQUIRED))
			continue;
		if (first)
			yaml_line(out, indent, "required:");
		first = false;
		yaml_line(out, indent, "- %s", d->fields[i].json);
	}
}

void schema_object(struct buf *out, int indent, const struct desc *d)
{
	yaml_line(out, indent, "type: object");
	schema_required(out, indent, d);
	schema_rules(out, indent, NULL, d->rules);
	yaml_line(out, indent, "properties:");
	schema_rows(out, indent + 2, d);
}

void schema_root(struct buf *out, int indent, const struct desc *d)
{
	yaml_text(out, indent, "description", d->doc);
	yaml_line(out, indent, "type: object");
	schema_required(out, indent, d);
	schema_rules(out, indent, NULL, d->rules);
	yaml_line(out, indent, "properties:");
	yaml_line(out, indent + 2, "apiVersion:");
	yaml_line(out, indent + 4, "type: string");
	yaml_line(out, indent + 2, "kind:");
	yaml_line(out, indent + 4, "type: string");
	yaml_line(out, indent + 2, "metadata:");
	yaml_line(out, indent + 4, "type: object");
	schema_rows(out, indent + 2, d);
}
