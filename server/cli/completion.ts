import { Argument, type Command } from 'commander';
import type { Terminal } from './terminal.ts';

/** What can stand behind a command, or in its place. */
interface Place {
  /** As the shell has it: the command, or the command and the option before. */
  readonly at: string;
  readonly words: readonly string[];
}

/** What is spelled so in the usage of a command is the name of a file. */
const FILE_ARGUMENTS: readonly string[] = ['config', 'file'];

const SHELLS = {
  // Names of files with blanks stay whole: they are read by lines.
  bash: `_proxyfs() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command=
  if [ "$COMP_CWORD" -gt 1 ]; then command=\${COMP_WORDS[1]}; fi
  COMPREPLY=($(compgen -W "$(_proxyfs_words "$command" "$before")" -- "$word"))
  if _proxyfs_takes_file "$command"; then
    mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$word")
  fi
}
complete -o filenames -F _proxyfs proxyfs
`,
  zsh: `_proxyfs() {
  local command=
  if (( CURRENT > 2 )); then command=\${words[2]}; fi
  compadd -- $(_proxyfs_words "$command" "\${words[CURRENT-1]}")
  if _proxyfs_takes_file "$command"; then _files; fi
}
compdef _proxyfs proxyfs
`,
} as const;

type Shell = keyof typeof SHELLS;

/** Adds `completion`, which prints what a shell is to read to complete the commands of `program`. */
export function addCompletion(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .description('print the completion of a shell: source <(proxyfs completion bash)')
    .addArgument(new Argument('<shell>').choices(Object.keys(SHELLS)))
    .action((shell: Shell) => terminal.out(completionOf(program, shell)));
}

function completionOf(program: Command, shell: Shell): string {
  const { commands } = program;
  const names = [...commands.map((command) => command.name()), 'help'];
  const places: readonly Place[] = [
    ...commands.flatMap(choicesOfOptions),
    ...commands.map((command) => ({ at: `${command.name()} *`, words: wordsOf(command) })),
    { at: 'help *', words: names },
    { at: ' *', words: [...names, '--help', '--version'] },
  ];
  const withFiles = commands.filter(takesFile).map((command) => command.name());
  return `# proxyfs completion ${shell}
_proxyfs_words() {
  case "$1 $2" in
${places.map(({ at, words }) => `    ${pattern(at)}) echo '${words.join(' ')}' ;;`).join('\n')}
  esac
}
_proxyfs_takes_file() {
  case "$1" in
    ${withFiles.join(' | ')}) return 0 ;;
  esac
  return 1
}
${SHELLS[shell]}`;
}

/** Quoted but for the star at its end. */
function pattern(at: string): string {
  return at.endsWith('*') ? `'${at.slice(0, -1)}'*` : `'${at}'`;
}

function choicesOfOptions(command: Command): Place[] {
  return command.options.flatMap(({ argChoices, long }) =>
    argChoices && long ? [{ at: `${command.name()} ${long}`, words: argChoices }] : [],
  );
}

function wordsOf(command: Command): string[] {
  const options = command.options.flatMap(({ long, hidden }) => (long && !hidden ? [long] : []));
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  return [...choices, ...options, '--help'];
}

function takesFile(command: Command): boolean {
  return command.registeredArguments.some((argument) => FILE_ARGUMENTS.includes(argument.name()));
}
