/*
 * The parts of admission, called by sim/store/admission/admit.c in this order: decode (types of built-in
 * kinds), prune and default, then check; what is wrong is collected in causes. Private to
 * this room.
 */
#ifndef DROP_SIM_STORE_ADMISSION_PARTS_H
#define DROP_SIM_STORE_ADMISSION_PARTS_H

#include <cjson/cJSON.h>

#include "api/desc.h"
#include "sim/store/admission/causes.h"
#include "sim/store/admission/members.h"

/* object_meta.c: ObjectMeta. -1: 400, a part has another type than Go's struct. */
int meta_decode(const struct resource *r, const cJSON *obj, struct api_error *e);
/* Appends what meta_prune would drop, as schema_unknown does. */
void meta_unknown(const cJSON *obj, struct buf *out);
void meta_prune(const struct resource *r, cJSON *obj);
void meta_check(const struct resource *r, const cJSON *obj, struct causes *c);

/* schema.c: kinds with a descriptor, as the structural schema of their CRD. */
void schema_prune(const struct desc *d, cJSON *obj);
void schema_default(const struct desc *d, cJSON *obj);
/* What is unchanged since old is not complained about (KEP-4008). name: only that member. */
void schema_check(const struct desc *d, const char *name, const cJSON *obj, const cJSON *old,
		  struct causes *c);
/* Appends the paths of what schema_prune would drop, ", " between them, as strict decoding does. */
void schema_unknown(const struct desc *d, const cJSON *obj, struct buf *out);

/* rules.c: what the CEL rules of the tables say, as C. */
void rules_check(const struct desc *d, const char *name, const cJSON *obj, const cJSON *old,
		 struct causes *c);
/* For the test that none is missing. */
bool rule_known(const char *rule);

/* core_kinds.c, core_check.c: built-in kinds. */
int core_decode(const struct resource *r, const cJSON *obj, struct api_error *e);
/* As schema_unknown and schema_prune, at the top of the object only. */
void core_unknown(const struct resource *r, const cJSON *obj, struct buf *out);
void core_prune(const struct resource *r, cJSON *obj);
void core_default(const struct resource *r, cJSON *obj, const cJSON *old);
void core_check(const struct resource *r, const cJSON *obj, const cJSON *old, bool status,
		struct causes *c);

/* pod.c. pod_admit: of new ones; -1: e has 403, the priority class does not exist. */
int pod_admit(cJSON *pod, struct api_error *e);
void pod_default(cJSON *pod, bool create);

#endif
