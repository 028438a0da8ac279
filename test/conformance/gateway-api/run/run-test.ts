import type { ManifestObject } from '../../../../src/lab/cluster/index.ts';
import { type ReceivedAnswer, differences, readEcho, shareDifferences } from '../compare/index.ts';
import { type ConformanceCase, type ConformanceTest, listOf, objectOf } from '../data/index.ts';
import { isRoute, onServiceParents, senderOf, type StatusCheck, statusChecks } from '../move/index.ts';
import type { ConformanceLab } from './conformance-lab.ts';
import { mirrorDifferences } from './mirrors.ts';
import { orderOfCase } from './order-of-case.ts';
import { findRoute, statusDifferences } from './status-differences.ts';

/** As the suite has it: three times in a row, within the time below. */
const IN_A_ROW = 3;
const MORE_AT_ONCE = 7;
const WITHIN_MS = 30_000;
const PAUSE_MS = 50;
/** Retries have a budget: a harness that asked for more at once than a client would be refused. */
const RETRY_PAUSE_MS = 1_500;

export interface TestResult {
  readonly cases: number;
  readonly statuses: number;
  /** Empty: passed. */
  readonly failures: readonly string[];
}

/** Runs one test: applies its manifests, sends its requests, looks at statuses, and takes the manifests away. */
export async function runTest(
  lab: ConformanceLab,
  test: ConformanceTest,
  objects: { readonly own: readonly ManifestObject[]; readonly base: readonly ManifestObject[] },
): Promise<TestResult> {
  const applied = onServiceParents(objects.own);
  const fronts = onServiceParents([...objects.base, ...objects.own]).filter(({ kind }) => kind === 'Service');
  const checks = [
    ...statusChecks(test.statusAssertions),
    ...(test.profile === 'mesh' ? accepted(applied) : []),
  ];
  try {
    await lab.apply(applied);
    const sendable = { lab, fronts, objects: objects.own, test };
    const [statuses, answers] = await Promise.all([
      statusFailures(lab, checks),
      caseFailures(
        sendable,
        test.cases.filter((one) => !needsNoGrant(one)),
      ),
    ]);
    const failures = [...statuses, ...answers];
    const ungranted = test.cases.filter(needsNoGrant);
    if (ungranted.length > 0) {
      await lab.remove(applied.filter(({ kind }) => kind === 'ReferenceGrant'));
      failures.push(...(await caseFailures(sendable, ungranted)));
    }
    return { cases: test.cases.length, statuses: checks.length, failures };
  } finally {
    const left = await Promise.all(
      applied.map(async (object) => {
        const { kind, metadata } = object;
        const found = await lab.client.objects(kind, metadata.namespace ?? 'default', metadata.name);
        return found.length === 0 ? [] : [object];
      }),
    );
    await lab.remove(left.flat());
  }
}

/** The mesh profile has no assertions about statuses; that its routes are accepted goes without saying. */
function accepted(objects: readonly ManifestObject[]): readonly StatusCheck[] {
  return objects.filter(isRoute).map(({ kind, metadata: { name, namespace = 'default' } }) => ({
    kind: 'condition',
    route: { kind, namespace, name, parent: undefined },
    condition: { type: 'Accepted', status: 'True', reason: '' },
  }));
}

/** What a case is sent with. */
interface Sendable {
  readonly lab: ConformanceLab;
  readonly test: ConformanceTest;
  readonly fronts: readonly ManifestObject[];
  readonly objects: readonly ManifestObject[];
}

/** The suite takes a grant away in the middle of a test, and says so in the title of the cases behind it. */
function needsNoGrant({ title }: ConformanceCase): boolean {
  return /after deleting the .*reference ?grant/i.test(title);
}

/** Cases only look: they are sent side by side, so that a failing test takes its time once. But for those of retries. */
async function caseFailures(
  sendable: Sendable,
  cases: readonly ConformanceCase[],
): Promise<readonly string[]> {
  const failuresOf = async (one: ConformanceCase): Promise<readonly string[]> => {
    const wrong = await caseDifferences(sendable, one);
    return wrong.map((difference) => `${one.title}: ${difference}`);
  };
  const failures = await Promise.all(cases.filter((one) => !triesAgain(one)).map(failuresOf));
  for (const one of cases.filter(triesAgain)) failures.push(await failuresOf(one));
  return failures.flat();
}

