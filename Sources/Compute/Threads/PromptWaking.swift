import CProcessor

/// Asks the system to let the calling thread run soon after it wakes, although workers compute on its core: for a
/// communication thread, which sleeps most of the time and then keeps the network waiting. A worker's turn on Linux is
/// some milliseconds long; a wish that the system does not know is no error.
public func wakePromptly() {
  processor_wake_promptly()
}
