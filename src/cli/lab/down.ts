import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createLabClient, findLab } from '../../lab/client/index.ts';
import { finishShutdown, supervisorPid } from '../../lab/state/index.ts';
import type { CliContext } from '../context.ts';
import { createProgress } from '../terminal/index.ts';
import { labsDirectory, type LabOption, withLabOption } from './lab-access.ts';

const GRACE_MS = 10_000;

/** `nodemesh lab down`. */
export function addDownCommand(lab: Command, context: CliContext): void {
  withLabOption(lab.command('down').description('end a lab and everything in it; nothing is left')).action(
    async (options: LabOption) => {
      const dead = options.name === undefined ? undefined : deadLab(labsDirectory(context), options.name);
      if (dead === undefined) await takeDown(findLab(labsDirectory(context), options.name), context);
      else await finishShutdown(dead, GRACE_MS);
      context.terminal.stdout.write('lab is down\n');
    },
  );
}

/** Ends the lab of a state directory, and resolves when nothing of it is left. */
export async function takeDown(stateDirectory: string, context: CliContext): Promise<void> {
  const progress = createProgress(context.terminal);
  progress.update('ending processes');
  try {
    await createLabClient(stateDirectory).shutDown();
  } finally {
    // Also when the supervisor does not answer: its process is ended then.
    await finishShutdown(stateDirectory, GRACE_MS);
    progress.stop();
  }
}

/** What a supervisor that was killed has left: its state directory, and nothing else. */
function deadLab(base: string, name: string): string | undefined {
  const stateDirectory = join(base, name);
  return existsSync(stateDirectory) && supervisorPid(stateDirectory) === undefined
    ? stateDirectory
    : undefined;
}
