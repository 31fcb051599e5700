/*
 * Lines for the log: what was decided and why. The core does not log; it hands them
 * out with the actions of the turn.
 */
#include "reconciler/model.h"

void note(struct core *c, bool warn, const char *text, const char *image, const char *node,
	  const char *reason, const char *message)
{
	if (c->n_notes == NOTES_MAX)
		return;
	struct arena *a = &c->note_mem;
	c->notes[c->n_notes++] = (struct core_log){
		.warn = warn,
		.text = text,
		.image = arena_strdup(a, image),
		.node = arena_strdup(a, node),
		.reason = arena_strdup(a, reason),
		.message = arena_strdup(a, message),
	};
}

void notes_take(struct core *c, struct arena *a, struct core_actions *ret)
{
	ret->logs = arena_memdup(a, c->notes, c->n_notes * sizeof(*c->notes));
	ret->n_logs = c->n_notes;
	for (size_t i = 0; i < ret->n_logs; i++) {
		struct core_log *l = &ret->logs[i];
		l->image = arena_strdup(a, l->image);
		l->node = arena_strdup(a, l->node);
		l->reason = arena_strdup(a, l->reason);
		l->message = arena_strdup(a, l->message);
	}
	c->n_notes = 0;
	arena_reset(&c->note_mem);
}
