/*
 * The CEL rules of the descriptor tables (behaviour.md 33) as predicates in C. They are
 * found by their text, so a rule that somebody changes or adds is missed by the test
 * (tests/sim/store/admission/test_admit.c), not silently passed over.
 */
#include "sim/store/admission/parts.h"

#include <string.h>

#include "api/label_syntax.h"
#include "api/pullpod.h"
#include "api/tables.h"
#include "base/clock.h"
#include "sim/store/admission/pipeline_rules.h"

#define WEEK_MS (168 * 3600 * INT64_C(1000))

enum rule_result { HOLDS, BROKEN, NO_DURATION };

static const char *text_of(const cJSON *self, const char *name)
{
	const char *s = member_text(self, name);
	return s != NULL ? s : "";
}

static enum rule_result tag_xor_digest(const cJSON *self)
{
	return *text_of(self, "tag") == '\0' || *text_of(self, "digest") == '\0' ? HOLDS : BROKEN;
}

static enum rule_result not_negative(const cJSON *self)
{
	int64_t ms;
	if (!cJSON_IsString(self) || duration_parse(self->valuestring, &ms) != 0)
		return NO_DURATION;
	return ms >= 0 ? HOLDS : BROKEN;
}

static enum rule_result positive(const cJSON *self)
{
	int64_t ms;
	if (!cJSON_IsString(self) || duration_parse(self->valuestring, &ms) != 0)
		return NO_DURATION;
	return ms > 0 ? HOLDS : BROKEN;
}

static enum rule_result a_week(const cJSON *self)
{
	int64_t ms;
	if (!cJSON_IsString(self) || duration_parse(self->valuestring, &ms) != 0)
		return NO_DURATION;
	return ms <= WEEK_MS ? HOLDS : BROKEN;
}

static bool is_source(const cJSON *self, const char *type)
{
	return strcmp(text_of(self, "type"), type) == 0;
}

static enum rule_result prometheus_block(const cJSON *self)
{
	return !is_source(self, "prometheus") || member(self, "prometheus") != NULL ? HOLDS
										    : BROKEN;
}

static enum rule_result registry_block(const cJSON *self)
{
	return !is_source(self, "registry") || member(self, "registry") != NULL ? HOLDS : BROKEN;
}

static enum rule_result prometheus_only(const cJSON *self)
{
	return is_source(self, "prometheus") || member(self, "prometheus") == NULL ? HOLDS : BROKEN;
}

static enum rule_result registry_only(const cJSON *self)
{
	return is_source(self, "registry") || member(self, "registry") == NULL ? HOLDS : BROKEN;
}

static enum rule_result cluster_only(const cJSON *self)
{
	return is_source(self, "cluster") || member(self, "cluster") == NULL ? HOLDS : BROKEN;
}

static enum rule_result names_of_labels(const cJSON *self)
{
	for (const cJSON *one = self->child; one != NULL; one = one->next)
		if (strlen(one->string) > API_LABEL_KEY_MAX)
			return BROKEN;
	return HOLDS;
}

static enum rule_result repository(const cJSON *self)
{
	const char *image = cJSON_IsString(self) ? self->valuestring : "";
	const char *slash = strrchr(image, '/'), *last = slash != NULL ? slash + 1 : image;
	if (*image == '\0')
		return HOLDS;
	return *last != '\0' && strchr(image, '@') == NULL && strchr(last, ':') == NULL ? HOLDS
											: BROKEN;
}

static enum rule_result pod_keys(const cJSON *self)
{
	for (const cJSON *one = self->child; one != NULL; one = one->next)
		if (strlen(one->string) > API_LABEL_KEY_MAX ||
		    wrong_qualified_name(one->string).n != 0)
			return BROKEN;
	return HOLDS;
}

static enum rule_result not_own_keys(const cJSON *self)
{
	for (const cJSON *one = self->child; one != NULL; one = one->next)
		if (pullpod_own_key(one->string))
			return BROKEN;
	return HOLDS;
}

static enum rule_result label_values(const cJSON *self)
{
	for (const cJSON *one = self->child; one != NULL; one = one->next)
		if (cJSON_IsString(one) && wrong_label_value(one->valuestring).n != 0)
			return BROKEN;
	return HOLDS;
}

