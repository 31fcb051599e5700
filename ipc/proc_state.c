/*
 * What a program gets from its process and reports to it: state, options, clock, readiness and the
 * end. proc.c starts and ends a process; proc_loop.c runs it.
 */
#include "ipc/proc_impl.h"

#include <unistd.h>

#include "base/log.h"

void *proc_state(struct proc *p)
{
	return p->state;
}

const struct proc_common *proc_common(const struct proc *p)
{
	return &p->common;
}

struct arena *proc_arena(struct proc *p)
{
	return &p->arena;
}

struct now proc_now(const struct proc *p)
{
	return p->now;
}

const char *proc_user_agent(const struct proc *p)
{
	return p->user_agent;
}

void proc_set_wait(struct proc *p, proc_wait_fn wait, void *ctx)
{
	p->wait = wait;
	p->wait_ctx = ctx;
}

bool proc_is_ready(const struct proc *p)
{
	return p->ready;
}

void proc_ready(struct proc *p)
{
	p->ready = true;
	if (p->notify_fd < 0)
		return;
	if (write(p->notify_fd, "1", 1) != 1)
		log_debug("readiness notification not delivered, ignoring");
	close(p->notify_fd);
	p->notify_fd = -1;
}

void proc_stop(struct proc *p, int exit_code)
{
	p->stopping = p->leave = true;
	p->exit_code = exit_code;
}

bool proc_stopping(const struct proc *p)
{
	return p->stopping;
}

struct metrics *proc_metrics(struct proc *p)
{
	return &p->metrics;
}