/** The echo server's path for requests that fail at first. */
function triesAgain({ request }: ConformanceCase): boolean {
  return request.path.startsWith('/retry');
}

async function caseDifferences(sendable: Sendable, one: ConformanceCase): Promise<readonly string[]> {
  const { lab, test } = sendable;
  const send = await senderFor(sendable, one);
  const pods = await lab.podNamespaces();
  const namespaceOf = (pod: string): string | undefined => pods.get(pod);
  const ask = async (count: number): Promise<readonly string[]> => {
    const answers = await send(count);
    return answers.flatMap((answer) => differences(one, answer, { namespaceOf }));
  };
  const wrong = await eventually(
    async () => {
      for (let turn = 0; turn < IN_A_ROW; turn++) {
        const found = await ask(1);
        if (found.length > 0) return found;
      }
      // Three may be luck where a service has two backends.
      return triesAgain(one) ? [] : ask(MORE_AT_ONCE);
    },
    triesAgain(one) ? RETRY_PAUSE_MS : PAUSE_MS,
  );
  if (wrong.length > 0) return wrong;
  if (one.expect.mirroredTo.length > 0)
    return mirrorDifferences(lab, one, async (count) => void (await send(count)));
  const { distribution } = test;
  if (distribution === undefined) return [];
  let shares: readonly string[] = [];
  for (let attempt = 0; attempt < distribution.attempts; attempt++) {
    const answers = await send(distribution.requests);
    shares = shareDifferences(
      distribution,
      answers.map((answer) => readEcho(answer)?.pod ?? describe(answer)),
    );
    if (shares.length === 0) break;
  }
  return shares;
}

async function senderFor(
  { lab, test, fronts, objects }: Sendable,
  one: ConformanceCase,
): Promise<(count: number) => Promise<readonly ReceivedAnswer[]>> {
  const sender = senderOf(test, one, objects);
  const { host } = one.request;
  const podAddress = typeof host === 'object' ? await lab.podAddress(host.podIPOf) : undefined;
  const order = orderOfCase(one, sender, { fronts, podAddress });
  const driver = await lab.driver(sender.client);
  return (count) => driver.send({ ...order, count, concurrency: 10 });
}

/** A look at statuses, one after the other: some of them change the route first. */
async function statusFailures(lab: ConformanceLab, checks: readonly StatusCheck[]): Promise<string[]> {
  const failures: string[] = [];
  for (const check of checks) {
    if (check.kind === 'latest-conditions' && check.afterChange) await changeRoute(lab, check);
    failures.push(...(await eventually(() => statusDifferences(lab, check))));
  }
  return failures;
}

/** A change of the spec that leaves its meaning: the weight of an only backend. */
async function changeRoute(lab: ConformanceLab, { route: name }: StatusCheck): Promise<void> {
  const route = await findRoute(lab, name);
  if (route === undefined) throw new Error(`no route ${name.namespace}/${name.name}`);
  const [first, ...others] = listOf(objectOf(route.spec).rules).map(objectOf);
  const backends = listOf(objectOf(first).backendRefs).map(objectOf);
  const rule = { ...first, backendRefs: backends.map((backend) => ({ ...backend, weight: 7 })) };
  const { apiVersion, kind, metadata } = route;
  await lab.apply([
    {
      apiVersion,
      kind,
      metadata: { name: metadata.name, namespace: metadata.namespace },
      spec: { ...objectOf(route.spec), rules: [rule, ...others] },
    },
  ]);
}

/** Repeats a look until it finds nothing wrong; else, after the time, what the last one found. */
async function eventually(
  look: () => Promise<readonly string[]>,
  pauseMs = PAUSE_MS,
): Promise<readonly string[]> {
  const deadlineMs = performance.now() + WITHIN_MS;
  for (;;) {
    const wrong = await look();
    if (wrong.length === 0 || performance.now() > deadlineMs) return wrong;
    await new Promise((settle) => setTimeout(settle, pauseMs));
  }
}

function describe({ status, code, error }: ReceivedAnswer): string {
  return error ?? `no backend but ${code ?? status}`;
}
