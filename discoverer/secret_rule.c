/* See secret_rule.h. */
#include "discoverer/secret_rule.h"

#include <string.h>

#include "base/json.h"

/* Credentials of the cluster itself, and what helm keeps: never meant for another server. */
static const char *const refused[] = {"kubernetes.io/service-account-token",
				      "bootstrap.kubernetes.io/token", "helm.sh/release.v"};

static bool listed(const char *names, const char *name)
{
	size_t len = strlen(name);
	for (const char *at = names; at != NULL && *at != '\0';) {
		size_t n = strcspn(at, ",");
		if (n == len && memcmp(at, name, n) == 0)
			return true;
		at += n + (at[n] == ',');
	}
	return false;
}

int secret_rule_name(const struct discoverer_options *o, const char *name, struct err *err)
{
	if (strcmp(o->discovery_secrets, "named") != 0 || listed(o->discovery_secret_names, name))
		return 0;
	return err_set(err, ERR_TERMINAL,
		       "Secret %s may not be used by discovery "
		       "(--discovery-secret-names)",
		       name);
}

int secret_rule_object(const struct discoverer_options *o, const char *name, const char *json,
		       size_t len, struct err *err)
{
	struct json_range all = {json, len}, type = json_plain_string(json_member(all, "type"));
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		size_t n = strlen(refused[i]);
		if (type.at != NULL && type.len >= n && memcmp(type.at, refused[i], n) == 0)
			return err_set(
				err, ERR_TERMINAL,
				"Secret %s is of type %.*s, which must not be used for discovery",
				name, (int)type.len, type.at);
	}
	struct json_range labels = json_member(json_member(all, "metadata"), "labels");
	if (strcmp(o->discovery_secrets, "labelled") == 0 &&
	    !json_is_string(json_member(labels, SECRET_LABEL), SECRET_LABEL_VALUE))
		return err_set(err, ERR_TERMINAL,
			       "Secret %s does not have the label " SECRET_LABEL
			       ": " SECRET_LABEL_VALUE,
			       name);
	return 0;
}
