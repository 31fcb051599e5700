/*
 * JSON into structs, row by row, over cJSON.
 *
 * Decisions: unknown members are skipped and null counts as absent, as in Kubernetes;
 * of a repeated key the first wins; numbers must be integers that a double carries
 * exactly; texts must be UTF-8, or encoding them again would change them; bytes after
 * the object are an error. Nesting is limited by cJSON (1000) and our own recursion by
 * the descriptors.
 */
#include "api/desc.h"

#include <errno.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"

#include "api/desc_keep.h"
#include "api/walk.h"

static int decode_object(const struct desc *d, const cJSON *json, bool defaults, struct arena *a,
			 const struct path *at, void *obj, struct err *err);

/* The member a (dotted) name leads to; NULL if absent or null. */
static int find_member(const cJSON *json, const char *name, const struct path *at,
		       const cJSON **ret, struct err *err)
{
	char segment[64];
	for (;;) {
		size_t len = strcspn(name, ".");
		if (len >= sizeof(segment))
			return path_error(at, err, "name too long for a descriptor");
		memcpy(segment, name, len);
		segment[len] = '\0';
		json = cJSON_GetObjectItemCaseSensitive(json, segment);
		if (json == NULL || cJSON_IsNull(json)) {
			*ret = NULL;
			return 0;
		}
		if (name[len] == '\0') {
			*ret = json;
			return 0;
		}
		if (!cJSON_IsObject(json))
			return path_error(at, err, "\"%s\" must be an object", segment);
		name += len + 1;
	}
}

static int copy_text(const char *text, struct arena *a, const struct path *at, const char **ret,
		     struct err *err)
{
	const char *s = text;
	for (size_t n; *s != '\0'; s += n) {
		n = (unsigned char)*s < 0x80 ? 1 : utf8_len(s);
		if (n == 0)
			return path_error(at, err, "must be UTF-8");
	}
	*ret = arena_memdup(a, text, (size_t)(s - text) + 1);
	return 0;
}

static int decode_string(const cJSON *json, struct arena *a, const struct path *at,
			 const char **ret, struct err *err)
{
	if (!cJSON_IsString(json))
		return path_error(at, err, "must be a string");
	return copy_text(json->valuestring, a, at, ret, err);
}

/* A number becomes the text that means the same. */
static int decode_quantity(const cJSON *json, struct arena *a, const struct path *at,
			   const char **ret, struct err *err)
{
	if (!cJSON_IsNumber(json))
		return decode_string(json, a, at, ret, err);
	*ret = arena_printf(a, "%.15g", json->valuedouble);
	return 0;
}

static int decode_int(const struct field *f, const cJSON *json, const struct path *at, int64_t *ret,
		      struct err *err)
{
	const double max = f->bits == 32 ? INT32_MAX : (double)JSON_INT_MAX;
	const double min = f->bits == 32 ? INT32_MIN : -(double)JSON_INT_MAX;
	if (!cJSON_IsNumber(json))
		return path_error(at, err, "must be an integer");
	double v = json->valuedouble;
	if (!(v >= min && v <= max) && !(f->flags & FF_CLAMP))
		return path_error(at, err, "integer out of range");
	v = v < min ? min : v > max ? max : v;
	*ret = (int64_t)v;
	if ((double)*ret != v)
		return path_error(at, err, "must be an integer, not a fraction");
	return 0;
}

static int decode_rv(const cJSON *json, const struct path *at, uint64_t *ret, struct err *err)
{
	if (!cJSON_IsString(json))
		return path_error(at, err, "must be a string");
	const char *s = json->valuestring;
	*ret = 0;
	if (*s == '\0')
		return 0;
	errno = 0;
	*ret = strtoull(s, NULL, 10);
	if (s[strspn(s, "0123456789")] != '\0' || errno != 0)
		return path_error(at, err, "must be a number in digits");
	return 0;
}

static int decode_time(const struct field *f, const cJSON *json, const struct path *at,
		       int64_t *ret, struct err *err)
{
	bool is_time = f->type == F_TIME;
	const char *s = cJSON_GetStringValue(json);
	if (s == NULL || (is_time ? time_parse(s, ret) : duration_parse(s, ret)) != 0)
		return path_error(at, err, "must be %s",
				  is_time ? "a time such as 2006-01-02T15:04:05Z"
					  : "a duration such as 1h30m or 10s");
	return 0;
}

struct sort_kv {
	struct api_kv kv;
	size_t order;
};

static int compare_kv(const void *x, const void *y)
{
	const struct sort_kv *a = x, *b = y;
	int c = strcmp(a->kv.key, b->kv.key);
	return c != 0 ? c : (a->order > b->order) - (a->order < b->order);
}

static int decode_map(const cJSON *json, struct arena *a, const struct path *at,
		      struct any_list *ret, struct err *err)
{
	if (!cJSON_IsObject(json))
		return path_error(at, err, "must be an object of strings");
	size_t n = 0;
	bool sorted = true; /* as the API server writes them */
	struct sort_kv *all = arena_array(a, (size_t)cJSON_GetArraySize(json), sizeof(*all));
	for (const cJSON *item = json->child; item != NULL; item = item->next, n++) {
		struct path in = {at, item->string, 0};
		all[n] = (struct sort_kv){{NULL, ""}, n};
		if (copy_text(item->string, a, at, &all[n].kv.key, err) != 0)
			return -1;
		if (!cJSON_IsNull(item) && decode_string(item, a, &in, &all[n].kv.value, err) != 0)
			return -1;
		sorted = sorted && (n == 0 || compare_kv(&all[n - 1], &all[n]) < 0);
	}
	if (n == 0)
		return 0;
	if (!sorted)
		qsort(all, n, sizeof(*all), compare_kv);
	struct api_kv *kv = arena_array(a, n, sizeof(*kv));
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(all[i].kv.key, all[i - 1].kv.key) != 0)
			kv[ret->n++] = all[i].kv;
	ret->at = kv;
	return 0;
}

