// The quick program, ocicat.quick: the commands that somebody waits for. It executes the same
// TypeScript as the compiled program, in an engine that takes 6 MB instead of 40, QuickJS, and is
// not started but continued: what the engine's memory was like when all modules had been read and
// executed, at build time, is behind the program in its file (arena.h), and is mapped. What a
// command needs beyond that makes it execute the compiled program instead: src/quick/fall-back.ts.
//
//   ocicat.quick FOLDER MODULE...   in a file without such memory: executes the modules, and
//                                   writes a program that has it to its standard output
//
// `native`, a global, is all that TypeScript is given beyond the language: what entry.c gives, and
//
//   encode(text, Uint8Array, at, withEnd) -> bytes written in UTF-8, or -1: it has no room, or,
//                                withEnd, which is 0 or 1: a NUL, and one ends what is written
//   decode(Uint8Array) -> text, U+FFFD for what is no UTF-8
//   sha256(Uint8Array, digest: a Uint8Array of 32 bytes)
//   architecture                 "x64" or "arm64"
//   words, environment           when a command begins: the strings of argv and of the environment,
//   argumentsAt, environmentAt   and the addresses of both
//   path                         of this program
//
// TypeScript sets begin(), which is the command, goOn(), which waits for what happens next and lets
// it happen, or returns false, and fallBack(name of a module that is not here).

#include <quickjs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "relay.h"
#include "sha256.h"
#include "signals.h"
#include "spawn.h"

enum { AT_FDCWD = -100, LONGEST_PATH = 4096, SMALLEST = 16, LARGEST_SMALL = 512 };
enum { MOST_NUMBERS = 7, KILO = 1024, COLLECT_FROM = 64 * KILO * KILO, STACK = 1024 * KILO };

typedef JSValue Function(JSContext *, JSValueConst, int, JSValueConst *);

// What is missing, or is no number, is 0.
static void read_numbers(JSContext *context, int count, JSValueConst *values,
                         i64 numbers[MOST_NUMBERS]) {
  for (int index = 0; index < MOST_NUMBERS; index++) {
    numbers[index] = 0;
    if (index < count && JS_IsNumber(values[index]))
      JS_ToInt64(context, &numbers[index], values[index]);
  }
}

#define NATIVE(name) \
  static JSValue name(JSContext *context, JSValueConst self, int count, JSValueConst *values)

#define WITH_NUMBERS     \
  (void)self;            \
  i64 n[MOST_NUMBERS];   \
  read_numbers(context, count, values, n)

NATIVE(call_system) {
  WITH_NUMBERS;
  return JS_NewInt64(context, syscall(n[0], n[1], n[2], n[3], n[4], n[5], n[6]));
}

NATIVE(spawn) {
  WITH_NUMBERS;
  return JS_NewInt64(context, spawn_child((struct spawned_call *)n[0], n[1], (u64)n[2]));
}

static u64 set_of(const i64 halves[2]) { return (u64)halves[1] << 32 | (u64)halves[0]; }

NATIVE(catch) {
  WITH_NUMBERS;
  return JS_NewInt64(context, catch_signals(set_of(n), n[2], (struct Action *)n[3]));
}

NATIVE(restore) {
  WITH_NUMBERS;
  restore_signals(set_of(n), (struct Action *)n[2]);
  return JS_UNDEFINED;
}

NATIVE(carry) {
  WITH_NUMBERS;
  return JS_NewInt64(context, relay((struct relay *)n[0]));
}

struct bytes {
  u8 *data;
  size_t length;
};

// Of a typed array that lives as long as the caller keeps it. NULL: there is an exception.
static struct bytes bytes_of(JSContext *context, int count, JSValueConst *values, int index) {
  size_t offset = 0, length = 0, size = 0;
  JSValueConst array = index < count ? values[index] : JS_UNDEFINED;
  JSValue buffer = JS_GetTypedArrayBuffer(context, array, &offset, &length, NULL);
  if (JS_IsException(buffer)) return (struct bytes){NULL, 0};
  u8 *data = JS_GetArrayBuffer(context, &size, buffer);
  JS_FreeValue(context, buffer);
  return (struct bytes){data == NULL ? NULL : data + offset, length};
}

NATIVE(address) {
  (void)self;
  struct bytes bytes = bytes_of(context, count, values, 0);
  return bytes.data == NULL ? JS_EXCEPTION : JS_NewInt64(context, (i64)bytes.data);
}

NATIVE(encode) {
  WITH_NUMBERS;
  struct bytes to = bytes_of(context, count, values, 1);
  size_t length = 0, at = (size_t)n[2], end = n[3] != 0;
  const char *text = to.data == NULL ? NULL : JS_ToCStringLen(context, &length, values[0]);
  if (text == NULL) return JS_EXCEPTION;
  int fits = at <= to.length && length + end <= to.length - at;
  if (end && memchr(text, 0, length) != NULL) fits = 0;
  if (fits) memcpy(to.data + at, text, length + end);
  JS_FreeCString(context, text);
  return JS_NewInt64(context, fits ? (i64)(length + end) : -1);
}

