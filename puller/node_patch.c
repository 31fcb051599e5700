/* Cuts elements out of a JSON array without looking at what else is in them. See node_patch.h. */
#include "puller/node_patch.h"

#include <string.h>

#include "api/kinds.h"
#include "base/clock.h"
#include "base/json.h"

static bool wanted(struct json_range taint, const char *keys)
{
	struct json_range key = json_plain_string(json_member(taint, "key"));
	while (key.at != NULL && *keys != '\0') {
		size_t n = strcspn(keys, ",");
		if (n == key.len && memcmp(keys, key.at, n) == 0)
			return true;
		keys += n + (keys[n] == ',');
	}
	return false;
}

enum node_patch node_patch_open(const char *node, size_t len, const char *uid, const char *keys,
				struct buf *patch)
{
	struct json_range whole = {node, len}, meta = json_member(whole, "metadata");
	struct json_range taints = json_member(json_member(whole, "spec"), "taints"), taint;
	struct buf rest = {0};
	size_t at = 0, removed = 0;
	if (json_plain_string(json_member(meta, "uid")).at == NULL)
		return NODE_PATCH_BROKEN;
	if (!json_is_string(json_member(meta, "uid"), uid))
		return NODE_PATCH_OTHER;
	while (json_element(taints, &at, &taint)) {
		if (wanted(taint, keys)) {
			removed++;
			continue;
		}
		if (rest.len != 0)
			buf_adds(&rest, ",");
		buf_add(&rest, taint.at, taint.len);
	}
	/* What stands behind the last element must be the end, or elements would be lost. */
	while (at < taints.len && strchr(" \t\r\n", taints.at[at]) != NULL)
		at++;
	bool whole_array = taints.at != NULL && at + 1 == taints.len && taints.at[at] == ']';
	if (removed != 0 && whole_array) {
		buf_adds(patch, "[{\"op\":\"test\",\"path\":\"/metadata/uid\",\"value\":");
		buf_add_json(patch, uid);
		buf_adds(patch, "},{\"op\":\"test\",\"path\":\"/spec/taints\",\"value\":");
		buf_add(patch, taints.at, taints.len);
		buf_adds(patch, "},{\"op\":\"replace\",\"path\":\"/spec/taints\",\"value\":[");
		buf_add(patch, rest.data, rest.len);
		buf_adds(patch, "]}]");
	}
	buf_done(&rest);
	if (removed == 0)
		return NODE_PATCH_NOTHING;
	return whole_array ? NODE_PATCH_MADE : NODE_PATCH_BROKEN;
}

void node_patch_say(const char *uid, const struct node_said *said, struct buf *patch)
{
	char at[TIME_TEXT_MAX];
	time_format(at, said->at_s);
	buf_adds(patch, "{\"metadata\":{\"uid\":");
	buf_add_json(patch, uid);
	buf_addf(patch,
		 "},\"status\":{\"conditions\":[{\"type\":\"" NODE_CONDITION
		 "\",\"status\":\"%s\",\"reason\":",
		 said->status ? "True" : "False");
	buf_add_json(patch, said->reason);
	buf_adds(patch, ",\"message\":");
	buf_add_json(patch, said->message);
	buf_addf(patch, ",\"lastHeartbeatTime\":\"%s\"", at);
	if (said->turns)
		buf_addf(patch, ",\"lastTransitionTime\":\"%s\"", at);
	buf_adds(patch, "}]}}");
}
