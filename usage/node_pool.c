/* Labels by which autoscalers and providers name the pool of a node. */
#include "usage/node_pool.h"

static const char *const pool_labels[] = {
	"karpenter.sh/nodepool",
	"eks.amazonaws.com/nodegroup",
	"cloud.google.com/gke-nodepool",
	"kubernetes.azure.com/agentpool",
};

const char *node_pool(const struct api_map *labels, const char *key)
{
	if (key != NULL && key[0] != '\0') {
		const char *value = api_map_get(labels, key);
		return value != NULL ? value : "";
	}
	for (size_t i = 0; i < sizeof(pool_labels) / sizeof(pool_labels[0]); i++) {
		const char *value = api_map_get(labels, pool_labels[i]);
		if (value != NULL && value[0] != '\0')
			return value;
	}
	return "";
}
