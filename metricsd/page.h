/* The status page, for people (HTML, without scripts) and for programs (JSON). Pure. */
#ifndef DROP_METRICSD_PAGE_H
#define DROP_METRICSD_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#include "metricsd/stats.h"

struct page_process {
	const char *name, *state; /* state: from the supervisor, or "" */
	bool up, ready;
	unsigned restarts;
	int64_t resident_bytes, cpu_us;
};

struct page {
	const struct stats *stats;
	const struct page_process *processes;
	size_t n_processes;
	bool supervisor_alive, stats_whole; /* stats_whole: reconciler and watcher have answered */
	int64_t wall_s;
};

void page_html(const struct page *page, struct buf *out);
void page_json(const struct page *page, struct buf *out);

#endif
