/*
 * kubeconfig files and service accounts: what is read, and how what is not supported or
 * missing is said, without ever showing a secret.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "kube/config_choose.h"
#include "kube/credentials.h"
#include "kube/base64.h"
#include "kube/incluster.h"
#include "kube/kubeconfig.h"

#define HEAD                                                                                       \
	"current-context: c\ncontexts:\n- {name: other, context: {cluster: x, user: y}}\n"         \
	"- {name: c, context: {cluster: k, user: u, namespace: n}}\n"
#define CLUSTER    "clusters: [{name: k, cluster: {server: 'https://h:6443/'}}]\n"
#define USER(text) "users: [{name: u, user: {" text "}}]\n"
#define SECRET     "hush-hush"

static const struct bad {
	const char *name, *text, *says;
} bads[] = {
	{"empty", "", "no current-context"},
	{"no YAML", "a: [", "not YAML"},
	{"a list", "- a\n", "no current-context"},
	{"no context", "current-context: q\n" CLUSTER, "the context \"q\" is not in it"},
	{"no cluster", HEAD USER("token: t"), "the cluster \"k\" is not in it"},
	{"no user", HEAD CLUSTER, "the user \"u\" is not in it"},
	{"no server", HEAD USER("token: t") "clusters: [{name: k, cluster: {}}]\n", "no server"},
	{"other scheme",
	 HEAD USER("token: t") "clusters: [{name: k, cluster: {server: 'ftp://h'}}]\n", "https://"},
	{"password in the URL",
	 HEAD USER("token: t") "clusters: [{name: k, cluster: {server: 'https://u:" SECRET
			       "@h'}}]\n",
	 "belong to the user"},
	{"exec", HEAD CLUSTER USER("exec: {command: aws}"), "token or a client certificate"},
	{"auth-provider", HEAD CLUSTER USER("auth-provider: {name: gcp}"),
	 "token or a client certificate"},
	{"impersonation", HEAD CLUSTER USER("token: " SECRET ", as: root"), "impersonation"},
	{"certificate without key", HEAD CLUSTER USER("client-certificate-data: QQ=="),
	 "without its key"},
	{"key without certificate", HEAD CLUSTER USER("client-key: k.pem"),
	 "without its certificate"},
	{"bad base64", HEAD CLUSTER USER("client-key-data: '" SECRET "'"),
	 "client-key-data is not base64"},
};

static void refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		struct err err = {0};
		struct kube_config c = {0};
		int rc = kubeconfig_parse(bads[i].text, strlen(bads[i].text), "/d", "FILE", &c,
					  &err);
		if (rc != -1 || strstr(err.text, bads[i].says) == NULL ||
		    strncmp(err.text, "FILE: ", 6) != 0 || strstr(err.text, SECRET) != NULL)
			fail_msg("%s: %d %s", bads[i].name, rc, err.text);
		assert_int_equal(err.cls, ERR_TERMINAL);
		assert_null(c.server);
	}
}

static struct kube_config parse(const char *text)
{
	struct err err = {0};
	struct kube_config c = {0};
	if (kubeconfig_parse(text, strlen(text), "/dir", "FILE", &c, &err) != 0)
		fail_msg("%s", err.text);
	return c;
}

static void everything(void **state)
{
	(void)state;
	struct kube_config c = parse(
		HEAD "clusters: [{name: k, cluster: {server: 'https://h:6443/base/', "
		     "certificate-authority: ca.pem, insecure-skip-tls-verify: true, "
		     "tls-server-name: s, proxy-url: 'http://p:1'}}]\n" USER(
			     "tokenFile: /abs/token, token: ignored, client-certificate: c.pem, "
			     "client-key-data: QUI="));
	assert_string_equal(c.server, "https://h:6443/base");
	assert_string_equal(c.ns, "n");
	assert_string_equal(c.ca.path, "/dir/ca.pem");
	assert_true(c.insecure);
	assert_string_equal(c.tls_server_name, "s");
	assert_string_equal(c.proxy_url, "http://p:1");
	assert_string_equal(c.token.path, "/abs/token");
	assert_null(c.token.data);
	assert_string_equal(c.cert.path, "/dir/c.pem");
	assert_string_equal(c.key.data, "AB");
	assert_int_equal(c.key.len, 2);
	config_done(&c);
}

static void json_is_yaml(void **state)
{
	(void)state;
	struct kube_config c =
		parse("{\"current-context\":\"c\",\"contexts\":[{\"name\":\"c\",\"context\":{"
		      "\"cluster\":\"k\"}}],"
		      "\"clusters\":[{\"name\":\"k\",\"cluster\":{\"server\":\"http://h\","
		      "\"certificate-authority\":\"ignored\",\"certificate-authority-data\":"
		      "\"QUJD\"}}]}");
	assert_string_equal(c.server, "http://h");
	assert_null(c.ns);
	assert_string_equal(c.ca.data, "ABC");
	assert_null(c.ca.path);
	config_done(&c);
}

static void headers(void **state)
{
	(void)state;
	static const struct {
		const char *user, *header;
	} users[] = {
		{USER("token: abc.def"), "Authorization: Bearer abc.def"},
		{USER("token: abc, username: u, password: p"), "Authorization: Bearer abc"},
		{USER("username: Aladdin, password: 'open sesame'"),
		 "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
		{USER("username: u"), "Authorization: Basic dTo="},
		{USER("x: y"), NULL},
	};
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		struct buf text = {0};
		struct credentials cred;
		buf_adds(&text, HEAD CLUSTER);
		buf_adds(&text, users[i].user);
		struct kube_config c = parse(text.data);
		assert_int_equal(credentials_init(&cred, &c, NULL), 0);
		if (users[i].header != NULL)
			assert_string_equal(cred.authorization, users[i].header);
		else
			assert_null(cred.authorization);
		credentials_done(&cred);
		buf_done(&text);
	}
	struct credentials cred;
	struct err err = {0};
	struct kube_config c = parse(HEAD CLUSTER USER("token: \"a\\r\\nX-Evil: " SECRET "\""));
	assert_int_equal(credentials_init(&cred, &c, &err), -1);
	assert_null(strstr(err.text, SECRET));
	config_done(&c);
}

static char *path_in(const char *dir, const char *name)
{
	struct buf b = {0};
	buf_addf(&b, "%s/%s", dir, name);
	return b.data;
}

static void write_in(const char *dir, const char *name, const char *text)
{
	char *path = path_in(dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	free(path);
}

static void remove_in(const char *dir, const char *name)
{
	char *path = path_in(dir, name);
	unlink(path);
	free(path);
}

/* Whose token it is, by its claims; anything else is nobody's. */
static void account(void **state)
{
	(void)state;
	static const struct {
		const char *claims, *name;
	} rows[] = {
		{"{\"kubernetes.io\":{\"namespace\":\"drop-system\",\"serviceaccount\":"
		 "{\"name\":\"drop\",\"uid\":\"u-1\"}},\"sub\":\"?>~~\"}",
		 "drop"},
		{"{\"kubernetes.io\":{\"serviceaccount\":{\"name\":\"a\",\"uid\":\"b\"}}}", NULL},
		{"{\"kubernetes.io\":{\"namespace\":\"a\",\"serviceaccount\":{\"name\":1}}}", NULL},
		{"{\"kubernetes.io\":7}", NULL},
		{"[", NULL},
		{"", NULL},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char token[1024], *part = base64_encode(rows[i].claims, strlen(rows[i].claims));
		for (char *c = part; *c != '\0'; c++)
			*c = *c == '+' ? '-' : *c == '/' ? '_' : *c == '=' ? '\0' : *c;
		snprintf(token, sizeof(token), "e30.%s.c2ln", part);
		struct account a = account_of_token(token);
		assert_string_equal(a.name ? a.name : "-", rows[i].name ? rows[i].name : "-");
		if (a.name != NULL) {
			assert_string_equal(a.ns, "drop-system");
			assert_string_equal(a.uid, "u-1");
		}
		account_done(&a);
		free(part);
	}
	static const char *const nobodys[] = {"", "opaque", "a.b", "a.*.c", "..", "a..c"};
	for (size_t i = 0; i < sizeof(nobodys) / sizeof(nobodys[0]); i++)
		assert_null(account_of_token(nobodys[i]).uid);
}

