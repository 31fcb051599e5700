/* What the parts of the explanation share: one image looked at, at one moment. Private to them. */
#ifndef DROP_RECONCILER_EXPLAIN_VIEW_H
#define DROP_RECONCILER_EXPLAIN_VIEW_H

#include "reconciler/core/gate_images.h"
#include "reconciler/core/model.h"
#include "reconciler/explain/explain.h"

struct explain_view {
	struct core *core;
	struct image *img;
	struct now now;
	struct arena *arena;
	bool looked;       /* for the cause */
	const char *cause; /* of what all its nodes wait for */
	/* By slot, shared by the images of one answer, as counting visits every image; or NULL. */
	struct gate_waiting *gating;
};

struct explain_view explain_view(struct core *c, struct image *img, struct now now,
				 struct arena *a);
/* Empty, for views of several images. */
struct gate_waiting *explain_gating(const struct core *c, struct arena *a);
/* As in its status: as it is now while leading, else as last observed. name: "" for none. */
enum phase explain_phase(const struct core *c, const struct image *img);
const char *explain_phase_name(const struct core *c, const struct image *img);
/* Of a node that exists. */
void explain_slot(struct explain_view *v, int slot, struct explain *e);
/* Not targeted, not eligible: fills e and says true. */
bool explain_skipped(const struct node_slot *s, const struct api_map *selector,
		     const struct api_tolerations *of_image,
		     const struct api_tolerations *of_policy, struct explain *e, struct arena *a);
/* 39. lacks: of a reference that no image has. */
bool explain_lacks(const struct core *c, const struct image *img, int slot, struct explain *e,
		   struct arena *a);
bool explain_left_out(const struct core *c, const struct image *img, int slot, struct explain *e,
		      struct arena *a);
/* 51. */
void explain_shut(const struct policy *p, struct explain *e);
/* A pull of it is in flight there: fills e and says true. */
bool explain_pulling(const struct image *img, int slot, struct now now, struct explain *e);
bool explain_not_ready(const struct node_slot *s, struct explain *e);

#endif
