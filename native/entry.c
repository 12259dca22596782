// The native entry of the TypeScript program, a shared object that it loads from beside itself:
//
//   syscall(number, a0 .. a5) -> result, or -errno
//     One raw system call. errno through a C library is unreliable here: other calls of the
//     JavaScript engine overwrite it before it can be read.
//
//   spawn(address of spawned calls, count, flags) -> pid of the child, or -errno
//     See spawn.h.
//
//   catchSignals(low half, high half, fd, before) -> 0, or -errno
//   restoreSignals(low half, high half, before)
//     See signals.h. `before` is the address of 65 entries of four 64-bit words.
//
//   relay(address of struct relay) -> why it returned
//     See relay.h.
//
//   address(typed array) -> where its first byte is
//
// Numbers are exact up to 2^53. The functions of Node-API come from the engine; there is no header
// of theirs on a machine without Node, so what is used of them is declared here.

#include "kernel.h"
#include "relay.h"
#include "signals.h"
#include "spawn.h"

typedef struct environment *Environment;
typedef struct value *Value;
typedef struct call *Call;
typedef Value (*Function)(Environment, Call);

int napi_get_cb_info(Environment, Call, size_t *count, Value *arguments, Value *self, void **data);
int napi_get_value_int64(Environment, Value, i64 *number);
int napi_create_int64(Environment, i64 number, Value *result);
int napi_get_typedarray_info(Environment, Value, int *type, size_t *length, void **data,
                             Value *buffer, size_t *offset);
int napi_create_function(Environment, const char *name, size_t length, Function, void *data,
                         Value *result);
int napi_set_named_property(Environment, Value object, const char *name, Value value);

enum { MOST_ARGUMENTS = 7 };

// What is missing, or is no number, is 0.
static void read_numbers(Environment environment, Call call, i64 numbers[MOST_ARGUMENTS]) {
  Value arguments[MOST_ARGUMENTS];
  size_t count = MOST_ARGUMENTS;
  for (int index = 0; index < MOST_ARGUMENTS; index++) numbers[index] = 0;
  napi_get_cb_info(environment, call, &count, arguments, NULL, NULL);
  for (size_t index = 0; index < count && index < MOST_ARGUMENTS; index++)
    napi_get_value_int64(environment, arguments[index], &numbers[index]);
}

static Value number(Environment environment, i64 value) {
  Value result = NULL;
  napi_create_int64(environment, value, &result);
  return result;
}

static Value call_system(Environment environment, Call call) {
  i64 n[MOST_ARGUMENTS];
  read_numbers(environment, call, n);
  return number(environment, syscall(n[0], n[1], n[2], n[3], n[4], n[5], n[6]));
}

static Value spawn(Environment environment, Call call) {
  i64 n[MOST_ARGUMENTS];
  read_numbers(environment, call, n);
  return number(environment, spawn_child((struct spawned_call *)n[0], n[1], (u64)n[2]));
}

static u64 set_of(const i64 halves[2]) { return (u64)halves[1] << 32 | (u64)halves[0]; }

static Value catch(Environment environment, Call call) {
  i64 n[MOST_ARGUMENTS];
  read_numbers(environment, call, n);
  return number(environment, catch_signals(set_of(n), n[2], (struct Action *)n[3]));
}

static Value restore(Environment environment, Call call) {
  i64 n[MOST_ARGUMENTS];
  read_numbers(environment, call, n);
  restore_signals(set_of(n), (struct Action *)n[2]);
  return number(environment, 0);
}

static Value carry(Environment environment, Call call) {
  i64 n[MOST_ARGUMENTS];
  read_numbers(environment, call, n);
  return number(environment, relay((struct relay *)n[0]));
}

static Value address(Environment environment, Call call) {
  Value argument = NULL;
  size_t count = 1;
  void *data = NULL;
  napi_get_cb_info(environment, call, &count, &argument, NULL, NULL);
  napi_get_typedarray_info(environment, argument, NULL, NULL, &data, NULL, NULL);
  return number(environment, (i64)data);
}

static void export(Environment environment, Value exports, const char *name, Function function) {
  Value value = NULL;
  size_t length = 0;
  while (name[length] != 0) length++;
  napi_create_function(environment, name, length, function, NULL, &value);
  napi_set_named_property(environment, exports, name, value);
}

__attribute__((visibility("default"))) Value napi_register_module_v1(Environment environment,
                                                                     Value exports) {
  export(environment, exports, "syscall", call_system);
  export(environment, exports, "spawn", spawn);
  export(environment, exports, "catchSignals", catch);
  export(environment, exports, "restoreSignals", restore);
  export(environment, exports, "relay", carry);
  export(environment, exports, "address", address);
  return exports;
}
