// How this very program is executed again, by a holder whose container has ended.

/** A path and the words before a command of `ocicat`. */
export function ownCommand(): readonly string[] {
  const script = process.argv[1] ?? "";
  const isCompiled = script.startsWith("/$bunfs/");
  return isCompiled ? [process.execPath] : [process.execPath, ...process.execArgv, script];
}