static enum rule_result start_not_end(const cJSON *self)
{
	const cJSON *start = member(self, "start"), *end = member(self, "end");
	return cJSON_Compare(start, end, true) ? BROKEN : HOLDS;
}

static const struct {
	const char *rule;
	enum rule_result (*judge)(const cJSON *self);
} known[] = {
	{"self.all(k, size(k) <= 317 && k.matches('" API_LABEL_KEY_PATTERN "'))", pod_keys},
	{"self.all(k, !k.startsWith('drop.corewire.io/') && !(k in "
	 "['app.kubernetes.io/managed-by', "
	 "'sidecar.istio.io/inject', 'linkerd.io/inject', "
	 "'cluster-autoscaler.kubernetes.io/safe-to-evict']))",
	 not_own_keys},
	{"self.all(k, self[k].matches('" API_LABEL_VALUE_PATTERN "'))", label_values},
	{"!has(self.tag) || self.tag == '' || !has(self.digest) || self.digest == ''",
	 tag_xor_digest},
	{"self == '' || self.matches('^([^@]*/)?[^/:@]+$')", repository},
	{"self.all(k, size(k) <= 317)", names_of_labels},
	{"duration(self) >= duration('0s')", not_negative},
	{"duration(self) > duration('0s')", positive},
	{"self.type != 'prometheus' || has(self.prometheus)", prometheus_block},
	{"self.type != 'registry' || has(self.registry)", registry_block},
	{"self.type == 'prometheus' || !has(self.prometheus)", prometheus_only},
	{"self.type == 'registry' || !has(self.registry)", registry_only},
	{"self.start != self.end", start_not_end},
	{"self.type == 'cluster' || !has(self.cluster)", cluster_only},
	{"duration(self) <= duration('168h')", a_week},
};

static enum rule_result judge(const char *rule, const cJSON *self)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].rule, rule) == 0)
			return known[i].judge(self);
	bool also;
	return pipeline_rule_holds(rule, self, &also) ? HOLDS : BROKEN;
}

bool rule_known(const char *rule)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].rule, rule) == 0)
			return true;
	bool also;
	pipeline_rule_holds(rule, NULL, &also);
	return also;
}

/* rules: NULL or up to a NULL rule. */
static void apply(const struct desc_rule *rules, const cJSON *self, const struct place *at,
		  struct causes *c)
{
	for (; rules != NULL && rules->rule != NULL; rules++) {
		enum rule_result v = judge(rules->rule, self);
		if (v == BROKEN)
			cause_invalid(c, at, json_type(self), "%s", rules->message);
		else if (v == NO_DURATION)
			cause_invalid(c, at, json_type(self),
				      "type conversion error from 'string' to "
				      "'google.protobuf.Duration' evaluating rule: %s",
				      rules->message);
	}
}

static void rules_object(const struct desc *d, const cJSON *obj, const cJSON *old,
			 const struct place *at, struct causes *c);

static void rules_row(const struct field *f, const cJSON *obj, const cJSON *old,
		      const struct place *at, struct causes *c)
{
	struct place in = {at, f->json, 0};
	const cJSON *v = member(obj, f->json), *before = member(old, f->json);
	if (v == NULL || (before != NULL && cJSON_Compare(v, before, true)))
		return;
	if (f->type == F_DURATION)
		apply(api_duration_rules, v, &in, c);
	apply(f->rules, v, &in, c);
	if (f->sub == NULL)
		return;
	if (f->type != F_LIST) {
		rules_object(f->sub, v, before, &in, c);
		return;
	}
	size_t i = 0;
	for (const cJSON *item = v->child; item != NULL; item = item->next) {
		struct place element = {&in, NULL, i++};
		rules_object(f->sub, item, NULL, &element, c);
	}
}

static void rules_object(const struct desc *d, const cJSON *obj, const cJSON *old,
			 const struct place *at, struct causes *c)
{
	apply(d->rules, obj, at, c);
	for (size_t i = 0; i < d->n; i++)
		if (!(d->fields[i].flags & FF_NOSCHEMA))
			rules_row(&d->fields[i], obj, old, at, c);
}

void rules_check(const struct desc *d, const char *name, const cJSON *obj, const cJSON *old,
		 struct causes *c)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->fields[i].json, name) == 0)
			rules_row(&d->fields[i], obj, old, NULL, c);
}
