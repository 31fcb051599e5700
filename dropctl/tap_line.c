/* See tap_line.h. */
#include "dropctl/tap_line.h"

#include "base/arena.h"
#include "base/clock.h"

void tap_line(enum proc_id process, const struct msg_tap_frame *frame, int64_t wall_us,
	      struct buf *out)
{
	char at[TIME_TEXT_MAX];
	struct arena a = ARENA_INIT;
	struct msg m;
	struct err err;
	time_format_us(at, wall_us);
	buf_addf(out, "{\"time\":\"%s\",\"process\":\"%s\",\"direction\":\"%s\",\"peer\":", at,
		 proc_id_name(process), frame->sent ? "sent" : "received");
	if (frame->peer > PROC_NONE && frame->peer < PROC_COUNT)
		buf_add_json(out, proc_id_name((enum proc_id)frame->peer));
	else
		buf_adds(out, "null"); /* published: to whoever listens */
	buf_adds(out, ",\"message\":");
	if (msg_decode(frame->frame.data, frame->frame.len, PROC_ANY, &a, &m, &err) == 0) {
		msg_dump(&m, out);
	} else {
		buf_adds(out, "{\"undecodable\":");
		buf_add_json(out, err.text);
		buf_adds(out, "}");
	}
	buf_adds(out, "}\n");
	arena_done(&a);
}
