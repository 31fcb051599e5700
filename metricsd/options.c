/* The options of metricsd: names and defaults are upstream's. */
#include "metricsd/metricsd.h"

#define AT(member) offsetof(struct metricsd, member)

const struct option_def metricsd_options[] = {
	{.name = "metrics-bind-address",
	 .type = OPT_STRING,
	 .offset = AT(metrics_address),
	 .def = "0",
	 .arg = "ADDRESS",
	 .doc = "where metrics are served, such as :8443; 0: nowhere"},
	{.name = "metrics-secure",
	 .type = OPT_BOOL,
	 .offset = AT(secure),
	 .def = "true",
	 .doc = "metrics over https, for those who may GET /metrics in the cluster; false: plain, "
		"for "
		"everybody"},
	{.name = "metrics-cert-path",
	 .type = OPT_STRING,
	 .offset = AT(cert_path),
	 .arg = "DIR",
	 .doc = "folder of the certificate for metrics; without it one is made at start"},
	{.name = "metrics-cert-name",
	 .type = OPT_STRING,
	 .offset = AT(cert_name),
	 .def = "tls.crt",
	 .arg = "FILE",
	 .doc = "the certificate's file in that folder"},
	{.name = "metrics-cert-key",
	 .type = OPT_STRING,
	 .offset = AT(cert_key),
	 .def = "tls.key",
	 .arg = "FILE",
	 .doc = "its key's file"},
	{.name = "health-probe-bind-address",
	 .type = OPT_STRING,
	 .offset = AT(health_address),
	 .def = ":8081",
	 .arg = "ADDRESS",
	 .doc = "where /healthz and /readyz are served; 0: nowhere"},
	{.name = "status-page",
	 .type = OPT_BOOL,
	 .offset = AT(status_page),
	 .def = "false",
	 .doc = "a page of what goes on, at / and /status.json beside the metrics, for the same "
		"readers"},
	{.name = NULL},
};
