import { describeError } from '../../base/index.ts';
import type { CliContext } from '../context.ts';
import { tell } from './tell.ts';
import type { Finding, NodeFolders } from './node-chain.ts';
import { watchFolders } from './watch-folders.ts';

/** Does `step` now and whenever something in the folders has changed, until this process is told to end. */
export async function stay(
  folders: NodeFolders,
  step: () => Promise<readonly Finding[]>,
  context: CliContext,
): Promise<void> {
  let told: readonly Finding[] = [];
  const look = async (): Promise<void> => {
    const findings = await step().catch((error: unknown): Finding[] => [
      { level: 'warning', text: describeError(error) },
    ]);
    // What is still the matter has been said.
    tell(
      findings.filter(({ level, text }) => level === 'done' || !told.some((before) => before.text === text)),
      context,
    );
    told = findings;
  };
  const ended = untilSignal();
  await look();
  const watching = watchFolders([folders.bin, folders.config], look);
  await ended;
  await watching.close();
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
}