static void service_account(void **state)
{
	(void)state;
	char dir[] = "/tmp/drop-test-XXXXXX";
	struct kube_config c = {0};
	struct credentials cred;
	struct err err = {0};
	assert_non_null(mkdtemp(dir));
	assert_int_equal(incluster_load_from(dir, "10.0.0.1", "443", &c, &err), -1);
	assert_non_null(strstr(err.text, "service account"));
	write_in(dir, "token", "one\n");
	write_in(dir, "ca.crt", "PEM");
	write_in(dir, "namespace", "drop-system\n");
	assert_int_equal(incluster_load_from(dir, "fd00::1", "443", &c, &err), 0);
	assert_string_equal(c.server, "https://[fd00::1]:443");
	assert_string_equal(c.ns, "drop-system");
	assert_int_equal(credentials_init(&cred, &c, &err), 0);
	assert_string_equal(cred.authorization, "Authorization: Bearer one");
	assert_false(credentials_refresh(&cred, 1000, false));
	uint64_t generation = cred.generation;
	write_in(dir, "token", "second");
	assert_false(credentials_refresh(&cred, 1000 + CREDENTIALS_CHECK_MS - 1,
					 false)); /* not looked at */
	assert_true(credentials_refresh(&cred, 1000 + CREDENTIALS_CHECK_MS, false));
	assert_string_equal(cred.authorization, "Authorization: Bearer second");
	assert_true(cred.generation > generation);
	write_in(dir, "token", "not one\nbut two");
	write_in(dir, "ca.crt", "PEM of another length");
	assert_true(credentials_refresh(&cred, 0, true));
	assert_string_equal(cred.authorization, "Authorization: Bearer second");
	assert_string_equal(cred.config.ca.data, "PEM of another length");
	remove_in(dir, "token"); /* gone: the last one stays in use */
	assert_false(credentials_refresh(&cred, 0, true));
	assert_string_equal(cred.authorization, "Authorization: Bearer second");
	credentials_done(&cred);
	remove_in(dir, "ca.crt");
	remove_in(dir, "namespace");
	assert_int_equal(rmdir(dir), 0);
}

