/*
 * Any request against a store that has a few objects: "METHOD URI\nCONTENT-TYPE\nBODY". The
 * answer must be JSON, what the store then holds must be readable, and the collector must
 * come to an end.
 */
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "sim/apiserver/rest.h"
#include "sim/apiserver/watch.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* Turns after which a collector that still has work has none it can finish. */
#define TURNS_MAX 1000

static const struct now now = {.boot_ms = 1000, .wall_s = 1767225600};

static void ask(struct store *s, const char *method, const char *uri, const char *type,
		const char *body)
{
	struct arena a = ARENA_INIT;
	struct target t;
	struct api_error e;
	struct rest_answer answer = {0};
	bool parsed = target_parse(method, uri, &a, &t, &e) == 0;
	if (!parsed) {
		rest_refuse(&e, &t, &answer);
	} else if (t.res != NULL && strcmp(t.verb, "watch") != 0) {
		const struct rest_request req = {.target = &t,
						 .content_type = type,
						 .body = body,
						 .len = strlen(body),
						 .now = now};
		rest_answer(s, &req, &a, &answer);
	}
	cJSON *json = answer.body.data != NULL ? cJSON_Parse(answer.body.data) : NULL;
	if (answer.body.len != 0 && json == NULL)
		abort();
	cJSON_Delete(json);
	buf_done(&answer.body);
	arena_done(&a);
}

static void check(struct store *s)
{
	char ns[256], name[256];
	int turns = 0;
	while (store_turn(s, now) != CLOCK_NEVER)
		if (++turns > TURNS_MAX)
			abort();
	for (size_t i = 0; i < resources_n; i++) {
		const struct object *o;
		const char *from_ns = NULL, *from_name = NULL;
		while (store_next(s, &resources[i], from_ns, from_name, &o)) {
			cJSON *tree = cJSON_Parse(o->text->json);
			if (tree == NULL || strncmp(o->text->json, "{\"kind\":", 8) != 0)
				abort();
			cJSON_Delete(tree);
			snprintf(ns, sizeof(ns), "%s", o->ns);
			snprintf(name, sizeof(name), "%s", o->name);
			from_ns = ns;
			from_name = name;
		}
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char *text = malloc(size + 1), *rest = text;
	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	char *line = strsep(&rest, "\n"), *type = strsep(&rest, "\n");
	char *method = strsep(&line, " ");
	if (line != NULL && type != NULL && rest != NULL) {
		struct store *s = store_new(1);
		struct watches *ws = watches_new(s, NULL);
		ask(s, "POST", "/api/v1/namespaces", "", "{\"metadata\":{\"name\":\"ns\"}}");
		ask(s, "POST", "/api/v1/namespaces/ns/pods", "",
		    "{\"metadata\":{\"name\":\"p\",\"finalizers\":[\"x.y/z\"]},\"spec\":{"
		    "\"nodeName\":\"n\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}");
		ask(s, "POST", "/apis/drop.corewire.io/v1alpha1/cachedimages", "",
		    "{\"apiVersion\":\"drop.corewire.io/v1alpha1\",\"kind\":\"CachedImage\","
		    "\"metadata\":{\"name\":\"a\"},\"spec\":{\"image\":\"nginx\"}}");
		ask(s, method, line, type, rest);
		check(s);
		watches_free(ws);
		store_free(s);
	}
	free(text);
	return 0;
}
