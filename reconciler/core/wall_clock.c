/*
 * Moves the remembered wall times of images and repulls, and how far kubelets' clocks are ahead of
 * ours. See wall_clock.h. Not moved: times that are only shown, and what is compared with no other
 * time.
 */
#include "reconciler/core/wall_clock.h"

/* Unix seconds; 0 is "never" and stays so. */
static int64_t moved(int64_t at_s, int64_t by_s)
{
	if (at_s == 0)
		return 0;
	return at_s + by_s < 1 ? 1 : at_s + by_s;
}

static uint32_t moved_u32(uint32_t at_s, int64_t by_s)
{
	int64_t to = moved(at_s, by_s);
	return to > UINT32_MAX ? UINT32_MAX : (uint32_t)to;
}

static void move_image(const struct core *c, struct image *img, int64_t by_s)
{
	struct tag_check *k = &img->check;
	for (size_t slot = 0; slot < c->cap; slot++) {
		struct pair *p = &img->pairs[slot];
		p->pulled_s = moved_u32(p->pulled_s, by_s);
		p->failed_s = moved_u32(p->failed_s, by_s);
		if (img->pod_s != NULL)
			img->pod_s[slot] = moved_u32(img->pod_s[slot], by_s);
		if (img->losses != NULL)
			img->losses[slot].at_s = moved_u32(img->losses[slot].at_s, by_s);
	}
	k->checked_s = moved(k->checked_s, by_s);
	k->moved_s = moved(k->moved_s, by_s);
	k->settled_s = moved(k->settled_s, by_s);
	k->told_since_s = moved(k->told_since_s, by_s);
	img->repull_s = moved(img->repull_s, by_s);
}

/* Of one image; image NULL: of those whose images move. */
static void move_pulls(const struct core *c, const struct image *image, int64_t by_s)
{
	struct pull_pod *pod;
	for (size_t i = 0; (pod = map_next(&c->pods, &i)) != NULL;)
		for (uint32_t k = 0; k < pod->n_pulls; k++) {
			struct pull *p = &pod->pulls[k];
			if (p->repull_at_s == 0) /* asked for each image that is adopted */
				continue;
			const struct image *img = map_get(&c->images, p->of->name);
			if (image != NULL ? img == image : img != NULL && !img->adopted)
				p->repull_at_s = moved_u32(p->repull_at_s, by_s);
		}
}

void wall_clock_follow(struct core *c, struct now now)
{
	int64_t set_s = now.wall_s - now.boot_ms / 1000, by_s = set_s - c->clock_s;
	bool first = !c->clock_known;
	if (!first && by_s > -WALL_CLOCK_SLACK_S && by_s < WALL_CLOCK_SLACK_S)
		return;
	c->clock_known = true;
	c->clock_s = set_s;
	if (first)
		return;
	c->led_s = moved(c->led_s, by_s);
	for (size_t slot = 0; slot < c->n_slots; slot++) {
		struct node_slot *s = &c->nodes[slot];
		s->installed_s = moved(s->installed_s, by_s);
		if (s->images.heartbeat_s != 0)
			s->images.ahead_s -= by_s;
	}
	/* What was read from a status is by the clock of the replica that wrote it. */
	for (size_t i = 0; i < c->n_queue; i++)
		if (!c->queue[i]->adopted)
			move_image(c, c->queue[i], by_s);
	move_pulls(c, NULL, by_s);
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

void wall_clock_adopt(const struct core *c, struct image *img, struct now now)
{
	int64_t last_s = img->check.checked_s;
	for (size_t slot = 0; slot < c->cap; slot++) {
		last_s = later(last_s, img->pairs[slot].pulled_s);
		last_s = later(last_s, img->pairs[slot].failed_s);
		if (img->losses != NULL)
			last_s = later(last_s, img->losses[slot].at_s);
	}
	if (last_s <= now.wall_s + WALL_CLOCK_SLACK_S)
		return;
	move_image(c, img, now.wall_s - last_s);
	move_pulls(c, img, now.wall_s - last_s);
}
