/*
 * Order and texts that do not differ between dialects are those of kubelet 1.34. A kubelet that is
 * away says nothing; what is written about it then are the words of the node lifecycle controller.
 */
#include "sim/nodes/node_status.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"

#define AWAY_REASON  "NodeStatusUnknown"
#define AWAY_MESSAGE "Kubelet stopped posting node status."

struct condition {
	const char *type, *status, *reason, *message;
	int64_t since_s;
};

static void condition(const struct node_said *said, const struct condition *c, struct buf *out)
{
	char beat[TIME_TEXT_MAX], since[TIME_TEXT_MAX];
	bool away = said->kubelet->away;
	time_format(beat, said->heartbeat_s);
	time_format(since, away ? said->ready_s : c->since_s);
	buf_addf(out,
		 "%s{\"type\":\"%s\",\"status\":\"%s\",\"lastHeartbeatTime\":\"%s\","
		 "\"lastTransitionTime\":\"%s\",\"reason\":\"%s\",\"message\":\"%s\"}",
		 out->data[out->len - 1] == '[' ? "" : ",", c->type, away ? "Unknown" : c->status,
		 beat, since, away ? AWAY_REASON : c->reason, away ? AWAY_MESSAGE : c->message);
}

static void conditions(const struct node_said *said, struct buf *out)
{
	bool pressure = said->kubelet->pressure;
	const struct condition rows[] = {
		{"MemoryPressure", "False", "KubeletHasSufficientMemory",
		 "kubelet has sufficient memory available", said->began_s},
		{"DiskPressure", pressure ? "True" : "False",
		 pressure ? "KubeletHasDiskPressure" : "KubeletHasNoDiskPressure",
		 pressure ? "kubelet has disk pressure" : "kubelet has no disk pressure",
		 said->pressure_s},
		{"PIDPressure", "False", "KubeletHasSufficientPID",
		 "kubelet has sufficient PID available", said->began_s},
		{"Ready", "True", "KubeletReady", "kubelet is posting ready status", said->ready_s},
	};
	buf_adds(out, "\"conditions\":[");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		condition(said, &rows[i], out);
	buf_adds(out, "]");
}

static void taint(const char *key, const char *value, const char *effect, struct buf *out)
{
	bool first = out->len == 0 || out->data[out->len - 1] == '[';
	buf_adds(out, first ? "{\"key\":" : ",{\"key\":");
	buf_add_json(out, key);
	if (value != NULL && *value != '\0') {
		buf_adds(out, ",\"value\":");
		buf_add_json(out, value);
	}
	buf_addf(out, ",\"effect\":\"%s\"}", effect);
}

