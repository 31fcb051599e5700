/*
 * The CEL rules of the pipeline form of a DiscoveryPolicy (behaviour.md 55) as predicates in C; the
 * other rules are in rules.c.
 */
#ifndef DROP_SIM_STORE_ADMISSION_PIPELINE_RULES_H
#define DROP_SIM_STORE_ADMISSION_PIPELINE_RULES_H

#include <stdbool.h>

#include <cjson/cJSON.h>

/* Does self keep the rule of that text? *known: is the text one of these rules? */
bool pipeline_rule_holds(const char *rule, const cJSON *self, bool *known);

#endif
