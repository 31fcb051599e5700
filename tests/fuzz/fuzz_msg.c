/*
 * Decoder of messages: whatever the bytes, no crash; what decodes prints as JSON and
 * encodes to bytes that decode to the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "ipc/msg_table.h"
#include "tests/ipc/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct buf out = {0};
	struct msg m, back;
	struct err err;
	if (msg_decode(data, size, PROC_ANY, &a, &m, &err) == 0) {
		const struct msg_info *info = &messages[m.type];
		msg_dump(&m, &out);
		buf_clear(&out, SIZE_MAX);
		/* Ours is never longer than theirs: numbers take the shortest form. */
		if (msg_encode(m.type, m.from, m.body, &out, &err) != 0 ||
		    msg_decode(out.data, out.len, PROC_ANY, &a, &back, &err) != 0 ||
		    back.type != m.type || back.from != m.from ||
		    !message_equal(info->fields, info->n_fields, m.body, back.body))
			abort();
	}
	buf_done(&out);
	arena_done(&a);
	return 0;
}
