/*
 * Writes the seeds of the fuzzers into a folder: every message, empty and with rows
 * (<name>-<rows>.msg), two of them as a bundle (<name>.bundle), and every kind packed
 * (<kind>.obj, first byte the kind).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/kinds.h"
#include "ipc/bundle.h"
#include "ipc/objpack.h"
#include "messages.h"

static void put(const char *folder, const char *name, const char *suffix, const struct buf *b)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s.%s", folder, name, suffix);
	FILE *f = fopen(path, "wb");
	if (f == NULL || fwrite(b->data, 1, b->len, f) != b->len || fclose(f) != 0) {
		perror(path);
		exit(1);
	}
}

static void put_kind(const char *folder, enum kind kind)
{
	static const char json[] =
		"{\"metadata\":{\"name\":\"n\",\"uid\":\"u\",\"resourceVersion\":\"12\","
		"\"labels\":{\"a\":\"b\"}},\"spec\":{\"image\":\"i\",\"tolerations\":[{\"key\":"
		"\"k\"}],\"taints\":[{\"key\":\"k\",\"effect\":\"NoSchedule\"}]},\"status\":{"
		"\"phase\":\"Pending\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}],"
		"\"containerStatuses\":[{\"name\":\"pull\",\"state\":{\"waiting\":{\"reason\":"
		"\"ErrImagePull\"}}}]}}";
	struct arena a = ARENA_INIT;
	struct buf b = {0};
	const struct desc *d = kinds[kind].desc;
	void *obj = arena_alloc(&a, d->size);
	const char first = (char)kind;
	if (desc_decode(d, json, strlen(json), true, &a, obj, NULL) != 0)
		memset(obj, 0, d->size);
	buf_add(&b, &first, 1);
	obj_pack(d, obj, &b);
	put(folder, kinds[kind].singular, "obj", &b);
	buf_done(&b);
	arena_done(&a);
}

static void put_bundle(const char *folder, enum msg_type type)
{
	struct buf b = {0}, message = {0};
	for (uint32_t i = 0; i < 2; i++) {
		size_t start = b.len;
		message_bytes(type, i, &message);
		bundle_begin(&b);
		buf_add(&b, message.data, message.len);
		bundle_end(&b, start, i);
	}
	put(folder, messages[type].name, "bundle", &b);
	buf_done(&message);
	buf_done(&b);
}

int main(int argc, char **argv)
{
	struct buf b = {0};
	if (argc != 3)
		return 100;
	for (enum msg_type t = MSG_none + 1; t < MSG_COUNT; t++)
		for (size_t rows = 0; rows < 4; rows += 3) {
			char name[64];
			snprintf(name, sizeof(name), "%s-%zu", messages[t].name, rows);
			message_bytes(t, rows, &b);
			put(argv[1], name, "msg", &b);
		}
	for (enum msg_type t = MSG_none + 1; t < MSG_COUNT; t++)
		put_bundle(argv[1], t);
	for (int k = 0; k < KIND_COUNT; k++)
		put_kind(argv[1], (enum kind)k);
	buf_clear(&b, SIZE_MAX);
	put(argv[1], argv[2], "stamp", &b);
	buf_done(&b);
	return 0;
}
