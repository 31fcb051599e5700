/* Fills, encodes and compares message bodies by their field tables. */
#include "messages.h"

#include <string.h>

static void fill(const struct msg_field *fields, size_t n, char *base, size_t rows, struct arena *a)
{
	for (size_t i = 0; i < n; i++) {
		const struct msg_field *f = &fields[i];
		void *at = base + f->offset;
		struct msg_rows list = {NULL, rows};
		struct msg_bin bin = {(const uint8_t *)"\x91\xa1x", 3};
		const char *text = arena_printf(a, "%s %zu", f->name, i);
		switch (f->type) {
		case MSG_F_U64:
			*(uint64_t *)at = UINT64_MAX - i;
			break;
		case MSG_F_I64:
			*(int64_t *)at =
				i % 2 == 0 ? INT64_MIN + (int64_t)i : INT64_MAX - (int64_t)i;
			break;
		case MSG_F_BOOL:
			*(bool *)at = true;
			break;
		case MSG_F_STR:
			memcpy(at, &text, sizeof(text));
			break;
		case MSG_F_BIN:
		case MSG_F_OBJECT:
		case MSG_F_FRAME:
			memcpy(at, &bin, sizeof(bin));
			break;
		case MSG_F_LIST:
			list.at = arena_array(a, rows, f->row_size);
			for (size_t r = 0; r < rows; r++)
				fill(f->row, f->n_row, (char *)list.at + r * f->row_size, rows, a);
			memcpy(at, &list, sizeof(list));
			break;
		}
	}
}

void *message_body(const struct msg_info *info, size_t rows, struct arena *a)
{
	void *body = arena_alloc(a, info->size);
	if (rows > 0)
		fill(info->fields, info->n_fields, body, rows, a);
	return body;
}

static enum proc_id party(enum proc_id row, enum proc_id other)
{
	for (int id = PROC_NONE + 1; id < PROC_COUNT; id++)
		if (msg_party(row, other, (enum proc_id)id))
			return (enum proc_id)id;
	return PROC_NONE;
}

enum proc_id message_sender(const struct msg_info *info)
{
	return party(info->from, info->to);
}

enum proc_id message_reader(const struct msg_info *info)
{
	return party(info->to, info->from);
}

void message_bytes(enum msg_type type, size_t rows, struct buf *out)
{
	struct arena a = ARENA_INIT;
	buf_clear(out, SIZE_MAX);
	msg_encode(type, message_sender(&messages[type]), message_body(&messages[type], rows, &a),
		   out, NULL);
	arena_done(&a);
}

static bool equal_str(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool equal_value(const struct msg_field *f, const char *a, const char *b)
{
	const void *va = a, *vb = b;
	switch (f->type) {
	case MSG_F_U64:
	case MSG_F_I64:
		return memcmp(a, b, 8) == 0;
	case MSG_F_BOOL:
		return *(const bool *)va == *(const bool *)vb;
	case MSG_F_STR:
		return equal_str(msg_str_get(a), msg_str_get(b));
	case MSG_F_BIN:
	case MSG_F_OBJECT:
	case MSG_F_FRAME: {
		const struct msg_bin *x = va, *y = vb;
		return x->len == y->len && (x->len == 0 || memcmp(x->data, y->data, x->len) == 0);
	}
	case MSG_F_LIST: {
		struct msg_rows x = msg_rows_get(a), y = msg_rows_get(b);
		bool same = x.n == y.n;
		for (size_t i = 0; same && i < x.n; i++)
			same = message_equal(f->row, f->n_row, (const char *)x.at + i * f->row_size,
					     (const char *)y.at + i * f->row_size);
		return same;
	}
	}
	return false;
}

bool message_equal(const struct msg_field *fields, size_t n, const void *a, const void *b)
{
	for (size_t i = 0; i < n; i++)
		if (!equal_value(&fields[i], (const char *)a + fields[i].offset,
				 (const char *)b + fields[i].offset))
			return false;
	return true;
}

uint32_t random_next(uint32_t *state) /* xorshift32, Marsaglia 2003 */
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

size_t random_bytes(uint32_t *state, uint8_t *out, size_t max)
{
	static const uint8_t likely[] = {0x94, 0x01, 0x02, 0x81, 0x89, 0xc0, 0xa1,
					 0xdd, 0xdf, 0xc6, 0xdb, 0xff, 0x00, 0x9f,
					 0xc4, 0xcf, 0xc9, 0xd4, 0xc1, 0x90};
	size_t n = random_next(state) % (max + 1);
	for (size_t i = 0; i < n; i++) {
		uint32_t r = random_next(state);
		out[i] = r % 3 == 0 ? (uint8_t)(r >> 8) : likely[(r >> 8) % sizeof(likely)];
	}
	return n;
}
