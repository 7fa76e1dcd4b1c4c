#pragma once

/// A Swift closure of one number that was lent for as long as a call lasts: its code and what it has captured, which
/// lies on the stack of whoever called.
///
/// Swift lends a closure down the stack; to hand it to another thread, it copies what was captured to the heap, each time.
/// This keeps the two words instead. Whoever takes them must be done before the lender's call returns.
struct lent_closure {
  void *function;
  void *context;
};

/// Runs it. Any number of threads may at once, if what the closure does allows it.
void lent_closure_call(struct lent_closure closure, long number);
