/*
 * Reads and checks the options for pull pods. Values that the API server would refuse are refused
 * here, at start, with the option's name.
 */
#include "ipc/podshape.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "api/label_syntax.h"
#include "api/pullpod.h"
#include "api/quantity.h"

/* Kubernetes accepts ids up to this. */
#define ID_MAX INT32_MAX

/* Checks one entry; a sentence about what is wrong, or NULL. */
typedef const char *(*entry_check)(const char *key, const char *value, struct arena *a);

/* Cuts the next entry off *text, its escapes resolved; NULL: there is none. */
static char *next_entry(const char **text, struct arena *a)
{
	if (*text == NULL || **text == '\0')
		return NULL;
	char *entry = arena_alloc(a, strlen(*text) + 1), *out = entry;
	const char *in = *text;
	for (; *in != '\0' && *in != ','; in++) {
		if (*in == '\\' && (in[1] == ',' || in[1] == '\\'))
			in++;
		*out++ = *in;
	}
	*out = '\0';
	*text = in + (*in == ',');
	return entry;
}

static int read_map(const char *option, const char *text, entry_check check, struct arena *a,
		    struct api_map *ret, struct err *err)
{
	*ret = (struct api_map){arena_array(a, POD_SHAPE_MAX, sizeof(*ret->at)), 0};
	for (char *entry; (entry = next_entry(&text, a)) != NULL;) {
		char *equals = strchr(entry, '=');
		if (equals == NULL)
			return err_set(err, ERR_TERMINAL,
				       "--%s: \"%s\" is no KEY=VALUE; entries are separated by "
				       "commas, a comma in a value is written \\,",
				       option, entry);
		*equals = '\0';
		const char *wrong = check(entry, equals + 1, a);
		if (wrong != NULL)
			return err_set(err, ERR_TERMINAL, "--%s: %s: %s", option, entry, wrong);
		if (api_map_get(ret, entry) != NULL)
			return err_set(err, ERR_TERMINAL, "--%s: %s is given twice", option, entry);
		if (ret->n == POD_SHAPE_MAX)
			return err_set(err, ERR_TERMINAL, "--%s: at most %d entries", option,
				       POD_SHAPE_MAX);
		ret->at[ret->n++] = (struct api_kv){entry, equals + 1};
		api_map_sort(ret);
	}
	return 0;
}

/* ---- metadata ---- */

static const char *own_key(const char *key)
{
	return pullpod_own_key(key) ? "drop sets it itself; leave it out" : NULL;
}

static const char *first_wrong(struct wrongs w)
{
	return w.n != 0 ? w.at[0] : NULL;
}

static const char *check_label(const char *key, const char *value, struct arena *a)
{
	(void)a;
	const char *wrong = own_key(key);
	if (wrong == NULL)
		wrong = first_wrong(wrong_qualified_name(key));
	return wrong != NULL ? wrong : first_wrong(wrong_label_value(value));
}

