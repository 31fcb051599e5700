/* See status_ack.h. */
#include "reconciler/rules/status_ack.h"

enum ack_copy ack_observed(struct status_ack *a, uint64_t rv)
{
	a->seen_rv = rv;
	return !a->writing && rv >= a->written_rv ? ACK_SEEN : ACK_KEEP;
}

void ack_sent(struct status_ack *a, int64_t now_ms)
{
	a->writing = a->ever_written = true;
	a->written_ms = now_ms;
}

enum ack_copy ack_answered(struct status_ack *a, bool made, uint64_t rv, int64_t now_ms)
{
	a->writing = false;
	if (!made) {
		a->failures++;
		return ACK_NONE;
	}
	a->failures = 0;
	a->again_ms = 0;
	if (rv != 0) {
		a->written_rv = rv;
		a->acked_ms = now_ms;
	}
	/* What was seen meanwhile is its result, or a later write of another client. */
	return a->seen_rv >= a->written_rv ? ACK_SEEN : ACK_SENT;
}

enum ack_copy ack_listed(struct status_ack *a, int64_t fresh_ms)
{
	if (a->written_rv == 0 || a->acked_ms >= fresh_ms)
		return ACK_KEEP;
	bool lost = a->seen_rv < a->written_rv;
	a->written_rv = 0;
	return lost && !a->writing ? ACK_SEEN : ACK_KEEP;
}

enum ack_copy ack_fence(struct status_ack *a)
{
	bool open = a->writing;
	a->writing = false;
	a->failures = 0;
	a->again_ms = 0;
	return open ? ACK_NONE : ACK_KEEP;
}

int64_t ack_due(const struct status_ack *a, bool at_once, int64_t pace_ms, int64_t now_ms)
{
	int64_t at = now_ms, last_ms = a->acked_ms > a->written_ms ? a->acked_ms : a->written_ms;
	if (a->ever_written && !at_once)
		at = last_ms + pace_ms;
	if (a->again_ms > at)
		at = a->again_ms;
	return at > now_ms ? at : now_ms;
}
