/*
 * Metrics of a process: the registry that programs record into, by the table ipc/metrics.def, and
 * its encoding as a message, with which each process answers `metrics_get`. dropctl stats and
 * drop-metricsd show it.
 *
 * A series is a row of the table with values for its labels; values are copied. Numbers
 * are integers: of a row in SECONDS, microseconds. Nothing is persistent. There are at most
 * METRIC_SERIES_MAX series; further ones are counted and not kept. The owner of an object deletes
 * its series with the object.
 */
#ifndef DROP_IPC_METRICS_H
#define DROP_IPC_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "ipc/msg.h"

#include "ipc/metrics.def"

#define METRIC_ENUM(id, ...) METRIC_##id,
enum metric_id { METRICS(METRIC_ENUM) METRIC_COUNT };

/* Series with labels that a process keeps: about 200 bytes each. */
#define METRIC_SERIES_MAX 65536
/* Labels of a row; bytes of a label value, longer ones are cut. */
#define METRIC_LABELS_MAX 4
#define METRIC_VALUE_MAX  1024
/* Buckets of a histogram with the one for what is above the last bound. */
#define METRIC_BUCKETS_MAX 13
/* Bytes of one page of an answer: a turn's worth of work. */
#define METRIC_PAGE_BYTES (256 * 1024)

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };
enum metric_unit { METRIC_NONE, METRIC_SECONDS, METRIC_BYTES };

struct metric_info {
	const char *name;  /* "drop_..." */
	const char *owner; /* the process that records it, or "any" */
	enum metric_type type;
	enum metric_unit unit;
	const char *labels[METRIC_LABELS_MAX + 1]; /* NULL-terminated */
	const int64_t *bounds;                     /* histograms: ascending */
	size_t n_bounds;
	const char *help;
};

/* Series that are there from the beginning (METRIC_ZEROS); METRIC_COUNT ends the list. */
struct metric_zero {
	enum metric_id id;
	const char *labels[METRIC_LABELS_MAX];
};
extern const struct metric_zero metric_zeros[];
extern const struct metric_info metric_infos[METRIC_COUNT];

/* Every process records it, and tells so by a label `process`. */
bool metric_of_any(enum metric_id id);
/* -1: no such metric. */
int metric_find(const char *name);
/* Appends v in the row's unit as Prometheus reads it: "1.5". */
void metric_add_value(struct buf *out, enum metric_unit unit, int64_t v);
/*
 * Appends value as it stands between quotes in the exposition formats: \\, \" and \n; bytes that
 * are not UTF-8 become U+FFFD.
 */
void metric_add_escaped(struct buf *out, const char *value);
/* Appends docs/metrics.md. */
void metrics_doc(struct buf *out);

struct metric_series;

struct metric_family {
	int64_t plain;             /* the value of a row without labels */
	struct map by_labels;      /* of a row with labels or of a histogram */
	struct metric_series **at; /* in the order of their making; NULL: dropped */
	size_t n, cap, holes;
};

struct metrics { /* zeroed: empty */
	struct metric_family families[METRIC_COUNT];
	size_t n_series;
	uint64_t marks; /* of metric_mark() */
};

/*
 * Makes the series that are told before anything is recorded (METRIC_ZEROS, histograms without
 * labels), of rows that this process owns and of those of any.
 */
void metrics_begin(struct metrics *m, const char *owner);
void metrics_done(struct metrics *m);

/* Values of the labels of a row, in its order; NULL counts as "". */
#define LABELS(...) ((const char *const[]){__VA_ARGS__})

/* labels: LABELS(...), or NULL for a row that has none. */
void metric_add(struct metrics *m, enum metric_id id, int64_t n, const char *const *labels);
void metric_set(struct metrics *m, enum metric_id id, int64_t v, const char *const *labels);
/* One observation of a histogram. */
void metric_observe(struct metrics *m, enum metric_id id, int64_t v, const char *const *labels);

/* Drops the series of a row whose label has that value. */
void metric_drop(struct metrics *m, enum metric_id id, const char *label, const char *value);
/* The series of a row that are not set or added to between the two are dropped by the second. */
void metric_mark(struct metrics *m);
void metric_sweep(struct metrics *m, enum metric_id id);
/* Drops the series of a row for whose value of the label keep() says no. */
void metric_keep(struct metrics *m, enum metric_id id, const char *label,
		 bool (*keep)(void *ctx, const char *value), void *ctx);

/* The value; of a histogram the number of observations. 0: no such series. For tests. */
int64_t metric_get(const struct metrics *m, enum metric_id id, const char *const *labels);

/*
 * The page of an answer that begins at ask->after (0: the first), at most about
 * METRIC_PAGE_BYTES. Everything lies in the arena or is borrowed until the next recording.
 * Between two pages series may come and go: those that were there all the time are told once.
 */
void metrics_page(const struct metrics *m, const struct msg_metrics_get *ask, struct arena *a,
		  struct msg_metrics *ret);

#endif
