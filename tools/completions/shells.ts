// Shell completions for bash, zsh and fish, made from one table of commands. `npm run install:to`
// writes them below its prefix.

export interface CompletedFlag {
  /** With its dashes: "--bundle". */
  readonly name: string;
  readonly summary: string;
  /** What its value is; undefined for a switch. */
  readonly value?: "file" | "folder" | "container" | "text";
}

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  /** What its arguments are. */
  readonly arguments: "container" | "folder" | "none";
}

export interface CompletedProgram {
  readonly name: string;
  readonly flags: readonly CompletedFlag[];
  readonly commands: readonly CompletedCommand[];
  /** Prints the names of containers, one a line. */
  readonly listContainers: string;
}

const functionName = (program: CompletedProgram) => `_${program.name.replaceAll("-", "_")}`;

const names = (items: readonly { readonly name: string }[]) =>
  items.map(({ name }) => name).join(" ");

/** One file for one program. */
export function bashCompletion(program: CompletedProgram): string {
  const name = functionName(program);
  const commands = program.commands.map(
    (command) => `    ${command.name})
      flags="${names(command.flags)}"
      arguments="${command.arguments}"
      ;;`,
  );
  return `# bash completion for ${program.name}, made by tools/completions/shells.ts.

${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local command="" word flags arguments
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      ${program.commands.map((command) => command.name).join("|")})
        command=$word
        break
        ;;
    esac
  done
  case $previous in
    ${flagPattern(program, "file")}) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    ${flagPattern(program, "folder")}) mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
    ${flagPattern(program, "text")}) return ;;
  esac
  case $command in
    "")
      flags="${names(program.flags)}"
      arguments="${names(program.commands)}"
      ;;
${commands.join("\n")}
  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current")
    return
  fi
  case $arguments in
    none) ;;
    folder) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
    container)
      mapfile -t COMPREPLY < <(compgen -W "$(${program.listContainers} 2>/dev/null)" -- "$current")
      ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$arguments" -- "$current") ;;
  esac
}
complete -F ${name} ${program.name}
`;
}

/** The flags whose value is of a kind, as a pattern of \`case\`. */
function flagPattern(program: CompletedProgram, kind: CompletedFlag["value"]): string {
  const all = [program, ...program.commands].flatMap(({ flags }) => flags);
  const matching = all.filter(({ value }) => value === kind).map(({ name }) => name);
  return matching.length === 0 ? "--" : [...new Set(matching)].join("|");
}

/** One file for several programs: zsh picks by the name that is completed. */
export function zshCompletion(programs: readonly CompletedProgram[]): string {
  const functions = programs.map(zshFunction);
  const choices = programs.map((program) => `  ${program.name}) ${functionName(program)} ;;`);
  return `#compdef ${names(programs)}
# Made by tools/completions/shells.ts.

${functions.join("\n")}
case $service in
${choices.join("\n")}
esac
`;
}

function zshFunction(program: CompletedProgram): string {
  const name = functionName(program);
  const commands = program.commands.map(
    (command) => `    '${command.name}:${quoted(command.summary)}'`,
  );
  const cases = program.commands.map((command) => {
    const specs = [...command.flags.map(zshFlag), zshArguments(command)].filter(Boolean);
    return `    ${command.name}) _arguments ${specs.join(" ")} ;;`;
  });
  return `${name}_containers() {
  local -a containers
  containers=(\${(f)"$(${program.listContainers} 2>/dev/null)"})
  compadd -a containers
}

${name}() {
  local -a commands
  local state line
  commands=(
${commands.join("\n")}
  )
  _arguments -C ${program.flags.map(zshFlag).join(" ")} '1: :->command' '*:: :->arguments'
  case $state in
    command) _describe command commands ;;
    arguments)
  case $line[1] in
${cases.join("\n").replaceAll("_containers", `${name}_containers`)}
  esac
  ;;
  esac
}
`;
}

function zshFlag({ name, summary, value }: CompletedFlag): string {
  const text = `${name}[${quoted(summary)}]`;
  const action = {
    file: ":file:_files",
    folder: ":folder:_files -/",
    text: ":value:",
    container: ":container:_containers",
  };
  return value === undefined ? `'${text}'` : `'${text}${action[value]}'`;
}

function zshArguments(command: CompletedCommand): string {
  switch (command.arguments) {
    case "container":
      return "'*:container:_containers'";
    case "folder":
      return "'*:folder:_files -/'";
    case "none":
      return "";
  }
}

const quoted = (text: string) => text.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, "\\$&");

/** One file for one program. */
export function fishCompletion(program: CompletedProgram): string {
  const complete = `complete -c ${program.name}`;
  const noCommand = `not __fish_seen_subcommand_from ${names(program.commands)}`;
  const lines = [
    `# fish completion for ${program.name}, made by tools/completions/shells.ts.`,
    `${complete} -f`,
    ...program.flags.map((flag) => `${complete} -n '${noCommand}' ${fishFlag(flag)}`),
    ...program.commands.flatMap((command) => fishCommand(program, command, complete, noCommand)),
  ];
  return `${lines.join("\n")}\n`;
}

function fishCommand(
  program: CompletedProgram,
  command: CompletedCommand,
  complete: string,
  noCommand: string,
): string[] {
  const inCommand = `-n '__fish_seen_subcommand_from ${command.name}'`;
  const values = {
    container: `-a '(${program.listContainers} 2>/dev/null)'`,
    folder: "-F",
    none: "",
  };
  const value = values[command.arguments];
  return [
    `${complete} -n '${noCommand}' -a ${command.name} -d '${fishText(command.summary)}'`,
    ...command.flags.map((flag) => `${complete} ${inCommand} ${fishFlag(flag)}`),
    ...(value === "" ? [] : [`${complete} ${inCommand} ${value}`]),
  ];
}

function fishFlag({ name, summary, value }: CompletedFlag): string {
  const option = name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`;
  return `${option} -d '${fishText(summary)}'${fishValue(value)}`;
}

function fishValue(value: CompletedFlag["value"]): string {
  switch (value) {
    case undefined:
      return "";
    case "file":
    case "folder":
      return " -r -F";
    case "container":
    case "text":
      return " -x";
  }
}

const fishText = (text: string) => text.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
