import type { Logger } from '../../../base/index.ts';
import { createPodAddressPool, inNamespace, type LabNetwork, nodeAddresses } from '../../network/index.ts';
import { startNodeAgent } from '../../node-agent/index.ts';
import type { SupervisorConfig } from '../../state/index.ts';
import type { LabNode } from '../lab.ts';

/** A bridge, a network namespace for each node behind it, and in each an agent, which may not be ready yet. */
export async function createNodes(
  config: SupervisorConfig,
  network: LabNetwork,
  log: Logger,
): Promise<readonly LabNode[]> {
  await network.createBridge();
  const all = config.nodes.map((description, index) => ({
    description,
    addresses: nodeAddresses(index + 1),
  }));
  await Promise.all(
    all.map(({ description, addresses }) =>
      network.createNode(
        description.name,
        addresses,
        all.map((other) => other.addresses).filter((other) => other !== addresses),
      ),
    ),
  );
  return all.map(({ description, addresses }) => ({
    description,
    addresses,
    pool: createPodAddressPool(addresses),
    agent: startNodeAgent({
      node: description.name,
      command: inNamespace(description.name, [
        ...config.program,
        'lab-node-agent',
        '--dns',
        addresses.gatewayV4,
      ]),
      environment: config.environment,
      log,
    }),
  }));
}
