/*
 * Reads reason, message, code and details.retryAfterSeconds with cJSON; the body is not trusted,
 * because a proxy may have sent it.
 */
#include "kube/api_status.h"

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/utf8.h"
#include "base/visible.h"

/* Of a text that is no JSON only the beginning is worth showing. */
#define TEXT_SHOWN 200

static void copy_text(char *out, size_t cap, const char *text)
{
	struct buf shown = {0};
	visible_add(&shown, text, false);
	size_t n = shown.len > 0 ? utf8_cut(shown.data, cap - 1) : 0;
	memcpy(out, shown.len > 0 ? shown.data : "", n);
	out[n] = '\0';
	buf_done(&shown);
}

static void copy_string(char *out, size_t cap, const cJSON *object, const char *key)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
	copy_text(out, cap, s ? s : "");
}

static double number(const cJSON *object, const char *key)
{
	const cJSON *n = cJSON_GetObjectItemCaseSensitive(object, key);
	return cJSON_IsNumber(n) && n->valuedouble > 0 && n->valuedouble < 1e6 ? n->valuedouble : 0;
}

void status_decode(const char *body, size_t len, struct status *ret)
{
	*ret = (struct status){0};
	cJSON *root = cJSON_ParseWithLength(body, len);
	const cJSON *kind = cJSON_GetObjectItemCaseSensitive(root, "kind");
	if (cJSON_IsString(kind) && strcmp(kind->valuestring, "Status") == 0) {
		copy_string(ret->reason, sizeof(ret->reason), root, "reason");
		copy_string(ret->message, sizeof(ret->message), root, "message");
		ret->code = (int)number(root, "code");
		const cJSON *details = cJSON_GetObjectItemCaseSensitive(root, "details");
		ret->retry_after_ms = (int64_t)number(details, "retryAfterSeconds") * 1000;
	} else if (root == NULL && len > 0) {
		char text[TEXT_SHOWN + 1];
		size_t n = len < TEXT_SHOWN ? len : TEXT_SHOWN;
		memcpy(text, body, n);
		text[n] = '\0';
		text[strcspn(text, "\r\n")] = '\0';
		copy_text(ret->message, sizeof(ret->message), text);
	}
	cJSON_Delete(root);
}
