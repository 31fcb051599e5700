/*
 * Objects as a client sends them: admitted or refused with a Status that is JSON, never a crash;
 * what was admitted is admitted again and does not change; tables and errors can be made of it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "sim/store/admission/admit.h"
#include "sim/apiserver/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
	if (!good)
		abort();
}

static void require_json(struct buf *text)
{
	cJSON *doc = cJSON_Parse(text->data);
	require(doc != NULL);
	cJSON_Delete(doc);
	buf_done(text);
}

static void refused(const struct resource *r, const struct api_error *e)
{
	struct buf out = {0};
	require(e->code == 400 || e->code == 422);
	view_error(e, r, "x", &out);
	require_json(&out);
}

static void admitted(const struct resource *r, cJSON *obj, bool status)
{
	struct api_error e = {0};
	cJSON *again = cJSON_Duplicate(obj, true);
	require(admit(r, again, obj, status, &e) == 0);
	require(cJSON_Compare(obj, again, true));
	require(!admit_spec_changed(r, obj, again));
	struct buf out = {0};
	char *json = cJSON_PrintUnformatted(again);
	view_object(VIEW_TABLE, r, json, (struct now){0}, &out);
	require_json(&out);
	cJSON_free(json);
	cJSON_Delete(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cJSON *sent = cJSON_ParseWithLength((const char *)data, size);
	for (const struct resource *r = resources; sent != NULL && r < resources + resources_n; r++)
		for (int status = 0; status < 2; status++) {
			struct api_error e = {0};
			cJSON *obj = cJSON_Duplicate(sent, true);
			if (admit_strict(r, obj, &e) != 0)
				refused(r, &e);
			if (admit(r, obj, status ? sent : NULL, status, &e) != 0)
				refused(r, &e);
			else
				admitted(r, obj, status);
			cJSON_Delete(obj);
		}
	cJSON_Delete(sent);
	return 0;
}
