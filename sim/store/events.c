/*
 * The field names of the two versions of Event, side by side (KEP-383).
 */
#include "sim/store/events.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[][2] = {
	/* v1, events.k8s.io/v1 */
	{"involvedObject", "regarding"},
	{"message", "note"},
	{"source", "deprecatedSource"},
	{"firstTimestamp", "deprecatedFirstTimestamp"},
	{"lastTimestamp", "deprecatedLastTimestamp"},
	{"count", "deprecatedCount"},
	{"reportingComponent", "reportingController"},
};

void events_convert(const struct resource *from, const struct resource *to, cJSON *obj)
{
	if (from == to)
		return;
	int had = from->group[0] != '\0', wanted = to->group[0] != '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cJSON *item = cJSON_DetachItemFromObjectCaseSensitive(obj, names[i][had]);
		if (item == NULL)
			continue;
		cJSON_DeleteItemFromObjectCaseSensitive(obj, names[i][wanted]);
		cJSON_AddItemToObject(obj, names[i][wanted], item);
	}
	cJSON *version = cJSON_GetObjectItemCaseSensitive(obj, "apiVersion");
	if (version != NULL)
		cJSON_SetValuestring(version, wanted ? "events.k8s.io/v1" : "v1");
}

void events_complete(cJSON *obj)
{
	static const char *const always[][2] = {
		{"source", "{}"},
		{"firstTimestamp", "null"},
		{"lastTimestamp", "null"},
		{"eventTime", "null"},
		{"reportingComponent", "\"\""},
		{"reportingInstance", "\"\""},
	};
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		if (cJSON_GetObjectItemCaseSensitive(obj, always[i][0]) == NULL)
			cJSON_AddRawToObject(obj, always[i][0], always[i][1]);
}

const char *events_text(const struct resource *from, const struct resource *to, const char *json,
			struct buf *out)
{
	if (from == to)
		return json;
	cJSON *obj = cJSON_Parse(json);
	events_convert(from, to, obj);
	char *text = cJSON_PrintUnformatted(obj);
	cJSON_Delete(obj);
	if (text == NULL)
		abort(); /* out of memory */
	buf_clear(out, 64 * 1024);
	buf_adds(out, text);
	cJSON_free(text);
	return out->data;
}
