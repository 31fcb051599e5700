/*
 * See trouble.h. Invariant: denied_ms is 0 unless every failure since then was a 403.
 */
#include "kube/trouble.h"

bool trouble_tell(struct trouble *t, int kind, int code, int64_t now_ms)
{
	if (code != 403)
		t->denied_ms = 0;
	else if (t->denied_ms == 0)
		t->denied_ms = now_ms;
	if (code == 403 && now_ms - t->denied_ms < TROUBLE_DENIED_MS)
		return false;
	if (t->told_ms != 0 && t->kind == kind && t->code == code &&
	    now_ms - t->told_ms < TROUBLE_AGAIN_MS)
		return false;
	t->kind = kind;
	t->code = code;
	t->told_ms = now_ms;
	return true;
}

void trouble_over(struct trouble *t)
{
	*t = (struct trouble){0};
}
