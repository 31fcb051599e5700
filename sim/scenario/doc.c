/*
 * scenariodoc, a tool of the build: writes docs/scenario.md from the tables of
 * sim/scenario/tables.c and sim/scenario/scenario.h, or says that the file is not what they
 * give. Not installed.
 *
 * scenariodoc [--check] FILE; exit 0, 1 (differs), 100 (usage), 111 (system).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/generated.h"

#include "sim/scenario/pull_faults.h"
#include "sim/scenario/tables.h"

struct row {
	const char *name, *needs, *doc;
};

static const struct row steps[] = {
#define S(id, name, needs, doc) {name, needs, doc},
	SIM_STEPS(S)
#undef S
};
static const struct row api_faults[] = {
#define F(id, name, doc) {name, "", doc},
	API_FAULTS(F)
#undef F
};
static const struct row pull_faults[] = {
#define F(id, name, doc) {name, "", doc},
	PULL_FAULTS(F)
#undef F
};

static const char *type_of(const struct field *f)
{
	switch (f->type) {
	case F_STRING:
		for (const char *const *key = sim_step_objects; *key != NULL; key++)
			if (strcmp(f->json, *key) == 0)
				return "object";
		return "text";
	case F_BOOL:
		return "true or false";
	case F_INT:
	case F_RV:
		return "number";
	case F_DURATION:
		return "duration";
	case F_TIME:
		return "time";
	case F_MAP:
		return "map of texts";
	case F_STRINGS:
		return "list of texts";
	case F_OBJECT:
	case F_INLINE:
		return "object";
	case F_LIST:
		return "list";
	}
	return "?";
}

static void add_default(const struct field *f, struct buf *out)
{
	if (f->flags & FF_REQUIRED)
		buf_adds(out, "required");
	else if (!(f->flags & FF_HAS_DEFAULT))
		return;
	else if (f->type == F_INT)
		buf_addf(out, "%" PRId64, f->def_num);
	else
		buf_addf(out, "%s", f->def_str);
}

/* Values of a short list; longer ones have a section of their own. */
static void add_enums(const struct field *f, struct buf *out)
{
	size_t n = 0;
	while (f->enums != NULL && f->enums[n] != NULL)
		n++;
	if (n == 0 || n > 8)
		return;
	buf_adds(out, " One of");
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s `%s`", i == 0 ? "" : ",", f->enums[i]);
	buf_adds(out, ".");
}

static void add_table(const struct desc *d, struct buf *out)
{
	buf_addf(out, "\n## %s\n\n%s\n\n| key | type | default | |\n|---|---|---|---|\n", d->name,
		 d->doc);
	for (size_t i = 0; i < d->n; i++) {
		const struct field *f = &d->fields[i];
		buf_addf(out, "| `%s` | %s | ", f->json, type_of(f));
		add_default(f, out);
		buf_addf(out, " | %s", f->doc);
		add_enums(f, out);
		buf_adds(out, " |\n");
	}
	for (size_t i = 0; i < d->n; i++) {
		/* The same rule stands below `faults`. */
		bool again = d == &sim_step_desc && d->fields[i].sub == &sim_api_fault_desc;
		if (d->fields[i].sub != NULL && !again)
			add_table(d->fields[i].sub, out);
	}
}

static void add_rows(const char *title, const char *head, const struct row *rows, size_t n,
		     struct buf *out)
{
	bool needs = rows == steps;
	buf_addf(out, "\n## %s\n\n%s\n\n| name |%s |\n|---|---|%s\n", title, head,
		 needs ? " needs |" : "", needs ? "---|" : "");
	for (size_t i = 0; i < n; i++) {
		if (rows[i].name[0] == '\0')
			continue;
		buf_addf(out, "| `%s` |", rows[i].name);
		if (needs)
			buf_addf(out, " %s |", rows[i].needs);
		buf_addf(out, " %s |\n", rows[i].doc);
	}
}

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void write_page(struct buf *out)
{
	buf_adds(
		out,
		"# Scenario files\n\n"
		"*Generated from `sim/scenario/tables.c` and `sim/scenario/scenario.h` by `make "
		"manifests`.*\n\n"
		"`drop-sim --scenario FILE` simulates the cluster that a YAML file describes. "
		"Its first document\nis the scenario; the documents after it are Kubernetes "
		"objects "
		"that exist from the start. An unknown\nkey is an error that names its line. "
		"Durations are written as in Go (`1h30m`, `500ms`). Examples:\n"
		"`sim/scenes/`.\n\n"
		"The steps of `timeline` can also be sent while it runs, as JSON, one or a "
		"list:\n\n"
		"```\ncurl -d '{\"do\": \"node-vanish\", \"node\": \"node-003\", \"for\": \"5s\"}' "
		"$SERVER/sim/do\n```\n\n"
		"In an object `$SERVER` stands for where drop-sim serves, so that a "
		"DiscoveryPolicy can name it\n([what it "
		"answers](drop-sim.md)).\n\n"
		"`GET /sim/truth` returns the true state of the nodes, `/sim/requests` the "
		"requests to the API,\n`/sim/registries` those to registries, `/sim/expect` the "
		"expectations that are not met yet, "
		"`/sim/starts` each start of a container with what it waited for its image, "
		"`/sim/scenario` "
		"the current scenario.\n");
	add_table(&sim_scenario_desc, out);
	add_rows("Steps", "Values of `do`.", steps, COUNT(steps), out);
	add_rows("Faults of the API", "Values of `kind` of a fault.", api_faults, COUNT(api_faults),
		 out);
	add_rows("Faults of a pull",
		 "Values of `fault` of a registry, with the error that the node reports.",
		 pull_faults, COUNT(pull_faults), out);
}

int main(int argc, char **argv)
{
	return generated_main(argc, argv, "scenariodoc", write_page);
}
