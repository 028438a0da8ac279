import {
  type EnrolmentPod,
  identityOf,
  type IpAddress,
  tryParseIpAddress,
  type Workload,
  type WorkloadIdentity,
} from '../../../model/index.ts';
import type { World } from '../../world/index.ts';
import { findWorkloads, nearNames } from './find-workload.ts';
import { parsePartyName, unknownParty } from './party-name.ts';

/** Who calls. */
export interface Caller {
  /** `shop/cart-5d9f…`, or the address. */
  readonly name: string;
  readonly address: IpAddress;
  /** Undefined: nobody that the mesh knows. */
  readonly workload: Workload | undefined;
  /** What it can prove; undefined where it is not captured. */
  readonly identity: WorkloadIdentity | undefined;
  readonly enrolment: EnrolmentPod | undefined;
}

/** An address, `outside`, or a name. Throws ERR_CLI_PARTY. */
export function findCaller(world: World, text: string, namespace: string | undefined): Caller {
  const address = text === 'outside' ? OUTSIDE : tryParseIpAddress(text);
  if (address !== undefined) {
    const workload = world.view.workloadAt(world.settings.network, address);
    return workload === undefined ? outside(address) : callerOf(world, workload);
  }
  const name = parsePartyName(text);
  const [workload] = findWorkloads(world, { ...name, namespace: name.namespace ?? namespace });
  if (workload === undefined) throw unknownParty(text, nearNames(world, name));
  return callerOf(world, workload);
}

/** A workload as a caller. */
function callerOf(world: World, workload: Workload): Caller {
  return {
    name: `${workload.namespace}/${workload.name}`,
    address: workload.addresses[0] ?? OUTSIDE,
    workload,
    identity: isCaptured(workload) ? identityOf(workload) : undefined,
    enrolment: world.enrolmentOf(workload),
  };
}

/** Whether what it sends goes through its node's proxy: waypoints take tunnels, and send by themselves. */
export function isCaptured({ tunnelProtocol, nativeTunnel }: Workload): boolean {
  return tunnelProtocol === 'hbone' && !nativeTunnel;
}

function outside(address: IpAddress): Caller {
  return { name: address, address, workload: undefined, identity: undefined, enrolment: undefined };
}

/** RFC 5737: nobody has it. */
const OUTSIDE = '192.0.2.1' as IpAddress;
