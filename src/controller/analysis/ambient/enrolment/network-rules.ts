import { cidrContains, ModelError, parseCidr, parseIpAddress } from '../../../../model/index.ts';
import type { Field } from '../../../objects/index.ts';
import type { Workload } from '../../subject/index.ts';

/** A pod's port, by number and by name, either of which a rule may use. */
export interface NamedPort {
  readonly number: number;
  readonly name: string;
}

/** Whether a rule lets TCP to the port through; with `source`, from there too. */
export function letsThrough(rule: Field, port: NamedPort, source?: string): boolean {
  const ports = rule.key('ports').items();
  if (ports.length > 0 && !ports.some((entry) => includesPort(entry, port))) return false;
  if (source === undefined) return true;
  const peers = rule.key('from').items();
  return peers.length === 0 || peers.some((peer) => includesAddress(peer.key('ipBlock'), source));
}

/** Ports that the kubelet connects to. */
export function probedPorts({ spec }: Workload): readonly NamedPort[] {
  return spec
    .key('containers')
    .items()
    .flatMap((container) =>
      ['readinessProbe', 'livenessProbe', 'startupProbe'].flatMap((name) => {
        const probe = container.key(name);
        return ['httpGet', 'tcpSocket', 'grpc'].flatMap((way) => {
          const port = probe.key(way).key('port').value;
          return port === undefined ? [] : [portOf(container, port)];
        });
      }),
    );
}

/** Probes of enrolled pods come from here. */
export const PROBE_SOURCE = '169.254.7.127';

function portOf(container: Field, port: unknown): NamedPort {
  const own = container
    .key('ports')
    .items()
    .find((entry) => entry.key('name').value === port || entry.key('containerPort').value === port);
  const number = own?.key('containerPort').integer() ?? (typeof port === 'number' ? port : 0);
  return { number, name: own?.key('name').text() ?? (typeof port === 'string' ? port : '') };
}

function includesPort(entry: Field, port: NamedPort): boolean {
  if ((entry.key('protocol').text() ?? 'TCP') !== 'TCP') return false;
  const first = entry.key('port').value;
  if (first === undefined || first === null) return true;
  if (typeof first === 'string') return port.name !== '' && first === port.name;
  if (typeof first !== 'number') return false;
  const last = entry.key('endPort').integer() ?? first;
  return port.number >= first && port.number <= last;
}

function includesAddress(block: Field, address: string): boolean {
  const range = block.key('cidr').text();
  return (
    range !== undefined &&
    contains(range, address) &&
    !block
      .key('except')
      .texts()
      .some((part) => contains(part, address))
  );
}

function contains(range: string, address: string): boolean {
  try {
    return cidrContains(parseCidr(range), parseIpAddress(address));
  } catch (error) {
    // A range that nobody can read contains nothing.
    if (error instanceof ModelError) return false;
    throw error;
  }
}
