/*
 * Start, turns and end of metricsd. HTTP is served while the main loop waits: the main loop waits
 * in the Kubernetes client, if there is one (kube_set_poll), which waits in libevent's loop, which
 * also polls the sockets to the other processes (http_server_poll).
 */
#include "metricsd/metricsd.h"

#include <assert.h>

#include <stdio.h>
#include <unistd.h>

#include "base/log.h"

/* Bytes of headers; a request of Prometheus has less than 1 KiB, with a token. */
static const struct http_limits limits = {
	.descriptors = 2 * CONNECTIONS_MAX + CONNECTIONS_PAGE_MAX + DESCRIPTORS_OTHER,
	.connections = CONNECTIONS_MAX,
	.headers = 16 * 1024,
	.body = 1024,
	.untaken = 32 * 1024 * 1024,
	.send_buffer = 64 * 1024,
	.receive_buffer = 16 * 1024,
	.idle_s = 60,
	.stuck_s = 20,
	.first_s = 5,
	.whole_s = 60,
	.taken_s = 30,
};

/* Content-Security-Policy of the page: it has a style sheet and loads nothing. */
#define CONTENT_POLICY "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

static int open_tls(struct metricsd *m, struct arena *a, struct err *err)
{
	char host[256] = "";
	if (m->options.metrics_cert_path != NULL && m->options.metrics_cert_path[0] != '\0') {
		m->tls = tls_from_files(arena_printf(a, "%s/%s", m->options.metrics_cert_path,
						     m->options.metrics_cert_name),
					arena_printf(a, "%s/%s", m->options.metrics_cert_path,
						     m->options.metrics_cert_key),
					err);
		return m->tls != NULL ? 0 : -1;
	}
	gethostname(host, sizeof(host) - 1);
	m->tls = tls_new("drop-metricsd",
			 arena_printf(a, "DNS:localhost,IP:127.0.0.1,IP:::1%s%s",
				      host[0] != '\0' ? ",DNS:" : "", host),
			 err);
	return m->tls != NULL ? 0 : -1;
}

/* tls NULL: plain HTTP. All servers share the event loop of the first. */
static struct http_server *open_server(struct proc *p, const struct listen_address *at,
				       const struct http_ops *ops, struct tls *tls,
				       const char *opened, struct err *err)
{
	struct metricsd *m = proc_state(p);
	struct http_config config = {
		.host = at->host[0] != '\0' ? at->host : NULL,
		.port = at->port,
		.tls = tls,
		.limits = limits,
		.policy = CONTENT_POLICY,
		.head = true,
		.beside = m->metrics != NULL ? m->metrics : m->health,
		.ops = ops,
		.ctx = p,
	};
	if (ops == &request_page_ops)
		config.limits.connections = CONNECTIONS_PAGE_MAX;
	struct http_server *h = http_server_new(&config, err);
	if (h != NULL)
		log_info(opened, LS("host", at->host), LN("port", http_server_port(h)));
	return h;
}

static int open_metrics(struct proc *p, const struct listen_address *at, struct err *err)
{
	struct metricsd *m = proc_state(p);
	if (m->options.metrics_secure) {
		m->kube = kube_new(proc_common(p)->kubeconfig, proc_user_agent(p), err);
		if (m->kube == NULL || open_tls(m, proc_arena(p), err) != 0)
			return -1;
		kube_observe(m->kube, proc_api_call, p);
	}
	m->metrics = open_server(p, at, &request_metrics_ops, m->tls, "serving metrics", err);
	return m->metrics != NULL ? 0 : -1;
}

static int open_page(struct proc *p, const struct listen_address *at, struct err *err)
{
	struct metricsd *m = proc_state(p);
	if (!listen_is_loopback(at))
		return err_set(err, ERR_TERMINAL,
			       "--status-page-bind-address %s: this page asks for no token, so it "
			       "is for a loopback address only, such as 127.0.0.1:8090",
			       m->options.status_page_bind_address);
	m->page = open_server(p, at, &request_page_ops, NULL, "serving the status page", err);
	return m->page != NULL ? 0 : -1;
}