bool node_taint_follows(const char *key)
{
	static const char *const keys[] = {
		"node.kubernetes.io/not-ready",
		"node.kubernetes.io/unreachable",
		"node.kubernetes.io/disk-pressure",
		"node.kubernetes.io/unschedulable",
	};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

static void all_of(const struct node_taints *taints, struct buf *out)
{
	for (size_t i = 0; i < taints->n; i++)
		taint(taints->at[i].key, taints->at[i].value, taints->at[i].effect, out);
}

void node_write_own_taints(const struct node_said *said, struct buf *out)
{
	all_of(&said->group->kubelet.taints, out);
	if (!said->fresh)
		return;
	all_of(&said->group->startup, out);
	if (said->group->karpenter)
		taint("karpenter.sh/unregistered", NULL, "NoExecute", out);
}

static void spec(const struct node_said *said, const char *others, struct buf *out)
{
	buf_adds(out, "\"spec\":{");
	if (said->cordoned)
		buf_adds(out, "\"unschedulable\":true,");
	buf_adds(out, "\"taints\":[");
	buf_adds(out, others);
	if (said->kubelet->away) {
		taint("node.kubernetes.io/unreachable", NULL, "NoSchedule", out);
		taint("node.kubernetes.io/unreachable", NULL, "NoExecute", out);
	}
	if (said->kubelet->pressure)
		taint("node.kubernetes.io/disk-pressure", NULL, "NoSchedule", out);
	if (said->cordoned)
		taint("node.kubernetes.io/unschedulable", NULL, "NoSchedule", out);
	buf_adds(out, "]}");
}

static void label(const char *key, const char *value, struct buf *out)
{
	buf_adds(out, out->data[out->len - 1] == '{' ? "" : ",");
	buf_add_json(out, key);
	buf_adds(out, ":");
	buf_add_json(out, value != NULL ? value : "");
}

static void metadata(const struct node_said *said, struct buf *out)
{
	const struct node_group *g = said->group;
	buf_adds(out, "\"metadata\":{\"name\":");
	buf_add_json(out, said->name);
	buf_adds(out, ",\"labels\":{");
	label("beta.kubernetes.io/arch", g->arch, out);
	label("beta.kubernetes.io/os", g->os, out);
	label("kubernetes.io/arch", g->arch, out);
	label("kubernetes.io/hostname", said->name, out);
	label("kubernetes.io/os", g->os, out);
	for (size_t i = 0; i < g->labels.n; i++)
		label(g->labels.at[i].key, g->labels.at[i].value, out);
	if (g->karpenter)
		label("karpenter.sh/nodepool", g->kubelet.name, out);
	buf_adds(out, "},\"annotations\":{\"node.alpha.kubernetes.io/ttl\":\"0\"");
	for (int64_t left = g->pad_bytes, n = 0; left > 0; left -= 1024, n++)
		buf_addf(out, ",\"sim.example.com/pad-%" PRId64 "\":\"%0*d\"", n,
			 (int)(left < 1024 ? left : 1024), 0);
	buf_adds(out, "}}");
}

static void capacity(const struct node_said *said, const char *key, struct buf *out)
{
	int64_t disk = said->group->disk_bytes;
	buf_addf(out, ",\"%s\":{\"cpu\":\"4\",\"memory\":\"16Gi\",\"pods\":\"%" PRId64 "\"", key,
		 said->group->kubelet.max_pods);
	if (disk > 0)
		buf_addf(out, ",\"ephemeral-storage\":\"%" PRId64 "Ki\"", disk / 1024);
	buf_adds(out, "}");
}

static uint64_t machine(const struct node_said *said)
{
	return hash_stable_str(HASH_STABLE_START, said->name) + said->installed;
}

static void about(const struct node_said *said, struct buf *out)
{
	uint64_t n = said->kubelet->address, id = machine(said);
	capacity(said, "capacity", out);
	capacity(said, "allocatable", out);
	buf_addf(out,
		 ",\"addresses\":[{\"type\":\"InternalIP\",\"address\":\"10.%d.%d.%d\"},"
		 "{\"type\":\"Hostname\",\"address\":",
		 (int)(n >> 16 & 0x7f), (int)(n >> 8 & 0xff), (int)(n & 0xff));
	buf_add_json(out, said->name);
	buf_addf(out,
		 "}],\"daemonEndpoints\":{\"kubeletEndpoint\":{\"Port\":10250}},"
		 "\"nodeInfo\":{\"architecture\":\"%s\",\"bootID\":\"%016" PRIx64 "\","
		 "\"containerRuntimeVersion\":\"%s\",\"kernelVersion\":\"6.1.0\","
		 "\"kubeProxyVersion\":\"\",\"kubeletVersion\":\"%s\","
		 "\"machineID\":\"%016" PRIx64 "\",\"operatingSystem\":\"%s\","
		 "\"osImage\":\"drop-sim\",\"systemUUID\":\"%016" PRIx64 "\"}",
		 said->group->arch, id + 1, said->group->kubelet.dialect->runtime,
		 said->group->kubelet.dialect->kubelet, id, said->group->os, id);
}

static void images(const struct node_said *said, struct buf *out)
{
	buf_adds(out, ",\"images\":");
	disk_write(&said->kubelet->disk, said->group->max_images, out);
}

void node_write_object(const struct node_said *said, struct buf *out)
{
	buf_adds(out, "{\"kind\":\"Node\",\"apiVersion\":\"v1\",");
	struct buf own = {0};
	metadata(said, out);
	buf_adds(out, ",");
	node_write_own_taints(said, &own);
	spec(said, own.len != 0 ? own.data : "", out);
	buf_done(&own);
	buf_adds(out, ",\"status\":{");
	conditions(said, out);
	about(said, out);
	images(said, out);
	buf_adds(out, "}}");
}

void node_write_status(const struct node_said *said, struct buf *out)
{
	buf_adds(out, "{\"status\":{");
	conditions(said, out);
	/* A kubelet patches what differs: so the Node of the machine before gets the new number. */
	if (said->installed != 0)
		buf_addf(out, ",\"nodeInfo\":{\"machineID\":\"%016" PRIx64 "\"}", machine(said));
	if (said->images && !said->kubelet->away)
		images(said, out);
	buf_adds(out, "}}");
}

void node_write_taints(const struct node_said *said, const char *others, struct buf *out)
{
	if (said->cordoned) {
		buf_adds(out, "{");
		spec(said, others, out);
	} else {
		struct buf rest = {0};
		spec(said, others, &rest);
		buf_addf(out, "{\"spec\":{\"unschedulable\":null,%s",
			 rest.data + strlen("\"spec\":{"));
		buf_done(&rest);
	}
	buf_adds(out, "}");
}
