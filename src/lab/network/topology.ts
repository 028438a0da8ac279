import {
  BRIDGE_ADDRESSES,
  CONTROLLER_ADDRESSES,
  type NodeAddresses,
  type PodAddresses,
} from './addresses.ts';
import { POD_LINK_GATEWAY_V6 } from './addresses.ts';
import { inNamespace, runCommand } from './commands.ts';
import { staticNodeRules } from './service-rules.ts';

/** Makes and removes the lab's links. Everything happens inside the supervisor's own namespaces. */
export interface LabNetwork {
  /** The bridge between nodes, in the supervisor's namespace. Called once, first. */
  createBridge(): Promise<void>;
  createNode(name: string, node: NodeAddresses, others: readonly NodeAddresses[]): Promise<void>;
  createControllerNamespace(name: string, nodes: readonly NodeAddresses[]): Promise<void>;
  createPod(pod: PodLink): Promise<void>;
  /** The namespace lives on for as long as somebody holds it open; its link is gone at once. */
  deletePod(pod: Pick<PodLink, 'namespace' | 'link' | 'nodeNamespace'>): Promise<void>;
}

/** How a pod hangs on its node. */
export interface PodLink {
  readonly namespace: string;
  readonly nodeNamespace: string;
  readonly node: NodeAddresses;
  /** Name of the veth in the node's namespace, at most 15 characters. */
  readonly link: string;
  readonly addresses: PodAddresses;
}

/**
 * Settings of a fresh namespace. Reverse path filters would drop what the mesh sends with a client's address; duplicate
 * address detection would keep IPv6 silent for a second.
 */
const BASIC_SETTINGS = [
  'ipv4/conf/all/rp_filter=0',
  'ipv4/conf/default/rp_filter=0',
  'ipv6/conf/default/accept_dad=0',
  'ipv6/conf/all/accept_ra=0',
  'ipv6/conf/default/accept_ra=0',
];

const FORWARDING = ['ipv4/ip_forward=1', 'ipv6/conf/all/forwarding=1'];

/** Makes nothing yet. `environment` is that of the programs it runs. */
export function createLabNetwork(environment: Readonly<Record<string, string>>): LabNetwork {
  const run = (command: readonly string[], input?: string): Promise<string> =>
    runCommand(command, { environment, ...(input === undefined ? {} : { input }) });
  const script = (lines: readonly string[]): Promise<string> => run(['sh', '-e'], lines.join('\n'));
  return {
    async createBridge() {
      await script([
        ...settings(BASIC_SETTINGS),
        ...ipBatch([
          'link set lo up',
          'link add br0 type bridge',
          `addr add ${BRIDGE_ADDRESSES.ipv4}/24 dev br0`,
          `addr add ${BRIDGE_ADDRESSES.ipv6}/64 dev br0 nodad`,
          'link set br0 up',
        ]),
      ]);
    },
    async createNode(name, node, others) {
      await attachToBridge(script, name, node, `node${node.number}`);
      await run(
        inNamespace(name, ['sh', '-e']),
        [
          ...settings(FORWARDING),
          ...ipBatch([
            `addr add ${node.gatewayV4}/32 dev lo`,
            `addr add ${node.gatewayV6}/128 dev lo nodad`,
            ...routesTo(others),
          ]),
          ...restore('iptables-restore', staticNodeRules(4)),
          ...restore('ip6tables-restore', staticNodeRules(6)),
        ].join('\n'),
      );
    },
    async createControllerNamespace(name, nodes) {
      await attachToBridge(script, name, CONTROLLER_ADDRESSES, 'controller');
      await script(ipBatch(routesTo(nodes), name));
    },
    async createPod({ namespace, nodeNamespace, node, link, addresses }) {
      await script([
        `ip netns add ${namespace}`,
        `nsenter --net=/run/netns/${namespace} sh -e <<'POD'`,
        ...settings(BASIC_SETTINGS),
        ...ipBatch([
          'link set lo up',
          `link add eth0 type veth peer name ${link} netns ${nodeNamespace}`,
          `addr add ${addresses.ipv4}/32 dev eth0`,
          `addr add ${addresses.ipv6}/128 dev eth0 nodad`,
          'link set eth0 up',
          `route add ${node.gatewayV4}/32 dev eth0 scope link`,
          `route add default via ${node.gatewayV4} dev eth0`,
          `route add default via ${POD_LINK_GATEWAY_V6} dev eth0`,
        ]),
        'POD',
        ...ipBatch(
          [
            `addr add ${POD_LINK_GATEWAY_V6}/64 dev ${link} nodad`,
            `link set ${link} up`,
            `route add ${addresses.ipv4}/32 dev ${link} src ${node.gatewayV4}`,
            `route add ${addresses.ipv6}/128 dev ${link} src ${node.gatewayV6}`,
          ],
          nodeNamespace,
        ),
      ]);
    },
    async deletePod({ namespace, nodeNamespace, link }) {
      // The link may be gone already: deleting what is not there is what was wanted.
      await script([
        `ip -n ${nodeNamespace} link delete ${link} 2>/dev/null || true`,
        `ip netns delete ${namespace} 2>/dev/null || true`,
      ]);
    },
  };
}

async function attachToBridge(
  script: (lines: readonly string[]) => Promise<string>,
  namespace: string,
  addresses: { readonly ipv4: string; readonly ipv6: string },
  link: string,
): Promise<void> {
  await script([
    `ip netns add ${namespace}`,
    `nsenter --net=/run/netns/${namespace} sh -e <<'INNER'`,
    ...settings(BASIC_SETTINGS),
    'INNER',
    ...ipBatch([
      `link add ${link} type veth peer name eth0 netns ${namespace}`,
      `link set ${link} master br0`,
      `link set ${link} up`,
    ]),
    ...ipBatch(
      [
        'link set lo up',
        `addr add ${addresses.ipv4}/24 dev eth0`,
        `addr add ${addresses.ipv6}/64 dev eth0 nodad`,
        'link set eth0 up',
        `route add default via ${BRIDGE_ADDRESSES.ipv4}`,
        `route add default via ${BRIDGE_ADDRESSES.ipv6}`,
      ],
      namespace,
    ),
  ]);
}

/** To the pods of other nodes. */
function routesTo(nodes: readonly NodeAddresses[]): readonly string[] {
  return nodes.flatMap(({ podCidrV4, podCidrV6, ipv4, ipv6 }) => [
    `route add ${podCidrV4} via ${ipv4}`,
    `route add ${podCidrV6} via ${ipv6}`,
  ]);
}

function settings(values: readonly string[]): readonly string[] {
  return values.map((setting) => {
    const [path, value] = setting.split('=');
    return `echo ${value} > /proc/sys/net/${path}`;
  });
}

function ipBatch(lines: readonly string[], namespace?: string): readonly string[] {
  return [`ip ${namespace === undefined ? '' : `-n ${namespace} `}-batch - <<'BATCH'`, ...lines, 'BATCH'];
}

function restore(program: string, rules: string): readonly string[] {
  return [`${program} --noflush <<'RULES'`, rules, 'RULES'];
}
