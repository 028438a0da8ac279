import {
  type IpAddress,
  resolveTargetPort,
  type Service,
  serviceKey,
  tryParseIpAddress,
  type Workload,
} from '../../../model/index.ts';
import { CliError } from '../../errors.ts';
import type { World } from '../../world/index.ts';
import type { Caller } from './caller.ts';
import { findWorkloads, nearNames } from './find-workload.ts';
import { parsePartyName, unknownParty } from './party-name.ts';

/** What is dialled. */
export interface Target {
  /** As it was written, without its port. */
  readonly written: string;
  readonly address: IpAddress;
  readonly port: number;
  /** Undefined: a pod or an address is dialled. */
  readonly service: Service | undefined;
  /** The pod that is dialled by its own address. */
  readonly workload: Workload | undefined;
  /** How the name was resolved, where there was a choice. */
  readonly notes: readonly string[];
}

/** A service by its name or address, a pod, or an address. Names without namespace are looked up as the caller would. */
export function findTarget(
  world: World,
  text: string,
  from: { readonly caller: Caller; readonly namespace: string | undefined },
): Target {
  const { name, port } = splitPort(text);
  const near = from.caller.workload?.namespace ?? from.namespace ?? 'default';
  const address = tryParseIpAddress(name);
  if (address !== undefined) return atAddress(world, name, { address, port, near });
  const service = findService(world, name, near);
  if (service !== undefined) return toService(world, name, { service, port });
  const party = parsePartyName(name);
  const [workload] = findWorkloads(world, { ...party, namespace: party.namespace ?? from.namespace ?? near });
  if (workload !== undefined) return toWorkload(world, name, { workload, port });
  throw unknownParty(name, [...nearServices(world, party.name), ...nearNames(world, party)]);
}

/** `cart:8080`, `[fd00::1]:80`. */
function splitPort(text: string): { readonly name: string; readonly port: number | undefined } {
  const [, bracketed, bare, digits] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const name = bracketed ?? bare;
  // An IPv6 address without brackets has colons of its own.
  if (name === undefined) return { name: text, port: undefined };
  const port = digits === undefined ? undefined : Number(digits);
  if (port === undefined || (port >= 1 && port <= 65535)) return { name, port };
  throw new CliError({
    code: 'ERR_CLI_PARTY',
    blame: 'downstream',
    message: `expected a port from 1 to 65535, got ${digits}`,
  });
}

function atAddress(
  world: World,
  written: string,
  {
    address,
    port = 80,
    near,
  }: { readonly address: IpAddress; readonly port: number | undefined; readonly near: string },
): Target {
  const { view, settings } = world;
  const service = view.serviceAt(settings.network, address, near);
  const workload = service === undefined ? view.workloadAt(settings.network, address) : undefined;
  return { written, address, port, service, workload, notes: [] };
}

/** `cart`, `cart.shop`, `cart.shop.svc`, its full name, `shop/cart`, `svc/shop/cart`: as the resolver of a pod of `near`. */
function findService(world: World, name: string, near: string): Service | undefined {
  const { view, settings } = world;
  const named = (namespace: string, short: string): Service | undefined =>
    view.service(serviceKey(namespace, `${short}.${namespace}.svc.${settings.clusterDomain}`));
  if (name.includes('/')) {
    const { kind, namespace = near, name: short } = parsePartyName(name);
    return kind === undefined || kind === 'service' ? named(namespace, short) : undefined;
  }
  const [short = '', namespace = near, ...rest] = name.replace(/\.$/, '').split('.');
  const suffix = rest.join('.');
  const isShort = suffix === '' || suffix === 'svc' || suffix === `svc.${settings.clusterDomain}`;
  return (isShort ? named(namespace, short) : undefined) ?? view.serviceByHostname(name, near);
}

function toService(
  world: World,
  written: string,
  { service, port: asked }: { readonly service: Service; readonly port: number | undefined },
): Target {
  const ports = service.ports.map(({ servicePort }) => servicePort);
  const port = asked ?? (ports.includes(80) ? 80 : (ports[0] ?? 80));
  const notes =
    asked === undefined && ports.length > 1
      ? [`port ${port} of ${ports.join(', ')}, since none was said`]
      : [];
  const [first] = service.addresses;
  if (first !== undefined)
    return { written, address: first.address, port, service, workload: undefined, notes };
  // Headless: its name stands for its pods, and these are dialled by their own addresses.
  const key = serviceKey(service.namespace, service.hostname);
  const [endpoint] = [...world.view.endpoints(key), ...world.view.allEndpoints(key)];
  if (endpoint === undefined) throw unknownParty(`${written}: the headless service has no pod, and`, []);
  const target = resolveTargetPort(service, endpoint, port) ?? port;
  const pod = toWorkload(world, written, { workload: endpoint.workload, port: target });
  return {
    ...pod,
    notes: [...notes, `headless: the name stands for its pods, of which ${pod.address} is one`],
  };
}

function toWorkload(
  world: World,
  written: string,
  { workload, port: asked }: { readonly workload: Workload; readonly port: number | undefined },
): Target {
  const [address] = workload.addresses;
  if (address === undefined) throw unknownParty(`${written}: the pod has no address, and`, []);
  const port = asked ?? firstPortOf(world, workload) ?? 80;
  return { written, address, port, service: undefined, workload, notes: [] };
}

function firstPortOf({ view }: World, workload: Workload): number | undefined {
  for (const [key, ports] of workload.services) {
    const service = view.service(key);
    for (const { servicePort } of service?.ports ?? []) {
      const port = service && resolveTargetPort(service, { ports }, servicePort);
      if (port !== undefined) return port;
    }
  }
  return undefined;
}

function nearServices({ view }: World, name: string): readonly string[] {
  return [...view.services()]
    .filter((service) => service.name === name)
    .map((service) => `svc/${service.namespace}/${service.name}`);
}
