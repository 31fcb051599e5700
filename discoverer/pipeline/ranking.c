/* See ranking.h. The formulas are those of upstream 2.x (docs/discovery.md has examples). */
#include "discoverer/pipeline/ranking.h"

#include <math.h>

/* Beyond this a number cannot be written exactly; it stays finite. */
#define SCORE_LIMIT 1e300

static double or_zero(double number)
{
	return isnan(number) ? 0 : number;
}

static double kept_finite(double score)
{
	if (isnan(score))
		return 0;
	return fmax(-SCORE_LIMIT, fmin(SCORE_LIMIT, score));
}

struct range {
	double min, max;
};

/* Over the images that have the signal. */
static struct range range_of(const struct ranked *images, size_t n, size_t signal)
{
	struct range r = {INFINITY, -INFINITY};
	for (size_t i = 0; i < n; i++) {
		double number = images[i].numbers[signal];
		if (isnan(number))
			continue;
		r.min = fmin(r.min, number);
		r.max = fmax(r.max, number);
	}
	return r;
}

/* All equal: 1. A missing number is 0 before it is normalized, so that it may become negative. */
static double normalized(double number, struct range r)
{
	if (r.min > r.max) /* no image has it */
		return 0;
	if (r.min == r.max)
		return 1;
	return (or_zero(number) - r.min) / (r.max - r.min);
}

static void add_term(const struct ranking_part *part, struct ranked *images, size_t n)
{
	struct range r = range_of(images, n, part->signal);
	for (size_t i = 0; i < n; i++)
		images[i].score += part->weight * normalized(images[i].numbers[part->signal], r);
}

static void leave_out(const struct ranking *r, struct ranked *image)
{
	for (size_t i = 0; i < r->n; i++)
		image->out |= isnan(image->numbers[r->parts[i].signal]);
}

/*
 * target * (1 - 1/N)^before * seconds: the probability that none of `before` uses, each on one of
 * N nodes, was on this one.
 */
static double exposure(const struct ranking *r, const struct ranked *image)
{
	double before = or_zero(image->numbers[r->parts[0].signal]);
	double target = or_zero(image->numbers[r->parts[1].signal]);
	double seconds = or_zero(image->numbers[r->parts[2].signal]);
	double nodes = r->nodes > 1 ? r->nodes : 1;
	if (target == 0 || seconds == 0)
		return 0;
	return target * pow(1 - 1 / nodes, before) * seconds;
}

void ranking_score(const struct ranking *r, struct ranked *images, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct ranked *image = &images[i];
		image->out = false;
		image->score = 0;
		if (r->strategy == RANK_RAW || r->strategy == RANK_WAITING_SAVED)
			image->score = image->raw;
		else if (r->strategy == RANK_SIGNAL)
			image->score = or_zero(image->numbers[r->parts[0].signal]);
		else if (r->strategy == RANK_MODEL_EXPOSURE)
			image->score = exposure(r, image);
		else if (r->drop_missing)
			leave_out(r, image);
	}
	if (r->strategy == RANK_WEIGHTED_SUM)
		for (size_t i = 0; i < r->n; i++)
			add_term(&r->parts[i], images, n);
	for (size_t i = 0; i < n; i++)
		images[i].score = kept_finite(images[i].score);
}
