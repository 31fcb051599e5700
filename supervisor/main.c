/* drop-supervisor: reads its options and supervises; see supervise.h. */
#include <stdio.h>
#include <string.h>

#include "base/command.h"
#include "base/log.h"

#include "ipc/endpoint.h"

#include "supervisor/supervise.h"

int main(int argc, char **argv)
{
	struct supervisor_options options = {0};
	struct options_target target = {supervisor_option_defs, &options};
	int code = command_options("drop-supervisor",
				   "Starts the processes of drop, restarts and stops them.", argc,
				   argv, &target, 1);
	if (code >= 0)
		return code;
	char dir[ENDPOINT_MAX];
	endpoint_default_dir(dir, sizeof(dir));
	if (options.socket_dir == NULL)
		options.socket_dir = dir;
	log_init("supervisor", (enum log_level)log_level_parse(options.log_level),
		 strcmp(options.log_format, "json") == 0);
	return supervise(&options);
}
