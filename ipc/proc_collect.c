/*
 * Metrics that every process records, and those that programs pass on from their Kubernetes client;
 * ipc/ does not depend on the client, so it gets them as texts and numbers.
 */
#include "ipc/proc_impl.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/effect.h"

static int64_t resident_bytes(void)
{
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	if (f == NULL)
		return 0;
	if (fscanf(f, "%*d %ld", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

static int64_t cpu_us(void)
{
	struct rusage used;
	if (getrusage(RUSAGE_SELF, &used) != 0)
		return 0;
	return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * INT64_C(1000000) +
	       used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

void proc_collect(struct proc *p)
{
	metric_set(&p->metrics, METRIC_effects_total, (int64_t)effect_total(), NULL);
	metric_set(&p->metrics, METRIC_process_resident_memory_bytes, resident_bytes(), NULL);
	metric_set(&p->metrics, METRIC_process_cpu_seconds_total, cpu_us(), NULL);
	metric_set(&p->metrics, METRIC_process_ready, p->ready, NULL);
	if (p->def->collect != NULL)
		p->def->collect(p);
}

void proc_api_call(void *proc, const char *verb, int code, int64_t took_us)
{
	struct proc *p = proc;
	char text[12];
	snprintf(text, sizeof(text), "%d", code);
	metric_add(&p->metrics, METRIC_api_requests_total, 1, LABELS(verb, text));
	if (took_us >= 0)
		metric_observe(&p->metrics, METRIC_api_request_duration_seconds, took_us,
			       LABELS(verb));
}

void proc_api_counter(void *proc, const char *name, uint64_t value)
{
	struct proc *p = proc;
	metric_set(&p->metrics, METRIC_api_client_events_total, (int64_t)value, LABELS(name));
}
