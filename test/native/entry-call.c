// Makes the calls of native/entry.c with an engine of its own that knows numbers alone:
//
//   entry-call syscall NUMBER [ARGUMENT...]
//   entry-call spawn PROGRAM          the child makes one call that fails and then executes PROGRAM
//   entry-call address                whether the address of the one array is right
//
// Prints the result; for a spawn also the child's failed call and its exit status.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../native/entry.c"

enum { MOST_FUNCTIONS = 8, CLONE_VM_VFORK_SIGCHLD = 0x4111 };

struct environment {
  const char *names[MOST_FUNCTIONS];
  Function functions[MOST_FUNCTIONS];
  int count;
};
struct value {
  i64 number;
  Function function;
};
struct call {
  size_t count;
  struct value arguments[MOST_ARGUMENTS];
};

static struct value values[64];
static int used;
static char array[8];

int napi_get_cb_info(Environment environment, Call call, size_t *count, Value *arguments,
                     Value *self, void **data) {
  (void)environment, (void)self, (void)data;
  for (size_t i = 0; i < *count && i < call->count; i++) arguments[i] = &call->arguments[i];
  *count = call->count;
  return 0;
}

int napi_get_value_int64(Environment environment, Value value, i64 *number) {
  (void)environment;
  *number = value->number;
  return 0;
}

int napi_create_int64(Environment environment, i64 number, Value *result) {
  (void)environment;
  *result = &values[used++];
  (*result)->number = number;
  return 0;
}

int napi_get_typedarray_info(Environment environment, Value value, int *type, size_t *length,
                             void **data, Value *buffer, size_t *offset) {
  (void)environment, (void)value, (void)type, (void)length, (void)buffer, (void)offset;
  *data = array;
  return 0;
}

int napi_create_function(Environment environment, const char *name, size_t length,
                         Function function, void *data, Value *result) {
  (void)environment, (void)data;
  if (length != strlen(name)) exit(98);
  *result = &values[used++];
  (*result)->function = function;
  return 0;
}

int napi_set_named_property(Environment environment, Value object, const char *name, Value value) {
  (void)object;
  environment->names[environment->count] = name;
  environment->functions[environment->count++] = value->function;
  return 0;
}

static i64 call_function(Environment environment, const char *name, struct call *call) {
  for (int i = 0; i < environment->count; i++)
    if (strcmp(environment->names[i], name) == 0)
      return environment->functions[i](environment, call)->number;
  exit(97);
}

int main(int argc, char **argv) {
  static struct environment engine;
  struct call call = {0};
  if (argc < 2 || napi_register_module_v1(&engine, &values[used++]) == NULL) return 99;
  if (strcmp(argv[1], "spawn") == 0) {
    char *const arguments[] = {argv[2], "x", NULL};
    struct spawned_call list[2] = {
        {.number = __NR_close, .arguments = {999}},
        {.number = __NR_execve, .arguments = {(u64)argv[2], (u64)arguments}},
    };
    call.count = 3;
    call.arguments[0].number = (i64)list;
    call.arguments[1].number = 2;
    call.arguments[2].number = CLONE_VM_VFORK_SIGCHLD;
    i64 pid = call_function(&engine, argv[1], &call), status = 0;
    if (pid <= 0 || syscall(__NR_wait4, pid, &status, 0, 0) != pid) return 96;
    printf("%d %d %d\n", (int)list[0].result, (int)list[1].result, (int)status >> 8);
    return 0;
  }
  for (; argc > 2 && call.count < MOST_ARGUMENTS; argc--, call.count++)
    call.arguments[call.count].number = atoll(argv[2 + call.count]);
  i64 result = call_function(&engine, argv[1], &call);
  printf("%d\n", strcmp(argv[1], "address") == 0 ? result == (i64)array : (int)result);
  return 0;
}
