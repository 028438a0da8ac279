import { Command } from 'commander';
import { registerZtunnelCommand } from '../../../src/cli/ztunnel.ts';

/** The real command in a process of its own, without the rest of the program. */
const program = new Command('nodemesh');
registerZtunnelCommand(program, 'test');
await program.parseAsync();