static void which_file(void **state)
{
	(void)state;
	char dir[] = "/tmp/drop-test-XXXXXX";
	struct kube_config c = {0};
	struct err err = {0};
	struct buf list = {0};
	assert_non_null(mkdtemp(dir));
	unsetenv("KUBERNETES_SERVICE_HOST");
	unsetenv("KUBECONFIG");
	assert_int_equal(config_load(NULL, &c, &err), -1);
	assert_non_null(strstr(err.text, "KUBECONFIG"));
	buf_addf(&list, "%s/none::%s/config:%s/worse", dir, dir, dir);
	setenv("KUBECONFIG", list.data, 1);
	assert_int_equal(config_load("", &c, &err), -1);
	write_in(dir, "config", HEAD CLUSTER USER("tokenFile: token"));
	assert_int_equal(config_load("", &c, &err), -1);
	assert_non_null(strstr(err.text, "/token: No such file"));
	write_in(dir, "token", "t");
	write_in(dir, "worse", "");
	assert_int_equal(config_load(NULL, &c, &err), 0);
	assert_string_equal(c.token.data, "t");
	config_done(&c);
	remove_in(dir, "config");
	remove_in(dir, "worse");
	remove_in(dir, "token");
	assert_int_equal(rmdir(dir), 0);
	buf_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused),      cmocka_unit_test(everything),
		cmocka_unit_test(json_is_yaml), cmocka_unit_test(headers),
		cmocka_unit_test(account),      cmocka_unit_test(service_account),
		cmocka_unit_test(which_file),
	};
	return cmocka_run_group_tests_name("api_config", tests, NULL, NULL);
}
