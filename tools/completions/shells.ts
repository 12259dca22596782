// Shell completions for bash, zsh and fish, made from one table of commands. `npm run install:to`
// writes them below its prefix.
//
// A command is known to the scripts by its path: " image ls" for `ocicat image ls`. A word that begins with "." or "/" is a
// path of the host wherever it may be one: `cp web:/etc ./`, `-v ./`.

export interface CompletedFlag {
  /** With its dashes: "--bundle". */
  readonly name: string;
  /** Further names, with their dashes: "-b". */
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** What its value is; undefined for a switch. */
  readonly value?: "file" | "folder" | "text";
}

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  /** What its arguments are. */
  readonly arguments: ListedKind | "folder" | "file" | "none";
  /** Of a word that commands stand behind. */
  readonly commands?: readonly CompletedCommand[];
}

export interface CompletedProgram {
  readonly name: string;
  readonly flags: readonly CompletedFlag[];
  readonly commands: readonly CompletedCommand[];
  /** Commands that print names, one a line. */
  readonly lists: Readonly<Partial<Record<ListedKind, string>>>;
}

/** What programs of ours list the names of. */
export type ListedKind = "container" | "pod" | "image" | "volume" | "secret";

const functionName = (program: CompletedProgram) => `_${program.name.replaceAll("-", "_")}`;

const names = (items: readonly { readonly name: string }[]) =>
  items.map(({ name }) => name).join(" ");

interface PlacedCommand {
  readonly path: string;
  readonly command: CompletedCommand;
}

/** Every command, with those that stand behind others. */
function placed(commands: readonly CompletedCommand[], prefix = ""): PlacedCommand[] {
  return commands.flatMap((command) => {
    const path = `${prefix} ${command.name}`;
    return [{ path, command }, ...placed(command.commands ?? [], path)];
  });
}

/** One file for one program. */
export function bashCompletion(program: CompletedProgram): string {
  const name = functionName(program);
  const all = placed(program.commands);
  const commands = all.map(
    ({ path, command }) => `    "${path}")
${bashFlags(command.flags)}
      arguments="${command.commands === undefined ? command.arguments : names(command.commands)}"
      ;;`,
  );
  return `# bash completion for ${program.name}, made by tools/completions/shells.ts.

${name}_paths() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local command="" word flags files folders texts arguments
  # Names of images have colons, at which bash would take words apart.
  declare -F _get_comp_words_by_ref >/dev/null && _get_comp_words_by_ref -n : -c current
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$command $word" in
      ${all.map(({ path }) => `"${path}"`).join("|")}) command="$command $word" ;;
    esac
  done
  case $command in
    "")
${bashFlags(program.flags)}
      arguments="${names(program.commands)}"
      ;;
${commands.join("\n")}
  esac
  case " $files " in *" $previous "*) ${name}_paths -f "$current"; return ;; esac
  case " $folders " in *" $previous "*) ${name}_paths -d "$current"; return ;; esac
  case " $texts " in *" $previous "*)
    if [[ $current == [./]* ]]; then ${name}_paths -f "$current"; fi
    return
    ;;
  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current")
    return
  fi
  case $arguments in
    none) ;;
    file) ${name}_paths -f "$current" ;;
    folder) ${name}_paths -d "$current" ;;
    ${Object.keys(program.lists).join("|")})
      if [[ $current == [./]* ]]; then
        ${name}_paths -f "$current"
        return
      fi
      ;;&
${Object.entries(program.lists).map(bashList).join("\n")}
    *) mapfile -t COMPREPLY < <(compgen -W "$arguments" -- "$current") ;;
  esac
}
complete -F ${name} ${program.name}
`;
}

function bashList([kind, command]: readonly [kind: string, command: string]): string {
  return `    ${kind})
      mapfile -t COMPREPLY < <(compgen -W "$(${command} 2>/dev/null)" -- "$current")
      declare -F __ltrim_colon_completions >/dev/null && __ltrim_colon_completions "$current"
      ;;`;
}

/** What is offered, and what is not to be taken for an argument behind them. */
function bashFlags(flags: readonly CompletedFlag[]): string {
  const ofKind = (kind: CompletedFlag["value"]): string =>
    flags
      .filter(({ value }) => value === kind)
      .flatMap(({ name, aliases = [] }) => [name, ...aliases])
      .join(" ");
  return `      flags="${names(flags)}"
      files="${ofKind("file")}" folders="${ofKind("folder")}" texts="${ofKind("text")}"`;
}

/** One file for several programs: zsh picks by the name that is completed. */
export function zshCompletion(programs: readonly CompletedProgram[]): string {
  const functions = programs.map(zshProgram);
  const choices = programs.map((program) => `  ${program.name}) ${functionName(program)} ;;`);
  return `#compdef ${names(programs)}
# Made by tools/completions/shells.ts.

${functions.join("\n")}
case $service in
${choices.join("\n")}
esac
`;
}

function zshProgram(program: CompletedProgram): string {
  const name = functionName(program);
  const groups = placed(program.commands).flatMap(({ path, command }) => {
    const { flags, commands } = command;
    const group = `${name}${path.replaceAll(/[ -]/g, "_")}`;
    return commands === undefined ? [] : [zshFunction(name, group, { flags, commands })];
  });
  const lists = Object.entries(program.lists).map(([kind, command]) =>
    zshList(`${name}_${kind}s`, command),
  );
  return `${lists.join("\n")}
${groups.join("\n")}
${zshFunction(name, name, program)}`;
}

