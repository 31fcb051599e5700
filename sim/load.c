/* Reads the file; without one makes the text that asks for so many nodes. */
#include "sim/load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

static int read_file(const char *path, struct buf *out, struct err *err)
{
	char chunk[4096];
	size_t n;
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return err_set(err, ERR_TERMINAL, "--scenario %s: %s", path, strerror(errno));
	out->limit = SCENARIO_MAX;
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(out, chunk, n);
	bool broken = ferror(f) != 0 || out->full;
	fclose(f);
	return broken ? err_set(err, ERR_TERMINAL, "--scenario %s: unreadable or too large", path)
		      : 0;
}

static void plain_nodes(int64_t nodes, struct buf *out)
{
	if (nodes == 0)
		buf_adds(out, "title: no nodes\n");
	else
		buf_addf(out, "nodes:\n- {name: node, count: %" PRId64 "}\n", nodes);
}

int load_scenario(const struct sim_options *options, struct arena *a, struct sim_scenario *ret,
		  struct err *err)
{
	struct buf text = {0};
	const char *path = options->scenario;
	int rc = 0;
	if (path != NULL)
		rc = read_file(path, &text, err);
	else
		plain_nodes(options->nodes, &text);
	if (rc == 0)
		rc = scenario_read(text.data != NULL ? text.data : "", text.len, a, ret, err);
	if (rc != 0 && path != NULL)
		err_wrap(err, "%s", path);
	if (rc == 0 && options->seed != 0)
		ret->seed = options->seed;
	buf_done(&text);
	return rc;
}

/* The text with each SCENARIO_SERVER replaced. */
static const char *with_server(const char *text, const char *url, struct arena *a)
{
	struct buf out = {0};
	for (const char *at; (at = strstr(text, SCENARIO_SERVER)) != NULL;) {
		buf_add(&out, text, (size_t)(at - text));
		buf_adds(&out, url);
		text = at + strlen(SCENARIO_SERVER);
	}
	buf_adds(&out, text);
	const char *done = arena_strndup(a, out.data, out.len);
	buf_done(&out);
	return done;
}

void load_server(struct sim_scenario *scenario, const char *url, struct arena *a)
{
	for (size_t i = 0; i < scenario->objects.n; i++)
		scenario->objects.at[i] = with_server(scenario->objects.at[i], url, a);
	for (size_t i = 0; i < scenario->timeline.n; i++) {
		struct sim_step *step = &scenario->timeline.at[i];
		if (step->object != NULL)
			step->object = with_server(step->object, url, a);
	}
}