NATIVE(decode) {
  (void)self;
  struct bytes from = bytes_of(context, count, values, 0);
  if (from.data == NULL) return JS_EXCEPTION;
  return JS_NewStringLen(context, (const char *)from.data, from.length);
}

NATIVE(hash) {
  (void)self;
  struct bytes content = bytes_of(context, count, values, 0);
  struct bytes digest = bytes_of(context, count, values, 1);
  if (content.data == NULL || digest.data == NULL) return JS_EXCEPTION;
  if (digest.length != SHA256_BYTES) return JS_ThrowRangeError(context, "a digest has 32 bytes");
  sha256(content.data, content.length, digest.data);
  return JS_UNDEFINED;
}

static void give(JSContext *context, JSValueConst native, const char *name, Function *function,
                 int length) {
  JSValue value = JS_NewCFunction(context, function, name, length);
  JS_SetPropertyStr(context, native, name, value);
}

static JSValue strings(JSContext *context, char **texts) {
  JSValue array = JS_NewArray(context);
  for (u32 index = 0; texts[index] != NULL; index++)
    JS_SetPropertyUint32(context, array, index, JS_NewString(context, texts[index]));
  return array;
}

#if defined(__x86_64__)
static const char architecture[] = "x64";
#else
static const char architecture[] = "arm64";
#endif

static void give_native(JSContext *context) {
  JSValue native = JS_NewObject(context), global = JS_GetGlobalObject(context);
  give(context, native, "syscall", call_system, MOST_NUMBERS);
  give(context, native, "spawn", spawn, 3);
  give(context, native, "catchSignals", catch, 4);
  give(context, native, "restoreSignals", restore, 3);
  give(context, native, "relay", carry, 1);
  give(context, native, "address", address, 1);
  give(context, native, "encode", encode, 4);
  give(context, native, "decode", decode, 1);
  give(context, native, "sha256", hash, 2);
  JS_SetPropertyStr(context, native, "architecture", JS_NewString(context, architecture));
  JS_SetPropertyStr(context, global, "native", native);
  JS_FreeValue(context, global);
}

static void give_command(JSContext *context, char **argv, char **environment, const char *path) {
  JSValue global = JS_GetGlobalObject(context);
  JSValue native = JS_GetPropertyStr(context, global, "native");
  JS_SetPropertyStr(context, native, "words", strings(context, argv));
  JS_SetPropertyStr(context, native, "environment", strings(context, environment));
  JS_SetPropertyStr(context, native, "argumentsAt", JS_NewInt64(context, (i64)argv));
  JS_SetPropertyStr(context, native, "environmentAt", JS_NewInt64(context, (i64)environment));
  JS_SetPropertyStr(context, native, "path", JS_NewString(context, path));
  JS_FreeValue(context, native), JS_FreeValue(context, global);
}

static int fail(JSContext *context, JSValue error) {
  static const char before[] = "ocicat: ";
  const char *text = JS_ToCString(context, error);
  syscall(__NR_write, 2, before, sizeof before - 1);
  if (text != NULL) syscall(__NR_write, 2, text, strlen(text));
  syscall(__NR_write, 2, "\n", 1);
  return 1;
}

// The function of `native` with this name.
static JSValue ask_native(JSContext *context, const char *name, const char *word) {
  JSValue global = JS_GetGlobalObject(context);
  JSValue native = JS_GetPropertyStr(context, global, "native");
  JSValue function = JS_GetPropertyStr(context, native, name);
  JSValue argument = word == NULL ? JS_UNDEFINED : JS_NewString(context, word);
  JSValue result = JS_Call(context, function, native, 1, &argument);
  JS_FreeValue(context, argument), JS_FreeValue(context, function);
  JS_FreeValue(context, native), JS_FreeValue(context, global);
  return result;
}

// What it throws ends the program.
static JSValue call_native(JSContext *context, const char *name) {
  JSValue result = ask_native(context, name, NULL);
  if (JS_IsException(result)) exit_process(fail(context, JS_GetException(context)));
  return result;
}

// Until `end`, a promise, and all that waits for anything has ended.
static int finish(JSContext *context, JSValue end) {
  JSRuntime *runtime = JS_GetRuntime(context);
  JSContext *one = NULL;
  if (JS_IsException(end)) return fail(context, JS_GetException(context));
  while (JS_ExecutePendingJob(runtime, &one) > 0 ||
         JS_ToBool(context, call_native(context, "goOn")));
  switch (JS_PromiseState(context, end)) {
    case JS_PROMISE_FULFILLED: return 0;
    case JS_PROMISE_REJECTED: return fail(context, JS_PromiseResult(context, end));
    default: return fail(context, JS_NewString(context, "it waits for what cannot come"));
  }
}

// As Bun does it for the compiled program: a write into a pipe without a reader is an error and no
// end, and of what was inherited children are given what they are meant to have.
static void settle_in(void) {
  enum { SIGPIPE = 13, SIGXFSZ = 25, SIG_IGN = 1, SET_BYTES = 8, CLOSE_ON_EXEC = 4 };
  const struct Action ignore = {.handler = SIG_IGN};
  syscall(__NR_rt_sigaction, SIGPIPE, &ignore, 0, SET_BYTES);
  syscall(__NR_rt_sigaction, SIGXFSZ, &ignore, 0, SET_BYTES);
  syscall(__NR_close_range, 3, ~0u, CLOSE_ON_EXEC);
}

