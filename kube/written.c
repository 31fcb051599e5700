/*
 * The version of an object after a write, from the answer to it: metadata is all that is read, as
 * it is all that KUBE_ACCEPT_META asks for.
 */
#include "kube/kube.h"

#include "api/meta.h"
#include "api/row.h"
#include "api/tables.h"
#include "base/arena.h"

struct written {
	struct api_meta meta;
};

static const struct field written_rows[] = {
	ROW(written, meta, "metadata", F_INLINE, .sub = &api_meta_desc),
};
static DESC(written, "PartialObjectMetadata", "Metadata of an object that was written.");

uint64_t kube_written_rv(const struct kube_answer *answer)
{
	struct arena a = ARENA_INIT;
	struct written object;
	uint64_t rv = 0;
	if (desc_decode(&written_desc, answer->body, answer->len, false, &a, &object, NULL) == 0)
		rv = object.meta.rv;
	arena_done(&a);
	return rv;
}
