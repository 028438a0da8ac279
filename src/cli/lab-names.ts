import { type Command, Option } from 'commander';

/**
 * The lab is `--name` after `nodemesh lab` and `--lab` elsewhere, where names are those of other things. Each is taken in
 * the other's place too, wherever it has no other meaning.
 */
export function acceptBothLabNames(command: Command): void {
  const has = (name: string) => command.options.find((option) => option.long === name);
  if (has('--name')?.flags === '--name <lab>' && has('--lab') === undefined) alias(command, 'lab', 'name');
  else if (has('--lab') !== undefined && has('--name') === undefined) alias(command, 'name', 'lab');
  for (const below of command.commands) acceptBothLabNames(below);
}

function alias(command: Command, from: 'lab' | 'name', to: 'lab' | 'name'): void {
  command.addOption(new Option(`--${from} <name>`).hideHelp());
  command.hook('preAction', (_command, acting) => {
    const value: unknown = acting.opts()[from];
    if (value !== undefined) acting.setOptionValue(to, value);
  });
}
