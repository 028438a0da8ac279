import { Command } from 'commander';
import { addIstioCommands } from '../../../src/cli/istio/index.ts';
import { registerZtunnelCommand } from '../../../src/cli/ztunnel.ts';

/** The real commands in a process of its own, without the rest of the program. */
const program = new Command('nodemesh').enablePositionalOptions();
registerZtunnelCommand(program, 'test');
addIstioCommands(program, 'test', process.env);
await program.parseAsync();
