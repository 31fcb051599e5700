/*
 * The structural schema of our kinds, straight from the descriptor tables of which the
 * CRDs are written: what is not in them is dropped, defaults are filled in, the rest is
 * checked and complained about in the words of the real server's validator.
 */
#include "sim/store/admission/parts.h"

#include <inttypes.h>
#include <math.h>
#include <regex.h>
#include <string.h>

#include "api/tables.h"
#include "api/walk.h"
#include "base/clock.h"
#include "base/utf8.h"

/* Different patterns in all tables; beyond, they are compiled at each use. */
#define PATTERNS_MAX 32

static const struct field *row_of(const struct desc *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->fields[i].json, name) == 0)
			return &d->fields[i];
	return NULL;
}

static bool kept(const struct desc *d, const cJSON *child)
{
	return row_of(d, child->string) != NULL && !cJSON_IsNull(child);
}

static void prune_value(const struct field *f, cJSON *v)
{
	if (f->sub == NULL || (f->flags & FF_NOSCHEMA))
		return;
	if (f->type != F_LIST)
		schema_prune(f->sub, v);
	else if (cJSON_IsArray(v))
		for (cJSON *item = v->child; item != NULL; item = item->next)
			schema_prune(f->sub, item);
}

static bool is_type_meta(const struct desc *d, const char *name)
{
	/* Only whole kinds have metadata. */
	return row_of(d, "metadata") != NULL &&
	       (strcmp(name, "apiVersion") == 0 || strcmp(name, "kind") == 0);
}

void schema_prune(const struct desc *d, cJSON *obj)
{
	if (!cJSON_IsObject(obj))
		return;
	for (cJSON *child = obj->child, *next; child != NULL; child = next) {
		next = child->next;
		if (is_type_meta(d, child->string))
			continue;
		if (kept(d, child))
			prune_value(row_of(d, child->string), child);
		else
			cJSON_Delete(cJSON_DetachItemViaPointer(obj, child));
	}
}

static void unknown_in(const struct desc *d, const cJSON *obj, const struct place *at,
		       struct buf *out)
{
	if (!cJSON_IsObject(obj))
		return;
	for (const cJSON *child = obj->child; child != NULL; child = child->next) {
		struct place in = {at, child->string, 0};
		const struct field *f = row_of(d, child->string);
		if (f == NULL && !is_type_meta(d, child->string)) {
			char text[PLACE_TEXT_MAX];
			place_text(&in, text);
			buf_addf(out, "%sunknown field \"%s\"", out->len != 0 ? ", " : "", text);
		}
		if (f == NULL || f->sub == NULL || (f->flags & FF_NOSCHEMA))
			continue;
		if (f->type != F_LIST) {
			unknown_in(f->sub, child, &in, out);
			continue;
		}
		size_t i = 0;
		for (const cJSON *item = child->child; item != NULL; item = item->next) {
			struct place element = {&in, NULL, i++};
			unknown_in(f->sub, item, &element, out);
		}
	}
}

void schema_unknown(const struct desc *d, const cJSON *obj, struct buf *out)
{
	unknown_in(d, obj, NULL, out);
}

static void default_row(const struct field *f, cJSON *obj)
{
	if (!(f->flags & FF_HAS_DEFAULT) || member(obj, f->json) != NULL)
		return;
	if (f->type == F_INLINE)
		cJSON_AddItemToObject(obj, f->json,
				      cJSON_Parse(f->def_str != NULL ? f->def_str : "{}"));
	else if (f->type == F_INT)
		cJSON_AddNumberToObject(obj, f->json, (double)f->def_num);
	else
		cJSON_AddStringToObject(obj, f->json, f->def_str);
}

void schema_default(const struct desc *d, cJSON *obj)
{
	if (!cJSON_IsObject(obj))
		return;
	for (size_t i = 0; i < d->n; i++) {
		const struct field *f = &d->fields[i];
		if (f->flags & FF_NOSCHEMA)
			continue;
		default_row(f, obj);
		cJSON *v = cJSON_GetObjectItemCaseSensitive(obj, f->json);
		if (f->sub == NULL || v == NULL)
			continue;
		if (f->type != F_LIST)
			schema_default(f->sub, v);
		else if (cJSON_IsArray(v))
			for (cJSON *item = v->child; item != NULL; item = item->next)
				schema_default(f->sub, item);
	}
}

