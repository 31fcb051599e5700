/*
 * When a pair is tried again, in the few bytes that a pair has for it; see pair_delay.h.
 */
#include "reconciler/core/pair_delay.h"

#include "base/hash.h"

#define DS_PER_S 10

void image_touch(struct core *c, struct image *img)
{
	if (c->leading)
		list_append(&c->touched, &img->touched);
}

void pair_wait(struct pair *p, int64_t until_ms)
{
	int64_t ds = (until_ms * DS_PER_S + 999) / 1000;
	p->retry_ds = ds > UINT32_MAX ? UINT32_MAX : ds < 1 ? 1 : (uint32_t)ds;
}

uint64_t pair_seed(const struct core *c, const struct image *img, int slot)
{
	return hash_stable_str(hash_stable_str(HASH_STABLE_START, img->uid), c->nodes[slot].uid);
}

int64_t pair_retry_ms(const struct pair *p)
{
	return (int64_t)p->retry_ds * (1000 / DS_PER_S);
}
