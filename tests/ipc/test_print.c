/*
 * ipc/msg_dump.c, msg_man.c and tap.c: what people and scripts read. Every message
 * prints as JSON that a parser takes; objects show their fields, frames their message.
 */
#include "tests/unit.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "api/kinds.h"
#include "ipc/objpack.h"
#include "dropctl/tap_line.h"
#include "messages.h"

static struct msg decoded(enum msg_type t, const void *bytes, size_t len, struct arena *a)
{
	struct msg m;
	struct err err;
	assert_int_equal(msg_decode(bytes, len, PROC_ANY, a, &m, &err), 0);
	assert_int_equal(m.type, t);
	return m;
}

static void every_message_is_json(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct buf bytes = {0}, out = {0};
	for (enum msg_type t = MSG_none + 1; t < MSG_COUNT; t++)
		for (size_t rows = 0; rows < 3; rows++) {
			message_bytes(t, rows, &bytes);
			struct msg m = decoded(t, bytes.data, bytes.len, &a);
			buf_clear(&out, SIZE_MAX);
			msg_dump(&m, &out);
			cJSON *json = cJSON_Parse(out.data);
			assert_non_null(json);
			assert_string_equal(cJSON_GetObjectItem(json, "type")->valuestring,
					    messages[t].name);
			for (size_t i = 0; i < messages[t].n_fields; i++)
				assert_true(cJSON_HasObjectItem(json, messages[t].fields[i].name));
			cJSON_Delete(json);
		}
	buf_done(&bytes);
	buf_done(&out);
	arena_done(&a);
}

static void dump_text(enum msg_type t, enum proc_id from, const void *body, const char *want)
{
	struct arena a = ARENA_INIT;
	struct buf bytes = {0}, out = {0};
	assert_int_equal(msg_encode(t, from, body, &bytes, NULL), 0);
	struct msg m = decoded(t, bytes.data, bytes.len, &a);
	msg_dump(&m, &out);
	assert_string_equal(out.data, want);
	buf_done(&bytes);
	buf_done(&out);
	arena_done(&a);
}

static void objects_show_their_fields(void **state)
{
	(void)state;
	const struct node node = {.meta = {.name = "n1"}, .os = "linux"};
	struct buf object = {0};
	obj_pack(kinds[KIND_NODE].desc, &node, &object);
	struct msg_change rows[] = {
		{KIND_NODE, "n1", false, {(const uint8_t *)object.data, object.len}},
		{KIND_POD, "p", true, {NULL, 0}},
		{KIND_NODE, "broken", false, {(const uint8_t *)"\x01", 1}},
		{99, "later", false, {(const uint8_t *)"\x90", 1}},
	};
	struct buf want = {0};
	buf_adds(&want,
		 "{\"type\":\"changes\",\"from\":\"watcher\",\"epoch\":1,\"head\":0,\"term\":0,"
		 "\"lease_until_ms\":-1,\"lease_said_us\":0,\"lease_trouble\":null,\"fresh_ms\":0,"
		 "\"next\":0,\"reset\":true,"
		 "\"more\":false,\"changes\":[{\"kind\":0,\"name\":\"n1\",\"gone\":false,"
		 "\"object\":");
	desc_encode(kinds[KIND_NODE].desc, &node, &want);
	buf_adds(&want, "},{\"kind\":1,\"name\":\"p\",\"gone\":true,\"object\":null},"
			"{\"kind\":0,\"name\":\"broken\",\"gone\":false,\"object\":{\"bytes\":1,"
			"\"undecodable\":\"packed Node: not an array of its fields\"}},"
			"{\"kind\":99,\"name\":\"later\",\"gone\":false,\"object\":{\"bytes\":1,"
			"\"undecodable\":\"no such kind\"}}]}");
	const struct msg_changes m = {
		.epoch = 1, .lease_until_ms = -1, .reset = true, .changes = {rows, ROWS(rows)}};
	dump_text(MSG_changes, PROC_WATCHER, &m, want.data);
	buf_done(&want);
	buf_done(&object);
}

static void frames_show_their_message(void **state)
{
	(void)state;
	const struct msg_puller_sync sync = {.session = 5};
	struct buf bytes = {0}, line = {0};
	assert_int_equal(msg_encode(MSG_puller_sync, PROC_RECONCILER, &sync, &bytes, NULL), 0);
	struct msg_tap_frame frame = {PROC_PULLER, true, {(const uint8_t *)bytes.data, bytes.len}};
	dump_text(MSG_tap_frame, PROC_RECONCILER, &frame,
		  "{\"type\":\"tap_frame\",\"from\":\"reconciler\",\"peer\":3,\"sent\":true,"
		  "\"frame\":"
		  "{\"type\":\"puller_sync\",\"from\":\"reconciler\",\"session\":5}}");
	tap_line(PROC_RECONCILER, &frame, 0, &line);
	assert_string_equal(line.data,
			    "{\"time\":\"1970-01-01T00:00:00.000000Z\",\"process\":\"reconciler\","
			    "\"direction\":\"sent\",\"peer\":\"puller\",\"message\":"
			    "{\"type\":\"puller_sync\",\"from\":\"reconciler\",\"session\":5}}\n");
	frame = (struct msg_tap_frame){PROC_NONE, false, {(const uint8_t *)"\x05", 1}};
	buf_clear(&line, SIZE_MAX);
	tap_line(PROC_WATCHER, &frame, 0, &line);
	assert_string_equal(line.data,
			    "{\"time\":\"1970-01-01T00:00:00.000000Z\",\"process\":\"watcher\","
			    "\"direction\":\"received\",\"peer\":null,\"message\":{\"undecodable\":"
			    "\"message of no type: not [version, id, sender, fields]\"}}\n");
	buf_done(&bytes);
	buf_done(&line);
}

/* A megabyte of frames in frames must not become as many levels of our stack. */
static void frames_do_not_nest(void **state)
{
	(void)state;
	struct buf in = {0}, out = {0}, line = {0};
	message_bytes(MSG_puller_sync, 1, &in);
	for (int level = 0; level < 2; level++) {
		const struct msg_tap_frame f = {
			PROC_PULLER, true, {(const uint8_t *)in.data, in.len}};
		buf_clear(&out, SIZE_MAX);
		assert_int_equal(msg_encode(MSG_tap_frame, PROC_WATCHER, &f, &out, NULL), 0);
		buf_clear(&in, SIZE_MAX);
		buf_add(&in, out.data, out.len);
	}
	struct arena a = ARENA_INIT;
	struct msg m = decoded(MSG_tap_frame, in.data, in.len, &a);
	msg_dump(&m, &line);
	assert_non_null(strstr(line.data, "\"undecodable\":\"a frame in a frame\""));
	arena_done(&a);
	buf_done(&in);
	buf_done(&out);
	buf_done(&line);
}

static void page_names_everything(void **state)
{
	(void)state;
	struct buf out = {0};
	msg_man(&out);
	for (enum msg_type t = MSG_none + 1; t < MSG_COUNT; t++) {
		assert_non_null(strstr(out.data, messages[t].doc));
		for (size_t i = 0; i < messages[t].n_fields; i++)
			assert_non_null(strstr(out.data, messages[t].fields[i].doc));
	}
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_is_json),
		cmocka_unit_test(objects_show_their_fields),
		cmocka_unit_test(frames_show_their_message),
		cmocka_unit_test(frames_do_not_nest),
		cmocka_unit_test(page_names_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
