#include "closure.h"

// Swift's calling convention hands the captured values over in a register of their own.
typedef __attribute__((swiftcall)) void (*swift_function)(long number, __attribute__((swift_context)) void *context);

// Swift passes a closure as these two words; see WorkerPool.swift, which declares this function.
__attribute__((swiftcall)) void lent_closure_take(void *function, void *context, struct lent_closure *closure) {
  closure->function = function;
  closure->context = context;
}

void lent_closure_call(struct lent_closure closure, long number) {
  ((swift_function)closure.function)(number, closure.context);
}
