import type { World } from '../world/index.ts';
import type { Ending, Explanation, Hop } from './explanation.ts';
import { noteFact, okFact } from './explanation.ts';
import { type Caller, findCaller } from './parties/caller.ts';
import { findTarget, type Target } from './parties/target.ts';
import { type AskedRequest, requestText } from './request/asked-request.ts';
import { judgeArrivals } from './steps/arrivals.ts';
import { stepOutbound } from './steps/outbound.ts';
import { stepWaypoint } from './steps/waypoint.ts';

/** Who wants what of whom. */
export interface Question {
  readonly source: string;
  readonly destination: string;
  /** Of names without one. Default: of the destination the source's. */
  readonly namespace: string | undefined;
  readonly request: AskedRequest;
}

/** One verdict through every hop, by the code that decides in production. Throws ERR_CLI_PARTY for names of nobody. */
export async function explain(world: World, question: Question): Promise<Explanation> {
  const { source, destination, namespace, request } = question;
  const caller = findCaller(world, source, namespace);
  const target = findTarget(world, destination, { caller, namespace });
  const hops: Hop[] = [resolutionHop(target)];
  const end = await walk(world, { caller, target, request }, hops);
  return {
    source: caller.name,
    destination: targetText(target),
    request: requestText(request, target),
    verdict: end.verdict,
    because: end.because,
    fix: end.fix,
    hops,
    lastRefusal: undefined,
    findings: [],
    notes: [
      ...(world.isImagined
        ? ['from files: pods, addresses and waypoints are made up where there are none, and all are ready']
        : []),
      ...world.problems.filter(({ severity }) => severity === 'error').map(problemText),
    ],
  };
}

async function walk(
  world: World,
  {
    caller,
    target,
    request,
  }: { readonly caller: Caller; readonly target: Target; readonly request: AskedRequest },
  hops: Hop[],
): Promise<Ending> {
  const outbound = stepOutbound(world, caller, target);
  hops.push(outbound.hop);
  if (outbound.end !== undefined) return outbound.end;
  const { way } = outbound;
  if (way === undefined || way.kind === 'outside')
    return { verdict: 'allowed', because: 'the mesh has no say in where it goes', fix: '' };
  let arrivals = way.kind === 'pods' ? way.arrivals : undefined;
  if (way.kind === 'waypoint') {
    const { address, upstream } = way;
    const through = await stepWaypoint(world, { caller, target, address, upstream, request });
    hops.push(through.hop);
    if (through.end !== undefined) return through.end;
    arrivals = through.arrivals;
  }
  if (arrivals === undefined) return { verdict: 'allowed', because: 'it leaves the mesh', fix: '' };
  const last = judgeArrivals(world, arrivals, caller.workload?.namespace);
  hops.push(last.hop);
  return last.end ?? { verdict: 'allowed', because: 'every hop lets it through', fix: '' };
}

function resolutionHop(target: Target): Hop {
  const { written, address, port, service, workload, notes } = target;
  const what =
    service === undefined
      ? workload === undefined
        ? 'an address that the mesh does not know'
        : `pod ${workload.namespace}/${workload.name}, dialled by its own address`
      : `service ${service.namespace}/${service.name}`;
  const facts = [
    okFact(`${written} is ${what}: ${address} port ${port}`),
    ...notes.map((text) => noteFact(text)),
  ];
  return { name: 'name and address', mark: 'ok', facts, policies: [] };
}

function targetText({ service, workload, address, port }: Target): string {
  const named = service ?? workload;
  return named === undefined ? `${address}:${port}` : `${named.namespace}/${named.name}:${port}`;
}

function problemText({ object, field, message }: World['problems'][number]): string {
  return `${object === '' ? 'an object' : object}${field === '' ? '' : `, ${field}`}: ${message}`;
}