/* Compiled once: conditions are checked with every status. */
static bool matches(const char *pattern, const char *s)
{
	static struct {
		const char *pattern;
		regex_t re;
	} known[PATTERNS_MAX];
	static size_t n;
	size_t i = 0;
	while (i < n && known[i].pattern != pattern)
		i++;
	if (i == n) {
		regex_t re;
		if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
			return false;
		if (n == PATTERNS_MAX) {
			bool ok = regexec(&re, s, 0, NULL, 0) == 0;
			regfree(&re);
			return ok;
		}
		known[n].pattern = pattern;
		known[n++].re = re;
	}
	return regexec(&known[i].re, s, 0, NULL, 0) == 0;
}

static size_t characters(const char *s)
{
	size_t n = 0;
	for (; *s != '\0'; n++) {
		size_t len = utf8_len(s);
		s += len != 0 ? len : 1;
	}
	return n;
}

static bool type_fits(struct causes *c, const cJSON *v, const char *type, const struct place *at)
{
	const char *is = json_type(v);
	if (strcmp(is, type) == 0)
		return true;
	char name[PLACE_TEXT_MAX];
	place_in_body(c, at, name);
	cause_type(c, at, is, "%s in body must be of type %s: \"%s\"", name, type, is);
	return false;
}

struct text_limits {
	size_t min, max; /* characters; 0: none */
	const char *pattern;
};

static void check_text(struct causes *c, const char *s, struct text_limits limits,
		       const struct place *at)
{
	size_t n = characters(s);
	char name[PLACE_TEXT_MAX];
	place_in_body(c, at, name);
	if (limits.max != 0 && n > limits.max)
		cause_too_long(c, at, limits.max);
	if (n < limits.min)
		cause_invalid(c, at, s, "%s in body should be at least %zu chars long", name,
			      limits.min);
	if (limits.pattern != NULL && !matches(limits.pattern, s))
		cause_invalid(c, at, s, "%s in body should match '%s'", name, limits.pattern);
}

static void check_string(struct causes *c, const struct field *f, const cJSON *v,
			 const struct place *at)
{
	bool number = (f->flags & FF_QUANTITY) && strcmp(json_type(v), "integer") == 0;
	if (number || !type_fits(c, v, "string", at))
		return;
	bool found = f->enums == NULL;
	for (const char *const *e = f->enums; !found && *e != NULL; e++)
		found = strcmp(*e, v->valuestring) == 0;
	if (!found)
		cause_unsupported(c, at, v->valuestring, f->enums);
	check_text(c, v->valuestring, (struct text_limits){f->min_len, f->max_len, f->pattern}, at);
}

static void check_int(struct causes *c, const struct field *f, const cJSON *v,
		      const struct place *at)
{
	if (!type_fits(c, v, "integer", at) || (f->bits != 32 && f->min == 0 && f->max == 0))
		return;
	struct int_range r = field_range(f);
	char name[PLACE_TEXT_MAX];
	place_in_body(c, at, name);
	if (v->valuedouble < (double)r.min)
		cause_invalid_number(c, at, v->valuedouble,
				     "%s in body should be greater than or equal to %" PRId64, name,
				     r.min);
	else if (v->valuedouble > (double)r.max)
		cause_invalid_number(c, at, v->valuedouble,
				     "%s in body should be less than or equal to %" PRId64, name,
				     r.max);
}

static void check_time(struct causes *c, const cJSON *v, const struct place *at)
{
	int64_t unused;
	if (!type_fits(c, v, "string", at) || time_parse(v->valuestring, &unused) == 0)
		return;
	char name[PLACE_TEXT_MAX];
	place_in_body(c, at, name);
	cause_type(c, at, v->valuestring, "%s in body must be of type date-time: \"%s\"", name,
		   v->valuestring);
}

static void check_map(struct causes *c, const struct field *f, const cJSON *v,
		      const struct place *at)
{
	if (!type_fits(c, v, "object", at))
		return;
	size_t n = (size_t)cJSON_GetArraySize(v);
	if (f->max_items != 0 && n > f->max_items)
		cause_too_many(c, at, n, f->max_items);
	for (const cJSON *child = v->child; child != NULL; child = child->next) {
		struct place in = {at, child->string, 0};
		if (type_fits(c, child, "string", &in))
			check_text(c, child->valuestring,
				   (struct text_limits){f->min_len, f->max_len, NULL}, &in);
	}
}