function zshList(name: string, command: string): string {
  return `${name}() {
  if [[ $PREFIX == [./]* ]]; then
    _files
    return
  fi
  local -a offered
  offered=(\${(f)"$(${command} 2>/dev/null)"})
  compadd -a offered
}
`;
}

/** Of the program, or of a word that commands stand behind. */
function zshFunction(
  program: string,
  name: string,
  { flags, commands }: Pick<CompletedProgram, "flags" | "commands">,
): string {
  const described = commands.map((command) => `    '${command.name}:${quoted(command.summary)}'`);
  const cases = commands.map((command) => {
    const specs = [...command.flags.map(zshFlag), zshArguments(program, command)].filter(Boolean);
    const action =
      command.commands === undefined
        ? `_arguments ${specs.join(" ")}`
        : `${name}_${command.name.replaceAll("-", "_")}`;
    return `    ${command.name}) ${action} ;;`;
  });
  return `${name}() {
  local -a commands
  local state line
  commands=(
${described.join("\n")}
  )
  _arguments -C ${flags.map(zshFlag).join(" ")} '1: :->command' '*:: :->arguments'
  case $state in
    command) _describe command commands ;;
    arguments)
  case $line[1] in
${cases.join("\n")}
  esac
  ;;
  esac
}
`;
}

function zshFlag({ name, aliases = [], summary, value }: CompletedFlag): string {
  const quotedText = `${quoted(summary)}]`;
  const action = {
    file: ":file:_files",
    folder: ":folder:_files -/",
    text: ":value:{[[ $PREFIX == [./]* ]] && _files}",
  };
  const described = value === undefined ? quotedText : `${quotedText}${action[value]}`;
  return [name, ...aliases].map((each) => `'${each}[${described}'`).join(" ");
}

function zshArguments(program: string, command: CompletedCommand): string {
  switch (command.arguments) {
    case "folder":
      return "'*:folder:_files -/'";
    case "file":
      return "'*:file:_files'";
    case "none":
      return "";
    default:
      return `'*:${command.arguments}:${program}_${command.arguments}s'`;
  }
}

const quoted = (text: string) => text.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, "\\$&");

/** One file for one program. */
export function fishCompletion(program: CompletedProgram): string {
  const complete = `complete -c ${program.name}`;
  const path = `_${functionName(program)}_command`;
  const all = placed(program.commands);
  const groups = [
    { at: "", commands: program.commands },
    ...all.map(({ path: at, command }) => ({ at, commands: command.commands ?? [] })),
  ];
  const lines = [
    `${complete} -f`,
    `${complete} -n '${FISH_PATH}' -F`,
    ...program.flags.map((flag) => `${complete} ${fishCondition(path, "")} ${fishFlag(flag)}`),
    ...groups.flatMap(({ at, commands }) =>
      commands.map(
        ({ name, summary }) =>
          `${complete} ${fishCondition(path, at)} -a ${name} -d '${fishText(summary)}'`,
      ),
    ),
    ...all.flatMap(({ path: at, command }) =>
      fishCommand(program, command, `${complete} ${fishCondition(path, at)}`),
    ),
  ];
  return `# fish completion for ${program.name}, made by tools/completions/shells.ts.

function ${path}
  set -l command ""
  for word in (commandline -opc)[2..]
    switch "$command $word"
      case ${all.map((each) => `'${each.path}'`).join(" ")}
        set command "$command $word"
    end
  end
  echo "$command"
end

${lines.join("\n")}
`;
}

const FISH_PATH = 'string match -qr "^[./]" -- (commandline -ct)';

function fishCondition(path: string, at: string): string {
  return `-n 'test "$(${path})" = "${at}"'`;
}

function fishCommand(
  program: CompletedProgram,
  command: CompletedCommand,
  complete: string,
): string[] {
  const value = fishArguments(program, command.arguments);
  return [
    ...command.flags.map((flag) => `${complete} ${fishFlag(flag)}`),
    ...(value === "" ? [] : [`${complete} ${value}`]),
  ];
}

function fishArguments({ lists }: CompletedProgram, kind: CompletedCommand["arguments"]): string {
  switch (kind) {
    case "folder":
    case "file":
      return "-F";
    case "none":
      return "";
    default:
      return `-a '(${fishText(lists[kind] ?? "true")} 2>/dev/null)'`;
  }
}

function fishFlag({ name, aliases = [], summary, value }: CompletedFlag): string {
  const options = [name, ...aliases].map((each) =>
    each.startsWith("--") ? `-l ${each.slice(2)}` : `-s ${each.slice(1)}`,
  );
  return `${options.join(" ")} -d '${fishText(summary)}'${fishValue(value)}`;
}

function fishValue(value: CompletedFlag["value"]): string {
  switch (value) {
    case undefined:
      return "";
    case "file":
    case "folder":
      return " -r -F";
    case "text":
      return ` -x -a '(${FISH_PATH}; and __fish_complete_path (commandline -ct))'`;
  }
}

const fishText = (text: string) => text.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
