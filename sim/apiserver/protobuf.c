/*
 * A reader of the wire format over tables of field numbers (those of Kubernetes'
 * generated.proto, which never change). Nothing is longer than the body it is in, and the
 * tables bound the depth.
 */
#include "sim/apiserver/protobuf.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "kube/base64.h"

#include "sim/objects/api_error.h"

enum wire { VARINT, FIXED64, BYTES, FIXED32 = 5 };

enum field_kind { TEXT, BOOL, MESSAGE, TEXT_MAP, BYTES_MAP };

struct field {
	uint64_t number;
	const char *name;
	enum field_kind kind;
	const struct field *sub; /* MESSAGE; number 0 ends */
};

static const struct field object_meta[] = {
	{1, "name", TEXT, NULL},
	{2, "generateName", TEXT, NULL},
	{3, "namespace", TEXT, NULL},
	{11, "labels", TEXT_MAP, NULL},
	{12, "annotations", TEXT_MAP, NULL},
	{0},
};

static const struct field namespace[] = {{1, "metadata", MESSAGE, object_meta}, {0}};

static const struct field config_map[] = {
	{1, "metadata", MESSAGE, object_meta},
	{2, "data", TEXT_MAP, NULL},
	{3, "binaryData", BYTES_MAP, NULL},
	{4, "immutable", BOOL, NULL},
	{0},
};

static const struct field secret[] = {
	{1, "metadata", MESSAGE, object_meta},
	{2, "data", BYTES_MAP, NULL},
	{3, "type", TEXT, NULL},
	{4, "stringData", TEXT_MAP, NULL},
	{5, "immutable", BOOL, NULL},
	{0},
};

static const struct {
	const char *plural;
	const struct field *fields;
} messages[] = {{"namespaces", namespace}, {"configmaps", config_map}, {"secrets", secret}};

struct span {
	const unsigned char *at, *end;
};

struct item { /* one field on the wire */
	uint64_t number;
	enum wire wire;
	uint64_t value;    /* VARINT */
	struct span bytes; /* BYTES */
};

static bool varint(struct span *s, uint64_t *ret)
{
	*ret = 0;
	for (unsigned shift = 0; shift < 64 && s->at < s->end; shift += 7) {
		unsigned char c = *s->at++;
		*ret |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80)
			return true;
	}
	return false;
}

static bool skip(struct span *s, uint64_t n)
{
	if (n > (uint64_t)(s->end - s->at))
		return false;
	s->at += n;
	return true;
}

/* The next field of a message that is not at its end; false: malformed. */
static bool take(struct span *s, struct item *ret)
{
	uint64_t tag, n;
	if (!varint(s, &tag))
		return false;
	*ret = (struct item){.number = tag >> 3, .wire = (enum wire)(tag & 7)};
	switch (ret->wire) {
	case VARINT:
		return varint(s, &ret->value);
	case FIXED64:
		return skip(s, 8);
	case FIXED32:
		return skip(s, 4);
	case BYTES:
		if (!varint(s, &n))
			return false;
		ret->bytes.at = s->at;
		if (!skip(s, n))
			return false;
		ret->bytes.end = s->at;
		return true;
	}
	return false;
}

/* A new string; NULL: not text. */
static char *text_of(struct span s)
{
	size_t n = (size_t)(s.end - s.at);
	char *text = xcalloc(n + 1, 1);
	if (n != 0)
		memcpy(text, s.at, n);
	for (const char *p = text; p < text + n;) {
		size_t step = utf8_len(p);
		if (*p == '\0' || step == 0) {
			free(text);
			return NULL;
		}
		p += step;
	}
	return text;
}

static char *value_of(struct span s, bool bytes)
{
	return bytes ? base64_encode(s.at, (size_t)(s.end - s.at)) : text_of(s);
}

static bool put_text(cJSON *obj, const char *name, char *text)
{
	if (text != NULL && name != NULL) {
		cJSON_DeleteItemFromObjectCaseSensitive(obj, name);
		cJSON_AddStringToObject(obj, name, text);
	}
	bool good = text != NULL && name != NULL;
	free(text);
	return good;
}

