/*
 * Texts and JSON of validation errors. Lists are cut to whole entries: what is sent is
 * always well-formed, however much is wrong.
 */
#include "sim/store/admission/causes.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define UNCHECKED                                                                                  \
	"some validation rules were not checked because the object was invalid; correct the "      \
	"existing errors to complete validation"

static void place_append(const struct place *at, struct buf *out)
{
	if (at->up != NULL)
		place_append(at->up, out);
	if (at->name == NULL)
		buf_addf(out, "[%zu]", at->index);
	else
		buf_addf(out, "%s%s", out->len != 0 ? "." : "", at->name);
}

void place_text(const struct place *at, char out[PLACE_TEXT_MAX])
{
	struct buf text = {.limit = PLACE_TEXT_MAX - 1};
	if (at != NULL)
		place_append(at, &text);
	else
		buf_adds(&text, "<nil>");
	snprintf(out, PLACE_TEXT_MAX, "%s", text.data != NULL ? text.data : "");
	buf_done(&text);
}

void place_in_body(const struct causes *c, const struct place *at, char out[PLACE_TEXT_MAX])
{
	place_text(at, out);
	if (!c->status || strncmp(out, "status", 6) != 0)
		return;
	size_t skip = out[6] == '.' ? 7 : 6;
	memmove(out, out + skip, strlen(out + skip) + 1);
}

/* One entry; `message` is what follows "field: ". */
static void add(struct causes *c, const struct place *at, const char *reason, const char *message)
{
	char field[PLACE_TEXT_MAX];
	place_text(at, field);
	struct buf one = {0};
	buf_addf(&one, "%s{\"reason\":\"%s\",\"message\":", c->list.len != 0 ? "," : "", reason);
	buf_add_json(&one, message);
	buf_adds(&one, ",\"field\":");
	buf_add_json(&one, field);
	buf_adds(&one, "}");
	/* What does not fit into the error is left out as a whole. */
	if (c->list.len + one.len + sizeof("[]") <= sizeof(((struct api_error *)0)->causes))
		buf_add(&c->list, one.data, one.len);
	buf_done(&one);
	buf_addf(&c->texts, "%s%s: %s", c->n != 0 ? ", " : "", field, message);
	c->n++;
}

static void add_text(struct causes *c, const struct place *at, const char *reason,
		     struct buf *message)
{
	add(c, at, reason, message->data != NULL ? message->data : "");
	buf_done(message);
}

void cause_required(struct causes *c, const struct place *at, const char *detail)
{
	struct buf text = {0};
	buf_addf(&text, "Required value%s%s", detail != NULL ? ": " : "",
		 detail != NULL ? detail : "");
	add_text(c, at, "FieldValueRequired", &text);
	c->blocking = true;
}

void cause_forbidden(struct causes *c, const struct place *at, const char *detail)
{
	struct buf text = {0};
	buf_addf(&text, "Forbidden: %s", detail);
	add_text(c, at, "FieldValueForbidden", &text);
}

void cause_too_long(struct causes *c, const struct place *at, size_t most)
{
	struct buf text = {0};
	buf_addf(&text, "Too long: may not be more than %zu bytes", most);
	add_text(c, at, "FieldValueTooLong", &text);
	c->blocking = true;
}

void cause_too_many(struct causes *c, const struct place *at, size_t actual, size_t most)
{
	struct buf text = {0};
	buf_addf(&text, "Too many: %zu: must have at most %zu items", actual, most);
	add_text(c, at, "FieldValueTooMany", &text);
	c->blocking = true;
}

void cause_unsupported(struct causes *c, const struct place *at, const char *value,
		       const char *const *supported)
{
	struct buf text = {0};
	buf_adds(&text, "Unsupported value: ");
	buf_add_json(&text, value != NULL ? value : "");
	buf_adds(&text, ": supported values: ");
	for (const char *const *s = supported; *s != NULL; s++)
		buf_addf(&text, "%s\"%s\"", s != supported ? ", " : "", *s);
	add_text(c, at, "FieldValueNotSupported", &text);
	c->blocking = true;
}

