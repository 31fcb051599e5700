/*
 * What is really so in the pretend cluster, next to what the operator's status claims: a
 * report as JSON, for tests that compare the two.
 */
#ifndef DROP_SIM_PLAY_TRUTH_H
#define DROP_SIM_PLAY_TRUTH_H

#include "base/buf.h"
#include "base/clock.h"

#include "sim/play/control.h"

void truth_write(const struct control *c, struct now now, struct buf *out);

#endif
