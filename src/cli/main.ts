import { CommanderError } from 'commander';
import { createCliContext } from './context.ts';
import { createProgram } from './program.ts';
import { printError } from './terminal/index.ts';

const LONG_MS = 2 ** 30;
const context = createCliContext(process);
// A reader that has seen enough (`nodemesh … | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
// Waits of ours (for a turn at an API server, say) keep no process alive: a command that is not over does.
const underWay = setInterval(() => undefined, LONG_MS);
try {
  const program = await createProgram(context, process.argv.slice(2));
  await program.parseAsync(process.argv);
} catch (error) {
  // Commander has already said what was wrong, or printed the help that was asked for.
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else {
    printError(context.terminal, error);
    process.exitCode = 1;
  }
} finally {
  await context.owned.close();
  clearInterval(underWay);
}