static int open_all(struct proc *p, struct err *err)
{
	struct metricsd *m = proc_state(p);
	struct listen_address metrics, health, page;
	if (listen_parse("metrics-bind-address", m->options.metrics_bind_address, &metrics, err) !=
		    0 ||
	    listen_parse("health-probe-bind-address", m->options.health_probe_bind_address, &health,
			 err) != 0 ||
	    listen_parse("status-page-bind-address", m->options.status_page_bind_address, &page,
			 err) != 0)
		return -1;
	if (metrics.on && open_metrics(p, &metrics, err) != 0)
		return -1;
	if (health.on && (m->health = open_server(p, &health, &request_health_ops, NULL,
						  "serving health", err)) == NULL)
		return -1;
	if (page.on && open_page(p, &page, err) != 0)
		return -1;
	struct http_server *loop = m->metrics != NULL  ? m->metrics
				   : m->health != NULL ? m->health
						       : m->page;
	if (m->kube != NULL) {
		kube_set_poll(m->kube, http_server_poll, loop);
		proc_set_wait(p, kube_wait, m->kube);
	} else if (loop != NULL) {
		proc_set_wait(p, http_server_poll, loop);
	}
	return 0;
}

static_assert(offsetof(struct metricsd, options) == 0, "metricsd_option_defs fills it");

int metricsd_init(struct proc *p, struct err *err)
{
	struct metricsd *m = proc_state(p);
	TAILQ_INIT(&m->requests);
	if (open_all(p, err) == 0)
		return 0;
	metricsd_done(p);
	return -1;
}

/* Returns when to check the certificate's files again. */
static int64_t look_at_certificate(struct proc *p, int64_t now_ms)
{
	struct metricsd *m = proc_state(p);
	struct err err;
	if (m->tls == NULL || m->options.metrics_cert_path == NULL ||
	    m->options.metrics_cert_path[0] == '\0')
		return CLOCK_NEVER;
	if (now_ms < m->cert_look_ms)
		return m->cert_look_ms;
	m->cert_look_ms = now_ms + CERT_LOOK_MS;
	int rc = tls_reload(m->tls, &err);
	if (rc > 0)
		log_info("certificate reloaded");
	else if (rc < 0)
		log_error("certificate cannot be loaded, keeping the old one",
			  LS("error", err.text));
	if (rc != 0)
		metric_add(proc_metrics(p), METRIC_certificate_reloads_total, 1,
			   LABELS(rc > 0 ? "used" : "failed"));
	return m->cert_look_ms;
}

int64_t metricsd_turn(struct proc *p, struct now now)
{
	struct metricsd *m = proc_state(p);
	if (proc_stopping(p)) {
		proc_stop(p, PROC_EXIT_OK);
		return now.boot_ms;
	}
	proc_ready(p);
	int64_t next = look_at_certificate(p, now.boot_ms);
	requests_admit(p);
	if (!m->collecting &&
	    (requests_wait(m, false) || (requests_wait(m, true) && !m->is_showing)))
		collect_begin(p);
	if (collect_end(p)) {
		serve_admitted(p, false);
		if (requests_wait(m, true) && !m->is_showing)
			show_begin(p);
	}
	if (m->is_showing && m->showing == 0) {
		m->is_showing = false;
		serve_admitted(p, true);
		stats_done(&m->stats);
	}
	return next;
}

void metricsd_done(struct proc *p)
{
	struct metricsd *m = proc_state(p);
	kube_free(m->kube);
	http_server_free(m->page);
	http_server_free(m->health);
	http_server_free(m->metrics);
	tls_free(m->tls);
	for (int q = 0; q < PROC_COUNT; q++) {
		snapshot_done(&m->peers[q].told);
		snapshot_done(&m->peers[q].coming);
	}
	snapshot_done(&m->own);
	stats_done(&m->stats);
}
