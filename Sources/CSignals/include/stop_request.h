#pragma once

/// Makes SIGTERM, SIGINT and SIGUSR1 ask for a stop. A second SIGINT ends the process as if nothing had been installed.
void stop_request_install(void);

/// The signal that asked for a stop, or 0.
int stop_request_signal(void);
