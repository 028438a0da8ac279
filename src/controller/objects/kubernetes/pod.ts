import { type IpAddress, tryParseIpAddress } from '../../../model/index.ts';
import type { Field } from '../fields/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';

/** A Pod, as far as the mesh cares. */
export interface PodObject {
  readonly kind: 'Pod';
  readonly meta: ObjectMeta;
  /** `default` where the pod names none. */
  readonly serviceAccount: string;
  /** Empty while it is not scheduled. */
  readonly node: string;
  readonly hostNetwork: boolean;
  readonly containerPorts: readonly ContainerPort[];
  readonly phase: string;
  readonly addresses: readonly IpAddress[];
  readonly ready: boolean;
  /** False only where the pod says that none of its containers has run yet. */
  readonly started: boolean;
}

/** A port that a container says it listens on. */
export interface ContainerPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
}

/** What a new pod does not have yet is empty; its ServiceAccount is `default` where none is given. */
export function parsePod(root: Field, defaultNamespace: string): PodObject {
  const meta = parseObjectMeta(root, { fallback: defaultNamespace });
  const spec = root.key('spec').object();
  const status = root.key('status').object();
  const serviceAccount =
    spec.key('serviceAccountName').text(ACCOUNT) ?? spec.key('serviceAccount').text(ACCOUNT) ?? '';
  return {
    kind: 'Pod',
    meta,
    serviceAccount: serviceAccount === '' ? 'default' : serviceAccount,
    node: spec.key('nodeName').text() ?? '',
    hostNetwork: spec.key('hostNetwork').boolean() ?? false,
    // Sidecars of the native kind are init containers, and their ports can be named by a Service too.
    containerPorts: [...spec.key('containers').items(), ...spec.key('initContainers').items()].flatMap(
      parseContainerPorts,
    ),
    phase: status.key('phase').text() ?? '',
    addresses: parseAddresses(status),
    ready: conditionStatus(status, 'Ready') === 'True',
    started:
      conditionStatus(status, 'nodemesh.io/Started') !== 'False' &&
      meta.annotations.get('nodemesh.io/new') !== 'true',
  };
}

function parseContainerPorts(container: Field): readonly ContainerPort[] {
  return container
    .object()
    .key('ports')
    .items()
    .flatMap((field) => {
      const port = field.object().key('containerPort').required().integer(PORTS);
      if (port === undefined) return [];
      const name = field.key('name').text() ?? '';
      return [{ name, port, protocol: field.key('protocol').text() ?? 'TCP' }];
    });
}

/** `podIPs`, or `podIP` alone. */
function parseAddresses(status: Field): readonly IpAddress[] {
  const listed = status.key('podIPs').items();
  const fields =
    listed.length > 0 ? listed.map((item) => item.object().key('ip').required()) : [status.key('podIP')];
  return fields.flatMap((field) => {
    const text = field.text() ?? '';
    if (text === '') return [];
    const address = tryParseIpAddress(text);
    if (address === undefined) field.issue('an IP address');
    return address === undefined ? [] : [address];
  });
}

function conditionStatus(status: Field, type: string): string | undefined {
  const condition = status
    .key('conditions')
    .items()
    .find((item) => item.key('type').value === type);
  return condition?.key('status').text();
}

/** It becomes a part of the pod's identity, so it must be a name: RFC 1123 subdomain, or empty. */
const ACCOUNT = { maxLength: 253, pattern: /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/ };
const PORTS = { minimum: 1, maximum: 65535 };
