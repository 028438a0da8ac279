import { describeError, MeshError } from '../../../base/index.ts';
import type { CertificateView, ProxyView, RefusalView } from '../../../model/index.ts';
import { type ApiClient, openApi } from '../../api/index.ts';
import type { CliContext } from '../../context.ts';
import type { World } from '../../world/index.ts';
import { explain, type Question } from '../explain.ts';
import type { Explanation, LastRefusal } from '../explanation.ts';
import { type Caller, findCaller } from '../parties/caller.ts';
import { findTarget, type Target } from '../parties/target.ts';

interface Asked {
  readonly world: World;
  readonly question: Question;
  readonly explained: Explanation;
}

/** Adds what the running mesh has to say: the last refusal between the two, proxies that are behind, certificates that end. */
export async function withHistory(
  context: CliContext,
  options: { readonly lab?: string },
  asked: Asked,
): Promise<Explanation> {
  const { explained } = asked;
  try {
    const api = await openApi(context, options.lab === undefined ? {} : { lab: options.lab });
    const [lastRefusal, notes] = await Promise.all([lastRefusalOf(api, asked), proxyNotes(api, asked)]);
    return { ...explained, lastRefusal, notes: [...explained.notes, ...notes] };
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    const text = `what has happened is not known: ${describeError(error)}`;
    return { ...explained, notes: [...explained.notes, text] };
  }
}

async function lastRefusalOf(api: ApiClient, { world, question }: Asked): Promise<LastRefusal | undefined> {
  const { caller, target } = partiesOf(world, question);
  const { refusals } = await api.get('/api/v1/refusals', { window: KEPT_SECONDS, limit: MOST_REFUSALS });
  const last = refusals.find((refusal) => isBetween(refusal, caller, target));
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

/** The same asked again, of the mesh as it is. Tokens and headers of then are not known. */
async function sayNow(world: World, question: Question, { request }: RefusalView): Promise<string> {
  const again =
    request === undefined
      ? question.request
      : { ...question.request, method: request.method, path: request.path, host: request.host };
  const { verdict, because, fix } = await explain(world, { ...question, request: again });
  if (verdict === 'refused') return fix === '' ? because : fix;
  return verdict === 'allowed' ? 'the same would be let through' : because;
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

/** Who enforces something older than what was explained, and whose certificate is about to end. */
async function proxyNotes(api: ApiClient, { world, question }: Asked): Promise<readonly string[]> {
  const { caller, target } = partiesOf(world, question);
  const [{ proxies }, { certificates }] = await Promise.all([
    api.get('/api/v1/proxies'),
    api.get('/api/v1/certificates'),
  ]);
  const behind = proxies.filter(({ state }) => state !== 'current').map(behindText);
  const names = new Set([caller.identity?.id, ...targetIdentities(world, target)]);
  const now = Date.now();
  const ending = certificates.filter(
    ({ kind, name, notBeforeMs, notAfterMs }) =>
      kind === 'workload' &&
      names.has(name as never) &&
      now > notBeforeMs + (notAfterMs - notBeforeMs) * LATE,
  );
  return [...behind, ...ending.map(endingText)];
}

function behindText({ id, state, reason }: ProxyView): string {
  return `${id} is ${state}${reason === '' ? '' : ` (${reason})`}: it may decide by what held before`;
}

function endingText({ name, proxy, notAfterMs }: CertificateView): string {
  return `the certificate of ${name} at ${proxy} ends ${new Date(notAfterMs).toISOString()} and has not been renewed (nodemesh certificates)`;
}

function targetIdentities({ view }: World, { service, workload }: Target): readonly string[] {
  const workloads = [...view.workloads()].filter(
    (candidate) =>
      candidate === workload ||
      (service !== undefined &&
        [...candidate.services.keys()].includes(`${service.namespace}/${service.hostname}` as never)),
  );
  return workloads.map(
    ({ trustDomain, namespace, serviceAccount }) =>
      `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`,
  );
}

function partiesOf(world: World, { source, destination, namespace }: Question) {
  const caller = findCaller(world, source, namespace);
  return { caller, target: findTarget(world, destination, { caller, namespace }) };
}

const KEPT_SECONDS = 900;
const MOST_REFUSALS = 1_000;
/** Of its life; a certificate is renewed at half of it. */
const LATE = 0.75;