static const char *check_annotation(const char *key, const char *value, struct arena *a)
{
	char *lower = arena_strdup(a, key);
	for (char *c = lower; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	const char *wrong = own_key(key);
	if (wrong == NULL)
		wrong = first_wrong(wrong_qualified_name(lower));
	if (wrong == NULL && strlen(value) > POD_SHAPE_ANNOTATION_MAX)
		wrong = "the value is longer than 4096 bytes";
	return wrong;
}

/* ---- resources ---- */

#define REQUESTS "requests."
#define LIMITS   "limits."

/* The name of the resource in "limits.cpu"; NULL: the key has another form. */
static const char *resource_of(const char *key, const char *prefix)
{
	size_t n = strlen(prefix);
	return strncmp(key, prefix, n) == 0 && key[n] != '\0' ? key + n : NULL;
}

static bool is_hugepages(const char *name)
{
	return strncmp(name, "hugepages-", 10) == 0 && quantity_value(name + 10) > 0;
}

/* As the API server: the resources of containers that Kubernetes knows, and others by domain. */
static bool is_resource(const char *name)
{
	static const char *const plain[] = {"cpu", "memory", "ephemeral-storage"};
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (strcmp(name, plain[i]) == 0)
			return true;
	return wrong_qualified_name(name).n == 0 &&
	       (strchr(name, '/') != NULL || is_hugepages(name));
}

static const char *check_resource(const char *key, const char *value, struct arena *a)
{
	(void)a;
	const char *name = resource_of(key, REQUESTS);
	if (name == NULL)
		name = resource_of(key, LIMITS);
	if (name == NULL)
		return "want requests.RESOURCE or limits.RESOURCE, such as limits.cpu";
	if (!is_resource(name))
		return "not a resource of containers; want cpu, memory, ephemeral-storage, "
		       "hugepages-SIZE or DOMAIN/NAME";
	if (quantity_value(value) < 0)
		return "not a quantity; want a number with or without a suffix, such as 100m or "
		       "64Mi";
	return NULL;
}

static struct api_map part(const struct api_map *all, const char *prefix, struct arena *a)
{
	struct api_map some = {arena_array(a, all->n, sizeof(*some.at)), 0};
	for (size_t i = 0; i < all->n; i++) {
		const char *name = resource_of(all->at[i].key, prefix);
		if (name != NULL)
			some.at[some.n++] = (struct api_kv){name, all->at[i].value};
	}
	return some;
}

/* A limit is not below its request; of what can't be overcommitted both are given and are equal. */
static int check_request(const struct api_kv *request, const struct api_map *limits,
			 struct err *err)
{
	const char *limit = api_map_get(limits, request->key);
	bool overcommit = strchr(request->key, '/') == NULL && !is_hugepages(request->key);
	if (limit == NULL && overcommit)
		return 0;
	if (limit == NULL)
		return err_set(err, ERR_TERMINAL,
			       "--pull-pod-resources: %s can't be overcommitted: give limits.%s "
			       "too, with the same quantity",
			       request->key, request->key);
	long double wanted = quantity_value(request->value), most = quantity_value(limit);
	if (most < wanted || (!overcommit && most > wanted))
		return err_set(err, ERR_TERMINAL,
			       "--pull-pod-resources: the limit of %s, %s, is %s its request, %s",
			       request->key, limit, overcommit ? "below" : "not", request->value);
	return 0;
}

static int read_resources(const char *text, struct arena *a, struct pod_shape *ret, struct err *err)
{
	struct api_map all;
	if (read_map("pull-pod-resources", text, check_resource, a, &all, err) != 0)
		return -1;
	ret->requests = part(&all, REQUESTS, a);
	ret->limits = part(&all, LIMITS, a);
	for (size_t i = 0; i < ret->requests.n; i++)
		if (check_request(&ret->requests.at[i], &ret->limits, err) != 0)
			return -1;
	return 0;
}

/* ---- the rest ---- */

static int read_id(const char *option, const char *text, int least, int64_t *ret, struct err *err)
{
	char *end;
	if (text == NULL || strcmp(text, "none") == 0) {
		*ret = POD_SHAPE_NO_ID;
		return 0;
	}
	long long id = strtoll(text, &end, 10);
	if (*end != '\0' || id < least || id > ID_MAX)
		return err_set(err, ERR_TERMINAL,
			       "--%s: \"%s\" is no id; want %d to %d%s, or none, to leave it to "
			       "the cluster",
			       option, text, least, ID_MAX,
			       least > 0 ? ", as pull pods never run as root" : "");
	*ret = id;
	return 0;
}

static int read_name(const char *option, const char *text, const char **ret, struct err *err)
{
	*ret = text != NULL && *text != '\0' ? text : NULL;
	if (*ret == NULL || wrong_subdomain(text).n == 0)
		return 0;
	return err_set(err, ERR_TERMINAL,
		       "--%s: \"%s\" is not the name of an object; want lower case letters, "
		       "digits, '-' and '.'",
		       option, text);
}

static bool listed(const struct api_strings *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->at[i], name) == 0)
			return true;
	return false;
}

static int read_secrets(const char *text, struct arena *a, struct api_strings *ret, struct err *err)
{
	*ret = (struct api_strings){arena_array(a, POD_SHAPE_MAX, sizeof(*ret->at)), 0};
	for (char *entry; (entry = next_entry(&text, a)) != NULL;) {
		const char *name;
		if (read_name("pull-pod-image-pull-secrets", entry, &name, err) != 0)
			return -1;
		if (name == NULL || listed(ret, name))
			continue;
		if (ret->n == POD_SHAPE_MAX)
			return err_set(err, ERR_TERMINAL,
				       "--pull-pod-image-pull-secrets: at most %d names",
				       POD_SHAPE_MAX);
		ret->at[ret->n++] = name;
	}
	return 0;
}

int pod_shape_read(const struct puller_options *o, struct arena *a, struct pod_shape *ret,
		   struct err *err)
{
	*ret = (struct pod_shape){0};
	if (read_map("pull-pod-labels", o->pull_pod_labels, check_label, a, &ret->labels, err) !=
		    0 ||
	    read_map("pull-pod-annotations", o->pull_pod_annotations, check_annotation, a,
		     &ret->annotations, err) != 0 ||
	    read_resources(o->pull_pod_resources, a, ret, err) != 0 ||
	    read_id("pull-pod-user", o->pull_pod_user, 1, &ret->user, err) != 0 ||
	    read_id("pull-pod-group", o->pull_pod_group, 0, &ret->group, err) != 0 ||
	    read_name("pull-pod-service-account", o->pull_pod_service_account,
		      &ret->service_account, err) != 0 ||
	    read_name("pull-pod-runtime-class", o->pull_pod_runtime_class, &ret->runtime_class,
		      err) != 0)
		return -1;
	return read_secrets(o->pull_pod_image_pull_secrets, a, &ret->secrets, err);
}