/* A map is a list of entries: key 1, value 2, either left out when empty. */
static bool read_entry(struct span s, bool bytes, cJSON *map)
{
	static const unsigned char none[1];
	struct span key = {none, none}, value = {none, none};
	struct item it;
	while (s.at < s.end) {
		if (!take(&s, &it))
			return false;
		if (it.wire == BYTES && it.number == 1)
			key = it.bytes;
		else if (it.wire == BYTES && it.number == 2)
			value = it.bytes;
	}
	char *name = text_of(key);
	bool good = put_text(map, name, value_of(value, bytes));
	free(name);
	return good;
}

static cJSON *object_in(cJSON *obj, const char *name)
{
	cJSON *inner = cJSON_GetObjectItemCaseSensitive(obj, name);
	return inner != NULL ? inner : cJSON_AddObjectToObject(obj, name);
}

static bool read_message(struct span s, const struct field *fields, cJSON *obj);

static bool read_field(const struct item *it, const struct field *f, cJSON *obj)
{
	if (f->kind == BOOL && it->wire == VARINT) {
		cJSON_DeleteItemFromObjectCaseSensitive(obj, f->name);
		return cJSON_AddBoolToObject(obj, f->name, it->value != 0) != NULL;
	}
	if (f->kind == BOOL || it->wire != BYTES)
		return false;
	if (f->kind == TEXT && it->bytes.at == it->bytes.end)
		return true; /* Go writes what is empty too */
	if (f->kind == TEXT)
		return put_text(obj, f->name, text_of(it->bytes));
	if (f->kind == MESSAGE)
		return read_message(it->bytes, f->sub, object_in(obj, f->name));
	return read_entry(it->bytes, f->kind == BYTES_MAP, object_in(obj, f->name));
}

static bool read_message(struct span s, const struct field *fields, cJSON *obj)
{
	struct item it;
	while (s.at < s.end) {
		if (!take(&s, &it))
			return false;
		const struct field *f = fields;
		while (f->number != 0 && f->number != it.number)
			f++;
		if (f->number != 0 && !read_field(&it, f, obj))
			return false;
	}
	return true;
}

/* runtime.Unknown: what it is in field 1 (apiVersion, kind), the object in field 2. */
static bool read_envelope(struct span s, const struct field *fields, cJSON *obj)
{
	static const struct field type_meta[] = {
		{1, "apiVersion", TEXT, NULL}, {2, "kind", TEXT, NULL}, {0}};
	struct item it;
	while (s.at < s.end) {
		if (!take(&s, &it))
			return false;
		if (it.wire != BYTES || it.number == 0 || it.number > 2)
			continue;
		if (!read_message(it.bytes, it.number == 1 ? type_meta : fields, obj))
			return false;
	}
	return true;
}

static const struct field *fields_of(const struct resource *r)
{
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (*r->group == '\0' && strcmp(messages[i].plural, r->plural) == 0)
			return messages[i].fields;
	return NULL;
}

bool protobuf_reads(const struct resource *r)
{
	return fields_of(r) != NULL;
}

int protobuf_read(const struct resource *r, const char *body, size_t len, cJSON **ret,
		  struct api_error *e)
{
	static const char magic[4] = {'k', '8', 's', 0};
	const struct field *fields = fields_of(r);
	const unsigned char *p = (const unsigned char *)body;
	if (fields != NULL && len >= sizeof(magic) && memcmp(body, magic, sizeof(magic)) == 0) {
		*ret = cJSON_CreateObject();
		if (read_envelope((struct span){p + sizeof(magic), p + len}, fields, *ret))
			return 0;
		cJSON_Delete(*ret);
	}
	return api_error_bad(e,
			     "the object provided is unrecognized (must be of type %s): it is no "
			     "protobuf of Kubernetes",
			     r->kind);
}
