import { describeError, MeshError } from '../../../base/index.ts';
import { isHearsay, type RefusalView } from '../../../model/index.ts';
import type { ApiClient } from '../../api/index.ts';
import type { RunningMesh } from '../../running-mesh/index.ts';
import type { World } from '../../world/index.ts';
import { explain, type Question } from '../explain.ts';
import type { Explanation, LastRefusal } from '../explanation.ts';
import { findFaults } from './findings.ts';
import { type Caller, findCaller } from '../parties/caller.ts';
import { findTarget, type Target } from '../parties/target.ts';

interface Asked {
  readonly world: World;
  readonly question: Question;
  readonly explained: Explanation;
}

/** Adds what the running mesh has to say: the last refusal between the two, and what is wrong on the way. */
export async function withHistory(mesh: Pick<RunningMesh, 'api'>, asked: Asked): Promise<Explanation> {
  const { explained } = asked;
  try {
    const api = await mesh.api();
    const parties = { world: asked.world, ...partiesOf(asked.world, asked.question) };
    const [lastRefusal, findings] = await Promise.all([lastRefusalOf(api, asked), findFaults(api, parties)]);
    return { ...explained, lastRefusal, findings };
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    const text = `what has happened is not known: ${describeError(error)}`;
    return { ...explained, notes: [...explained.notes, text] };
  }
}

async function lastRefusalOf(api: ApiClient, { world, question }: Asked): Promise<LastRefusal | undefined> {
  const { caller, target } = partiesOf(world, question);
  const { refusals } = await api.get('/api/v1/refusals', { window: KEPT_SECONDS, limit: MOST_REFUSALS });
  const last = newestTold(refusals.filter((refusal) => isBetween(refusal, caller, target)));
  if (last === undefined) return undefined;
  return {
    at: new Date(last.atMs).toISOString(),
    proxy: last.proxy,
    message: last.message,
    hint: last.hint,
    policy: last.policy,
    rule: last.rule,
    request:
      last.request === undefined
        ? ''
        : `${last.request.method} ${last.request.host}${last.request.path} (${last.request.status})`,
    now: await sayNow(world, question, last),
  };
}

/** The newest; where that is hearsay of the client's node, what the other end says of about the same time. */
function newestTold([newest, ...older]: readonly RefusalView[]): RefusalView | undefined {
  if (newest === undefined || !isHearsay(newest)) return newest;
  const told = older.find((refusal) => !isHearsay(refusal));
  return told !== undefined && newest.atMs - told.atMs < SAME_MS ? told : newest;
}

/** The same asked again, of the mesh as it is. Tokens and headers of then are not known. */
async function sayNow(world: World, question: Question, { request, kind }: RefusalView): Promise<string> {
  const again =
    request === undefined
      ? question.request
      : { ...question.request, method: request.method, path: request.path, host: request.host };
  const { verdict, because, fix } = await explain(world, { ...question, request: again });
  if (verdict === 'refused') return fix === '' ? because : fix;
  if (verdict !== 'allowed') return because;
  return kind === 'failed'
    ? 'nothing forbids it: what failed is to be mended, not allowed'
    : 'the same would be let through';
}

function isBetween(
  { source, sourceAddress, destination, service, dialled }: RefusalView,
  caller: Caller,
  target: Target,
): boolean {
  const isCaller =
    caller.workload === undefined
      ? sourceAddress.split(':')[0] === caller.address || source.workload === caller.address
      : source.namespace === caller.workload.namespace && source.workload === caller.workload.workloadName;
  const { service: wanted, workload } = target;
  const isService =
    wanted !== undefined && service?.namespace === wanted.namespace && service.name === wanted.name;
  const isPod =
    workload !== undefined &&
    destination.namespace === workload.namespace &&
    destination.workload === workload.workloadName;
  const isDialled = dialled === `${target.address}:${target.port}`;
  return isCaller && (isService || isPod || isDialled);
}

function partiesOf(world: World, { source, destination, namespace }: Question) {
  const caller = findCaller(world, source, namespace);
  return { caller, target: findTarget(world, destination, { caller, namespace }) };
}

const KEPT_SECONDS = 900;
const MOST_REFUSALS = 1_000;
/** Both ends of a connection tell within this time, give or take the reports. */
const SAME_MS = 10_000;
