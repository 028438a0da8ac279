import type { Command } from 'commander';
import type { CliContext } from '../../context.ts';
import { type LabOption, openLab, withLabOption } from '../lab-access.ts';
import { podOf } from './pod-of.ts';

interface ExecOptions extends LabOption {
  readonly namespace: string;
  readonly container: string;
  readonly stdin?: boolean;
  readonly tty?: boolean;
}

/** `nodemesh lab exec`. */
export function addExecCommand(lab: Command, context: CliContext): void {
  withLabOption(
    lab
      .command('exec')
      .description("run a program in a container; its exit code becomes this command's")
      .argument('<pod>', 'a pod, or deploy/NAME for one of its pods')
      .argument('<command...>', 'after --')
      .option('-n, --namespace <namespace>', 'where the pod is', 'default')
      .option('-c, --container <name>', 'which container (default: the first)', '')
      .option('-i, --stdin', 'pass standard input on (also done when it is not a terminal)')
      .option('-t, --tty', 'give the program a terminal, for shells and the like (as in -it)')
      .addHelpText(
        'after',
        '\nExample:\n  $ nodemesh lab exec -n shop deploy/cart -- node -p "os.hostname()"',
      ),
  ).action(async (pod: string, command: readonly string[], options: ExecOptions) => {
    const client = openLab(context, options.name);
    const { stdin, stdout, stderr } = context.terminal;
    const passInput = options.stdin === true || stdin.isTTY !== true;
    const onTerminal = options.tty === true && stdin.isTTY === true;
    if (onTerminal) stdin.setRawMode(true);
    const code = await client.exec({
      namespace: options.namespace,
      pod: await podOf(client, options.namespace, pod),
      container: options.container,
      command: onTerminal ? withTerminal(command, stdout) : command,
      stdin: passInput ? stdin : undefined,
      stdout,
      stderr,
    });
    if (onTerminal) stdin.setRawMode(false);
    // Standard input may stay open for ever: nothing else is left to do.
    stdin.destroy();
    context.setExitCode(code);
  });
}

/** util-linux's script gives a program a pseudo-terminal, here of this terminal's size. */
function withTerminal(command: readonly string[], { columns, rows }: NodeJS.WriteStream): readonly string[] {
  const quoted = command.map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(' ');
  return [
    'script',
    '-qefc',
    `stty cols ${columns} rows ${rows}; export TERM=xterm; exec ${quoted}`,
    '/dev/null',
  ];
}
