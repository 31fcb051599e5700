/* configdoc: writes docs/configuration.md from the supervisor's tables, or checks that it is up to
 * date. */

#include "base/buf.h"
#include "base/generated.h"

#include "supervisor/config.h"

static const char *const kinds[] = {
	[OPT_STRING] = "text",
	[OPT_BOOL] = "true or false",
	[OPT_INT] = "number",
	[OPT_DURATION] = "duration",
};

static void add_head(struct buf *out)
{
	buf_adds(out,
		 "# Configuration\n\n"
		 "*Generated from `supervisor/options.c` by `make manifests`.*\n\n"
		 "Every option of the operator (`/manager`, which is `drop-supervisor`) can be "
		 "given on "
		 "its command line or in\nthe file given by `--config`; the supervisor passes to "
		 "each process "
		 "the options that it has. The values of the chart\nare described in "
		 "[values.yaml](../deploy/helm/drop/values.yaml); its `config` becomes such a "
		 "file.\n\n"
		 "On the command line the syntax is Go's: `-name` or `--name`, `--name=value` or "
		 "`--name value`, booleans\n`--name` or `--name=false`. The file is a YAML map of "
		 "the "
		 "same names without dashes:\n\n"
		 "```yaml\nlog-level: debug\npriority-class: drop-pull\n```\n\n"
		 "The command line takes precedence over the file. An unknown name or an invalid "
		 "value is an error that names file and\nline; the operator then does not start "
		 "(exit code "
		 "100). "
		 "Durations are written as in Go: `1h30m`, `500ms`.\n\n"
		 "## Changes at run time\n\n"
		 "The file is reloaded on SIGHUP, and within half a minute after it was replaced, "
		 "as a ConfigMap is. An option\nmarked *live* takes effect at once in all "
		 "processes. A change of another option is logged and ignored until\nthe pod "
		 "restarts; the chart restarts its pods for these. An invalid file changes "
		 "nothing,\nand the error is logged.\n\n"
		 "## Options\n\n"
		 "| option | value | default | change | |\n|---|---|---|---|---|\n");
}

static void add_option(struct buf *out, const struct option_def *d)
{
	buf_addf(out, "| `%s` | ", d->name);
	if (d->one_of == NULL)
		buf_adds(out, kinds[d->type]);
	for (const char *const *s = d->one_of; s != NULL && *s != NULL; s++)
		buf_addf(out, "%s`%s`", s == d->one_of ? "" : ", ", *s);
	if (d->def != NULL)
		buf_addf(out, " | `%s` | ", d->def);
	else
		buf_adds(out, " | | ");
	buf_addf(out, "%s | %s |\n", option_change(d) == OPTION_CHANGE_LIVE ? "live" : "restart",
		 d->doc);
}

static void write_page(struct buf *out)
{
	add_head(out);
	for (const struct option_def *d = supervisor_option_defs; d->name != NULL; d++)
		add_option(out, d);
	buf_adds(out, "\n`--help` prints these, `--version` the version.\n\n"
		      "## Options of upstream without effect\n\n"
		      "Accepted with a warning, so that an existing Deployment keeps working when its "
		      "image is changed:\n\n");
	for (const struct option_def *d = supervisor_ignored_defs; d->name != NULL; d++)
		buf_addf(out, "- `%s`\n", d->name);
}

int main(int argc, char **argv)
{
	return generated_main(argc, argv, "configdoc", write_page);
}
