/*
 * Structs into JSON text, straight into the buffer: the same rows give the same
 * bytes. Dotted names that share a prefix are gathered into one object, wherever
 * they stand in the table.
 */
#include "api/desc.h"

#include <inttypes.h>

#include "base/clock.h"

#include "api/walk.h"

static void encode_time(const struct field *f, const void *obj, struct buf *out)
{
	char text[TIME_TEXT_MAX];
	if (f->type == F_TIME)
		time_format(text, get_num(f, obj));
	else
		duration_format(text, get_num(f, obj));
	buf_add_json(out, text);
}

static void encode_map(struct any_list l, struct buf *out)
{
	const struct api_kv *kv = l.at;
	buf_adds(out, "{");
	for (size_t i = 0; i < l.n; i++) {
		buf_adds(out, i != 0 ? "," : "");
		buf_add_json(out, kv[i].key);
		buf_adds(out, ":");
		buf_add_json(out, kv[i].value != NULL ? kv[i].value : "");
	}
	buf_adds(out, "}");
}

static void encode_list(const struct field *f, struct any_list l, struct buf *out)
{
	buf_adds(out, "[");
	for (size_t i = 0; i < l.n; i++) {
		buf_adds(out, i != 0 ? "," : "");
		if (f->type == F_STRINGS) {
			const char *s = ((const char **)l.at)[i];
			buf_add_json(out, s != NULL ? s : "");
		} else {
			desc_encode(f->sub, list_item(f, l, i), out);
		}
	}
	buf_adds(out, "]");
}

void encode_value(const struct field *f, const void *obj, struct buf *out)
{
	switch (f->type) {
	case F_STRING:
		buf_add_json(out, get_str(f, obj));
		break;
	case F_BOOL:
		buf_adds(out, get_bool(f, obj) ? "true" : "false");
		break;
	case F_INT:
		buf_addf(out, "%" PRId64, get_num(f, obj));
		break;
	case F_RV:
		buf_addf(out, "\"%" PRIu64 "\"", get_rv(f, obj));
		break;
	case F_DURATION:
	case F_TIME:
		encode_time(f, obj, out);
		break;
	case F_MAP:
		encode_map(get_list(f, obj), out);
		break;
	case F_STRINGS:
	case F_LIST:
		encode_list(f, get_list(f, obj), out);
		break;
	case F_OBJECT:
	case F_INLINE:
		desc_encode(f->sub, get_sub(f, obj), out);
		break;
	}
}

void encode_level(const struct desc *d, struct level at, const void *obj, struct buf *out)
{
	struct level_member m;
	bool first = true;
	buf_adds(out, "{");
	for (size_t i = 0; level_next(d, at, &i, &m);) {
		if (m.row != NULL ? !field_written(m.row, obj) : !level_written(d, m.deeper, obj))
			continue;
		buf_addf(out, "%s\"%.*s\":", first ? "" : ",", (int)m.name_len, m.name);
		first = false;
		if (m.row != NULL)
			encode_value(m.row, obj, out);
		else
			encode_level(d, m.deeper, obj, out);
	}
	buf_adds(out, "}");
}

void desc_encode(const struct desc *d, const void *obj, struct buf *out)
{
	encode_level(d, (struct level){0}, obj, out);
}
