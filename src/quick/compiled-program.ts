// Where the program is that has the rest. It imports nothing: globals.ts, which needs it, is executed before all
// other modules.

export function compiledProgram(): string {
  return `${native.path.slice(0, native.path.lastIndexOf("/"))}/ocicat.bin`;
}
