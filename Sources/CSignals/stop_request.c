#include "stop_request.h"

#include <signal.h>
#include <stddef.h>

// A handler may write these and nothing else.
static volatile sig_atomic_t requested;
static volatile sig_atomic_t interrupted;

static void request_stop(int number) {
  if (number == SIGINT) {
    if (interrupted) {
      signal(SIGINT, SIG_DFL);
      raise(SIGINT);
    }
    interrupted = 1;
  }
  requested = number;
}

void stop_request_install(void) {
  struct sigaction action = {0};
  action.sa_handler = request_stop;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGUSR1, &action, NULL);
  struct sigaction inherited;
  if (sigaction(SIGHUP, NULL, &inherited) == 0 && inherited.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, NULL);
}

int stop_request_signal(void) { return requested; }