void cause_duplicate(struct causes *c, const struct place *at, const char *value_json)
{
	struct buf text = {0};
	buf_addf(&text, "Duplicate value: %s", value_json);
	add_text(c, at, "FieldValueDuplicate", &text);
}

/* Of what is wrong in words; longer ones are cut. */
#define DETAIL_MAX 1024

/* In the function whose arguments they are: clang's analyzer follows no va_list into another. */
#define FORMAT(detail, fmt)                                                                        \
	do {                                                                                       \
		va_list ap;                                                                        \
		va_start(ap, fmt);                                                                 \
		vsnprintf(detail, sizeof(detail), fmt, ap);                                        \
		va_end(ap);                                                                        \
	} while (0)

void cause_invalid(struct causes *c, const struct place *at, const char *value, const char *fmt,
		   ...)
{
	char detail[DETAIL_MAX];
	struct buf text = {0};
	buf_adds(&text, "Invalid value: ");
	buf_add_json(&text, value != NULL ? value : "");
	FORMAT(detail, fmt);
	buf_addf(&text, ": %s", detail);
	add_text(c, at, "FieldValueInvalid", &text);
}

void cause_invalid_json(struct causes *c, const struct place *at, const char *value,
			const char *fmt, ...)
{
	char detail[DETAIL_MAX];
	struct buf text = {0};
	buf_addf(&text, "Invalid value: %s", value);
	FORMAT(detail, fmt);
	buf_addf(&text, ": %s", detail);
	add_text(c, at, "FieldValueInvalid", &text);
}

void cause_invalid_number(struct causes *c, const struct place *at, double value, const char *fmt,
			  ...)
{
	char detail[DETAIL_MAX];
	struct buf text = {0};
	if (fabs(value) < 1e18 && value == floor(value))
		buf_addf(&text, "Invalid value: %" PRId64, (int64_t)value);
	else
		buf_addf(&text, "Invalid value: %g", value);
	FORMAT(detail, fmt);
	buf_addf(&text, ": %s", detail);
	add_text(c, at, "FieldValueInvalid", &text);
}

void cause_type(struct causes *c, const struct place *at, const char *is, const char *fmt, ...)
{
	char detail[DETAIL_MAX];
	struct buf text = {0};
	buf_adds(&text, "Invalid value: ");
	buf_add_json(&text, is);
	FORMAT(detail, fmt);
	buf_addf(&text, ": %s", detail);
	add_text(c, at, "FieldValueTypeInvalid", &text);
	c->blocking = true;
}

void cause_rules_unchecked(struct causes *c)
{
	add(c, NULL, "FieldValueInvalid", "Invalid value: null: " UNCHECKED);
}

int causes_end(struct causes *c, const char *kind, const char *group, const char *name,
	       struct api_error *e)
{
	int rc = c->n != 0 ? -1 : 0;
	if (c->n != 0) {
		struct buf text = {0};
		buf_addf(&text, "%s%s%s \"%s\" is invalid: ", kind, *group != '\0' ? "." : "",
			 group, name);
		buf_addf(&text, c->n > 1 ? "[%s]" : "%s", c->texts.data);
		*e = (struct api_error){.code = 422, .reason = "Invalid"};
		size_t n = utf8_cut(text.data, sizeof(e->message) - 1);
		memcpy(e->message, text.data, n);
		e->message[n] = '\0';
		snprintf(e->name, sizeof(e->name), "%.*s", (int)utf8_cut(name, sizeof(e->name) - 1),
			 name);
		snprintf(e->causes, sizeof(e->causes), "[%s]",
			 c->list.data != NULL ? c->list.data : "");
		buf_done(&text);
	}
	buf_done(&c->list);
	buf_done(&c->texts);
	return rc;
}
