#pragma once

/// Makes SIGTERM, SIGINT, SIGUSR1 and SIGHUP ask for a stop. A second SIGINT ends the process as if nothing had been
/// installed. A SIGHUP that was ignored when the program began (nohup) stays ignored.
void stop_request_install(void);

/// The signal that asked for a stop, or 0.
int stop_request_signal(void);