// Half of what this process may have is left to what C needs.
static size_t stack_size(void) {
  enum { RLIMIT_STACK = 3 };
  u64 limit[2] = {STACK, STACK};
  syscall(__NR_prlimit64, 0, RLIMIT_STACK, 0, limit);
  return limit[0] / 2 < STACK ? limit[0] / 2 : STACK;
}

// A command ends this process itself.
static int run_command(char **argv, char **environment, const char *path) {
  JSContext *context = arena_roots()->context;
  settle_in();
  JS_SetMaxStackSize(arena_roots()->runtime, stack_size());
  JS_UpdateStackTop(arena_roots()->runtime);
  give_command(context, argv, environment, path);
  return finish(context, call_native(context, "begin"));
}

static int never(JSContext *context, JSModuleDef *module) {
  (void)context, (void)module;
  return -1;
}

// For a compiler it is enough that there is a module.
static JSModuleDef *stand_in(JSContext *context, const char *name, void *unused) {
  (void)unused;
  return JS_NewCModule(context, name, never);
}

// Compiles a module, in an engine of its own, so that nothing of that is in the arena.
static u8 *compile(const char *path, const char *name, size_t *size) {
  JSRuntime *runtime = JS_NewRuntime();
  JSContext *context = JS_NewContext(runtime);
  size_t length = 0;
  JS_SetModuleLoaderFunc(runtime, NULL, stand_in, NULL);
  FILE *file = fopen(path, "r");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) return NULL;
  length = (size_t)ftell(file);
  char *source = calloc(length + 1, 1);
  rewind(file);
  if (fread(source, 1, length, file) != length) return NULL;
  int flags = JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY;
  JSValue module = JS_Eval(context, source, length, name, flags);
  if (JS_IsException(module)) exit(fail(context, JS_GetException(context)));
  return JS_WriteObject(context, size, module, JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE);
}

// All modules are here that were when the program was made.
static JSModuleDef *load_module(JSContext *context, const char *name, void *unused) {
  (void)unused;
  const char *folder = arena_roots()->folder;
  if (folder == NULL) {
    ask_native(context, "fallBack", name);
    return NULL;
  }
  char path[4096];
  size_t size = 0;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  u8 *code = compile(path, name, &size);
  JSValue module = code == NULL ? JS_ThrowReferenceError(context, "cannot read %s", path)
                                : JS_ReadObject(context, code, size, JS_READ_OBJ_BYTECODE);
  return JS_IsException(module) ? NULL : JS_VALUE_GET_PTR(module);
}

static const JSMallocFunctions in_arena = {
    arena_allocate_zeroed, arena_allocate, arena_free, arena_reallocate, arena_usable_size,
};

// Takes what is free between blocks that stay: what a command allocates is then side by side, in
// pages of its own, and does not have a page copied for each few bytes.
static void fill_gaps(JSRuntime *runtime) {
  const u8 *end = arena_end();
  for (size_t size = SMALLEST; size <= LARGEST_SMALL; size += SMALLEST)
    while ((const u8 *)js_malloc_rt(runtime, size) < end);
}

static int make_program(char **words, const char *path) {
  if (words[1] == NULL || !arena_make()) return 1;
  JSRuntime *runtime = JS_NewRuntime2(&in_arena, NULL);
  JSContext *context = JS_NewContext(runtime);
  *arena_roots() = (struct arena_roots){runtime, context, words[1]};
  JS_SetMaxStackSize(runtime, STACK);
  JS_SetModuleLoaderFunc(runtime, NULL, load_module, NULL);
  give_native(context);
  for (char **name = words + 2; *name != NULL; name++)
    if (finish(context, JS_LoadModule(context, NULL, *name)) != 0) return 1;
  JS_RunGC(runtime);
  JS_SetGCThreshold(runtime, COLLECT_FROM);
  fill_gaps(runtime);
  arena_roots()->folder = NULL;
  i64 program = syscall(__NR_openat, AT_FDCWD, path, 0);
  return arena_save((int)program, 1) != 0;
}

// The compiled program takes memory where there is some. Comes back if it is not there.
static int leave(char **argv, char **environment, char *path) {
  char *end = strrchr(path, '.');
  if (end != NULL && strlen(end) > sizeof "bin") memcpy(end, ".bin", sizeof ".bin");
  syscall(__NR_execve, path, argv, environment);
  return 1;
}

int main(int count, char **argv, char **environment) {
  (void)count;
  char path[LONGEST_PATH] = {0};
  syscall(__NR_readlinkat, AT_FDCWD, "/proc/self/exe", path, sizeof path - 1);
  switch (arena_restore(path)) {
    case RESTORED: exit_process(run_command(argv, environment, path));
    case NO_ROOM: exit_process(leave(argv, environment, path));
    default: exit_process(make_program(argv, path));
  }
}
