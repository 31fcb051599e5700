/*
 * The user of the TokenReview is copied into the SubjectAccessReview: name, uid, groups and extra
 * have the same form in both.
 */
#include "metricsd/review_json.h"

#include <string.h>

#include "base/json.h"

void review_token_body(struct buf *out, const char *token)
{
	buf_adds(out, "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"TokenReview\","
		      "\"spec\":{\"token\":");
	buf_add_json(out, token);
	buf_adds(out, "}}");
}

static bool is(struct json_range value, const char *text)
{
	return value.at != NULL && value.len == strlen(text) &&
	       memcmp(value.at, text, value.len) == 0;
}

static void add_member(struct buf *out, const char *key, struct json_range value)
{
	if (value.at == NULL || is(value, "null"))
		return;
	buf_addf(out, "\"%s\":", key);
	buf_add(out, value.at, value.len);
	buf_adds(out, ",");
}

int review_access_body(struct buf *out, const char *answer, size_t len)
{
	struct json_range status = json_member((struct json_range){answer, len}, "status");
	struct json_range user = json_member(status, "user");
	if (status.at == NULL)
		return -1;
	if (!is(json_member(status, "authenticated"), "true"))
		return 0;
	if (json_member(user, "username").at == NULL)
		return -1;
	buf_adds(out, "{\"apiVersion\":\"authorization.k8s.io/v1\","
		      "\"kind\":\"SubjectAccessReview\",\"spec\":{");
	add_member(out, "user", json_member(user, "username"));
	add_member(out, "uid", json_member(user, "uid"));
	add_member(out, "groups", json_member(user, "groups"));
	add_member(out, "extra", json_member(user, "extra"));
	buf_adds(out, "\"nonResourceAttributes\":{\"path\":\"/metrics\",\"verb\":\"get\"}}}");
	return 1;
}

int review_allowed(const char *answer, size_t len)
{
	struct json_range status = json_member((struct json_range){answer, len}, "status");
	struct json_range allowed = json_member(status, "allowed");
	if (status.at == NULL)
		return -1;
	return is(allowed, "true") ? 1 : 0;
}