static void check_object(struct causes *c, const struct desc *d, const cJSON *obj, const cJSON *old,
			 const struct place *at);

/* The element of a keyed list with the same key; others are not matched. */
static const cJSON *old_item(const struct field *f, const cJSON *item, const cJSON *old)
{
	if (!(f->flags & FF_LIST_KEYED) || old == NULL)
		return NULL;
	const cJSON *key = member(item, f->list_key);
	for (const cJSON *o = old->child; o != NULL && key != NULL; o = o->next)
		if (cJSON_Compare(member(o, f->list_key), key, true))
			return o;
	return NULL;
}

static void check_keys(struct causes *c, const struct field *f, const cJSON *v,
		       const struct place *at)
{
	size_t i = 0;
	for (const cJSON *item = v->child; item != NULL; item = item->next, i++) {
		const char *key = member_text(item, f->list_key);
		bool seen = false;
		for (const cJSON *o = v->child; o != item && key != NULL && !seen; o = o->next) {
			const char *other = member_text(o, f->list_key);
			seen = other != NULL && strcmp(other, key) == 0;
		}
		if (!seen)
			continue;
		struct buf text = {0};
		buf_addf(&text, "{\"%s\":", f->list_key);
		buf_add_json(&text, key);
		buf_adds(&text, "}");
		cause_duplicate(c, &(struct place){at, NULL, i}, text.data);
		buf_done(&text);
	}
}

static void check_list(struct causes *c, const struct field *f, const cJSON *v, const cJSON *old,
		       const struct place *at)
{
	if (!type_fits(c, v, "array", at))
		return;
	size_t n = (size_t)cJSON_GetArraySize(v);
	char name[PLACE_TEXT_MAX];
	place_in_body(c, at, name);
	if (f->max_items != 0 && n > f->max_items)
		cause_too_many(c, at, n, f->max_items);
	if (n < f->min_items)
		cause_invalid_number(c, at, (double)n, "%s in body should have at least %zu items",
				     name, f->min_items);
	size_t i = 0;
	for (const cJSON *item = v->child; item != NULL; item = item->next) {
		struct place in = {at, NULL, i++};
		if (f->type == F_STRINGS)
			check_string(c, f, item, &in);
		else
			check_object(c, f->sub, item, old_item(f, item, old), &in);
	}
	if (f->flags & FF_LIST_KEYED)
		check_keys(c, f, v, at);
}

static void check_value(struct causes *c, const struct field *f, const cJSON *v, const cJSON *old,
			const struct place *at)
{
	if (old != NULL && cJSON_Compare(v, old, true))
		return;
	switch (f->type) {
	case F_STRING:
	case F_RV:
		check_string(c, f, v, at);
		break;
	case F_BOOL:
		type_fits(c, v, "boolean", at);
		break;
	case F_INT:
		check_int(c, f, v, at);
		break;
	case F_DURATION:
		if (type_fits(c, v, "string", at))
			check_text(c, v->valuestring,
				   (struct text_limits){0, API_DURATION_MAX, API_DURATION_PATTERN},
				   at);
		break;
	case F_TIME:
		check_time(c, v, at);
		break;
	case F_MAP:
		check_map(c, f, v, at);
		break;
	case F_STRINGS:
	case F_LIST:
		check_list(c, f, v, old, at);
		break;
	case F_OBJECT:
	case F_INLINE:
		check_object(c, f->sub, v, old, at);
		break;
	}
}

static void check_row(struct causes *c, const struct field *f, const cJSON *obj, const cJSON *old,
		      const struct place *at)
{
	struct place in = {at, f->json, 0};
	const cJSON *v = member(obj, f->json);
	if (v != NULL)
		check_value(c, f, v, member(old, f->json), &in);
	else if (f->flags & FF_REQUIRED)
		cause_required(c, &in, NULL);
}

static void check_object(struct causes *c, const struct desc *d, const cJSON *obj, const cJSON *old,
			 const struct place *at)
{
	if (!type_fits(c, obj, "object", at))
		return;
	for (size_t i = 0; i < d->n; i++)
		if (!(d->fields[i].flags & FF_NOSCHEMA))
			check_row(c, &d->fields[i], obj, old, at);
}

void schema_check(const struct desc *d, const char *name, const cJSON *obj, const cJSON *old,
		  struct causes *c)
{
	const struct field *f = row_of(d, name);
	if (f != NULL)
		check_row(c, f, obj, old, NULL);
}
