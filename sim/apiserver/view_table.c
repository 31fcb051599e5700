/*
 * Tables: column definitions and rows. Columns of our kinds are those of their CRDs.
 */
#include <string.h>

#include "api/crd.h"
#include "base/json.h"

#include "sim/apiserver/view_parts.h"

static const struct crd_column *own_columns(const struct resource *r)
{
	return r->kind_id >= 0 && kinds[r->kind_id].ours ? crd_columns((enum kind)r->kind_id)
							 : NULL;
}

static void definition(const char *name, const char *type, bool is_name, bool wide, const char *doc,
		       struct buf *out)
{
	buf_addf(out, "{\"name\":\"%s\",\"type\":\"%s\",\"format\":\"%s\",\"description\":", name,
		 type, is_name ? "name" : "");
	buf_add_json(out, doc);
	buf_addf(out, ",\"priority\":%d}", wide);
}

void view_column_definitions(const struct resource *r, struct buf *out)
{
	const struct view_column *core = view_columns(r);
	const struct crd_column *own = own_columns(r);
	buf_adds(out, "[");
	if (core == NULL) {
		definition("Name", "string", true, false, "Name of the object.", out);
		for (; own != NULL && own->name != NULL; own++) {
			buf_adds(out, ",");
			definition(own->name, own->type, false, own->wide, own->doc, out);
		}
	}
	for (bool first = true; core != NULL && core->name != NULL; core++, first = false) {
		buf_adds(out, first ? "" : ",");
		definition(core->name, "string", core->is_name, core->wide, core->doc, out);
	}
	buf_adds(out, "]");
}

/* ---- rows ---- */

void view_partial(const char *json, struct buf *out)
{
	struct json_range meta = json_member((struct json_range){json, strlen(json)}, "metadata");
	buf_adds(out, "{\"kind\":\"PartialObjectMetadata\"," META_VERSION ",\"metadata\":");
	if (meta.at != NULL)
		buf_add(out, meta.at, meta.len);
	else
		buf_adds(out, "{}");
	buf_adds(out, "}");
}

static void own_cell(const struct crd_column *c, const cJSON *obj, struct now now, struct buf *out)
{
	const cJSON *v = view_path(obj, c->path);
	if (v == NULL || cJSON_IsNull(v)) {
		buf_adds(out, "null");
	} else if (strcmp(c->type, "date") == 0) {
		view_age(v, now, out);
	} else if (cJSON_IsString(v)) {
		buf_add_json(out, v->valuestring);
	} else {
		char *text = cJSON_PrintUnformatted(v);
		if (cJSON_IsNumber(v) && strcmp(c->type, "integer") == 0)
			buf_adds(out, text != NULL ? text : "null");
		else
			buf_add_json(out, text != NULL ? text : "");
		cJSON_free(text);
	}
}

static void name_cell(const cJSON *obj, struct buf *out)
{
	const char *name = cJSON_GetStringValue(view_path(obj, ".metadata.name"));
	buf_add_json(out, name != NULL ? name : "");
}

void view_row(enum view_form form, const struct resource *r, const char *json, struct now now,
	      struct buf *out)
{
	const struct view_column *core = view_columns(r);
	const struct crd_column *own = own_columns(r);
	cJSON *obj = cJSON_Parse(json);
	buf_adds(out, "{\"cells\":[");
	if (core == NULL) {
		name_cell(obj, out);
		for (; own != NULL && own->name != NULL; own++) {
			buf_adds(out, ",");
			own_cell(own, obj, now, out);
		}
	}
	for (bool first = true; core != NULL && core->name != NULL; core++, first = false) {
		buf_adds(out, first ? "" : ",");
		core->cell(obj, now, out);
	}
	buf_adds(out, "],\"object\":");
	if (form == VIEW_TABLE_FULL)
		buf_adds(out, json);
	else
		view_partial(json, out);
	buf_adds(out, "}");
	cJSON_Delete(obj);
}
