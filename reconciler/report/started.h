/* What a workload's first start on a node means for us (behaviour 56). Reads the core. */
#ifndef DROP_RECONCILER_REPORT_STARTED_H
#define DROP_RECONCILER_REPORT_STARTED_H

#include "reconciler/core/core.h"
#include "reconciler/report/tally.h"

struct started {                             /* borrowed */
	const char *node, *node_uid, *image; /* image: the reference, in normal form */
	int64_t at_s;
	bool cold;         /* the image was not there: the start waited for its pull */
	bool again;        /* it was pulled, though it was there once: it may have been removed */
	bool fetched;      /* again, and it took so long that it was no look at the registry */
	bool by_us;        /* a pull of ours brought it */
	bool there_before; /* our pod found it there */
	int64_t since_s; /* of pulls before, the core knows only the last one of the image; and who
			  * pulled before may have counted the start */
	double waited_s; /* -1: not known */
	int64_t pulled_at_s; /* by_us: when that pull ended; 0: by what the core knows */
	double pull_s;       /* by_us: what it took; 0: not known */
	double typical_s;    /* of a pull of that image, as events say; 0: not known */
};

/*
 * true: it counts, and ret says how; strings are borrowed from the core and from s. It does not if
 * the image is none that we keep on that node, or if it is there without our doing.
 */
bool started_means(struct core *c, const struct started *s, struct tally_start *ret);
/* To be asked before the core is told of it: was there another node of that name? */
bool started_node_replaced(const struct core *c, const struct node *n);

#endif
