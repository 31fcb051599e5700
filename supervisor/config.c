/* Reads the file, then applies the command line, which takes precedence; see config.h. */
#include "supervisor/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "api/yaml_tree.h"
#include "ipc/podshape.h"

#define N_TARGETS 2

static void targets_of(struct config *c, struct options_target targets[N_TARGETS])
{
	targets[0] = (struct options_target){supervisor_option_defs, &c->options};
	targets[1] = (struct options_target){supervisor_ignored_defs, &c->ignored};
}

/* The whole file in the arena, or NULL. */
static char *read_file(struct config *c, const char *path, size_t *ret_len, struct err *err)
{
	/* Opening a FIFO, or reading a terminal, would wait for somebody: the loop must not. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &c->stamp) != 0 || !S_ISREG(c->stamp.st_mode)) {
		err_set(err, ERR_TERMINAL, "%s: %s", path,
			fd < 0 ? strerror(errno) : "not a regular file");
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	char *text = arena_alloc(&c->texts, CONFIG_BYTES_MAX + 1);
	size_t len = 0;
	ssize_t n = 1;
	while (n > 0 && len <= CONFIG_BYTES_MAX) {
		n = read(fd, text + len, CONFIG_BYTES_MAX + 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	int why = errno;
	close(fd);
	if (n >= 0 && len <= CONFIG_BYTES_MAX) {
		*ret_len = len;
		return text;
	}
	if (n < 0)
		err_set(err, ERR_TERMINAL, "%s: %s", path, strerror(why));
	else
		err_set(err, ERR_TERMINAL, "%s: more than %d bytes", path, CONFIG_BYTES_MAX);
	return NULL;
}

/* One "name: value" of the file. */
static int set_one(struct config *c, const cJSON *item, struct err *err)
{
	struct options_target targets[N_TARGETS];
	targets_of(c, targets);
	if (strcmp(item->string, "config") == 0)
		return err_set(err, ERR_TERMINAL,
			       "config: only the command line can name the file");
	if (!cJSON_IsString(item))
		return err_set(err, ERR_TERMINAL, "%s: give one value", item->string);
	return options_set(targets, N_TARGETS, item->string,
			   arena_strdup(&c->texts, item->valuestring), err);
}

static int set_all(struct config *c, const char *path, const struct yaml_doc *doc, struct err *err)
{
	if (cJSON_IsNull(doc->root)) /* nothing but comments */
		return 0;
	if (!cJSON_IsObject(doc->root))
		return err_set(err, ERR_TERMINAL,
			       "%s: line %zu: give a map of option names and values", path,
			       yaml_where(doc, ""));
	const cJSON *item;
	cJSON_ArrayForEach(item, doc->root)
	{
		struct err why;
		if (set_one(c, item, &why) != 0)
			return err_set(err, ERR_TERMINAL, "%s: line %zu: %s", path,
				       yaml_where(doc, item->string), why.text);
	}
	return 0;
}

int config_text(struct config *c, const char *name, const char *text, size_t len, struct err *err)
{
	struct err why;
	struct yaml_docs docs;
	if (yaml_read(text, len, YAML_TEXTS, &docs, &why) != 0)
		return err_set(err, ERR_TERMINAL, "%s: %s", name, why.text);
	int rc = docs.n <= 1 ? 0 : err_set(err, ERR_TERMINAL, "%s: more than one document", name);
	if (rc == 0 && docs.n == 1)
		rc = set_all(c, name, &docs.at[0], err);
	yaml_done(&docs);
	return rc;
}

static int read_config(struct config *c, const char *path, struct err *err)
{
	size_t len;
	const char *text = read_file(c, path, &len, err);
	return text != NULL ? config_text(c, path, text, len, err) : -1;
}

/* The puller reads these at its start; a value that it refuses must not start a tree. */
static int check_pods(const struct supervisor_options *o, struct err *err)
{
#define COPY(member, ...) .member = o->member,
	const struct puller_options pods = {PULLER_OPTIONS(COPY)};
#undef COPY
	struct arena scratch = ARENA_INIT;
	struct pod_shape shape;
	int rc = pod_shape_read(&pods, &scratch, &shape, err);
	arena_done(&scratch);
	return rc;
}

static int load(struct config *c, struct err *err)
{
	struct options_target targets[N_TARGETS];
	targets_of(c, targets);
	if (options_parse(c->argc, c->argv, targets, N_TARGETS, err) != OPTIONS_OK)
		return -1;
	const char *path = c->options.config;
	if (path != NULL &&
	    (read_config(c, path, err) != 0 ||
	     options_override(c->argc, c->argv, targets, N_TARGETS, err) != OPTIONS_OK))
		return -1;
	if (c->options.socket_dir == NULL) {
		char dir[ENDPOINT_MAX];
		endpoint_default_dir(dir, sizeof(dir));
		c->options.socket_dir = arena_strdup(&c->texts, dir);
	}
	return check_pods(&c->options, err);
}

int config_load(int argc, char **argv, struct config *ret, struct err *err)
{
	struct config c = {.argc = argc, .argv = argv};
	if (load(&c, err) != 0) {
		config_done(&c);
		return -1;
	}
	*ret = c;
	return 0;
}

void config_adopt(struct config *c, struct config *fresh)
{
	options_take_live(&c->options, &fresh->options);
	c->stamp = fresh->stamp;
	config_done(fresh);
}

void config_done(struct config *c)
{
	arena_done(&c->texts);
}

bool config_changed(const struct config *c)
{
	struct stat now;
	if (c->options.config == NULL || stat(c->options.config, &now) != 0)
		return false;
	return now.st_ino != c->stamp.st_ino || now.st_dev != c->stamp.st_dev ||
	       now.st_size != c->stamp.st_size || now.st_mtim.tv_sec != c->stamp.st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != c->stamp.st_mtim.tv_nsec;
}

void config_seen(struct config *c)
{
	struct stat now;
	if (c->options.config != NULL && stat(c->options.config, &now) == 0)
		c->stamp = now;
}
