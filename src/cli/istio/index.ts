import type { Command } from 'commander';
import { addZtunnelOptions, runZtunnel } from '../ztunnel.ts';
import { ztunnelEnvironment } from './ztunnel-environment.ts';

/**
 * `nodemesh proxy ztunnel`: what Istio's DaemonSet starts, with the environment that Istio's chart sets; flags of `nodemesh ztunnel`
 * come before it. Nobody types it.
 */
export function addIstioCommands(
  program: Command,
  version: string,
  environment: Readonly<Record<string, string | undefined>>,
): void {
  const ztunnel = program
    .command('proxy', { hidden: true })
    .description("run in the place of a part of Istio, with its part's environment")
    .command('ztunnel')
    .description(
      "run the proxy of one node as Istio's DaemonSet does: settings are its environment's, or flags",
    );
  addZtunnelOptions(ztunnel).action(async (flags: Readonly<Record<string, unknown>>) => {
    const given = Object.entries(flags).filter(([name]) => ztunnel.getOptionValueSource(name) === 'cli');
    const { options, unused } = ztunnelEnvironment(environment);
    await runZtunnel({ ...options, ...Object.fromEntries(given) }, version, { unusedVariables: unused });
  });
}