static int decode_list(const struct field *f, const cJSON *json, bool defaults, struct arena *a,
		       const struct path *at, struct any_list *ret, struct err *err)
{
	if (!cJSON_IsArray(json))
		return path_error(at, err, "must be a list");
	size_t n = (size_t)cJSON_GetArraySize(json);
	if (n == 0)
		return 0;
	ret->at = arena_array(a, n, f->type == F_STRINGS ? sizeof(char *) : f->sub->size);
	for (const cJSON *item = json->child; item != NULL; item = item->next, ret->n++) {
		struct path in = {at, NULL, ret->n};
		int rc = f->type == F_STRINGS
				 ? decode_string(item, a, &in, (const char **)ret->at + ret->n, err)
				 : decode_object(f->sub, item, defaults, a, &in,
						 list_item(f, *ret, ret->n), err);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int decode_sub(const struct field *f, const cJSON *json, bool defaults, struct arena *a,
		      const struct path *at, void *obj, struct err *err)
{
	void *sub = f->type == F_INLINE ? get_sub(f, obj) : arena_alloc(a, f->sub->size);
	if (f->type == F_OBJECT)
		put_member(f, obj, &sub, sizeof(sub));
	return decode_object(f->sub, json, defaults, a, at, sub, err);
}

static int decode_value(const struct field *f, const cJSON *json, bool defaults, struct arena *a,
			const struct path *at, void *obj, struct err *err)
{
	union {
		const char *s;
		int64_t num;
		uint64_t rv;
		bool b;
		struct any_list list;
	} v = {0};
	int rc = 0;
	size_t size = sizeof(v.num);
	switch (f->type) {
	case F_STRING:
		size = sizeof(v.s);
		rc = f->flags & FF_QUANTITY ? decode_quantity(json, a, at, &v.s, err)
					    : decode_string(json, a, at, &v.s, err);
		break;
	case F_BOOL:
		size = sizeof(v.b);
		v.b = cJSON_IsTrue(json);
		rc = cJSON_IsBool(json) ? 0 : path_error(at, err, "must be true or false");
		break;
	case F_INT:
		rc = decode_int(f, json, at, &v.num, err);
		break;
	case F_RV:
		rc = decode_rv(json, at, &v.rv, err);
		break;
	case F_DURATION:
	case F_TIME:
		rc = decode_time(f, json, at, &v.num, err);
		break;
	case F_MAP:
		size = sizeof(v.list);
		v.list = (struct any_list){0};
		rc = decode_map(json, a, at, &v.list, err);
		break;
	case F_STRINGS:
	case F_LIST:
		size = sizeof(v.list);
		v.list = (struct any_list){0};
		rc = decode_list(f, json, defaults, a, at, &v.list, err);
		break;
	case F_OBJECT:
	case F_INLINE:
		return decode_sub(f, json, defaults, a, at, obj, err);
	}
	if (rc == 0)
		put_member(f, obj, &v, size);
	return rc;
}

static void default_absent(const struct field *f, struct arena *a, void *obj)
{
	default_value(f, obj);
	/* An embedded object exists even when the JSON lacks it; a pointer stays NULL. */
	if (f->type == F_INLINE)
		desc_default(f->sub, get_sub(f, obj), a);
}

static int decode_object(const struct desc *d, const cJSON *json, bool defaults, struct arena *a,
			 const struct path *at, void *obj, struct err *err)
{
	if (!cJSON_IsObject(json))
		return path_error(at, err, "must be an object");
	for (size_t i = 0; i < d->n; i++) {
		const struct field *f = &d->fields[i];
		struct path in = {at, f->json, 0};
		const cJSON *item = NULL;
		if (find_member(json, f->json, &in, &item, err) != 0)
			return -1;
		if (item != NULL && decode_value(f, item, defaults, a, &in, obj, err) != 0)
			return -1;
		if (item == NULL && defaults)
			default_absent(f, a, obj);
	}
	return 0;
}

int desc_decode(const struct desc *d, const char *json, size_t len, bool defaults, struct arena *a,
		void *ret, struct err *err)
{
	memset(ret, 0, d->size);
	const char *end = NULL;
	struct buf kept = {0};
	if (json != NULL && desc_keep(d, json, len, &kept)) {
		json = kept.data;
		len = kept.len;
	}
	cJSON *tree = json != NULL ? cJSON_ParseWithLengthOpts(json, len, &end, 0) : NULL;
	int rc;
	if (tree == NULL)
		rc = err_set(err, ERR_TERMINAL, "not valid JSON");
	else if (json_skip_blanks(end, json + len) == json + len)
		rc = decode_object(d, tree, defaults, a, &(struct path){0}, ret, err);
	else
		rc = err_set(err, ERR_TERMINAL, "more after the object");
	cJSON_Delete(tree);
	buf_done(&kept);
	return rc == 0 ? 0 : err_wrap(err, "%s", d->name);
}
