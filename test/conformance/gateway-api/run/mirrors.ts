import { text } from 'node:stream/consumers';
import { type ConformanceCase, listOf, type Mirror, objectOf, textOf } from '../data/index.ts';
import type { ConformanceLab } from './conformance-lab.ts';

/** As many as the shares of a split are judged by. */
const MIRRORED_REQUESTS = 500;
const TOLERANCE = 0.05;
const ATTEMPTS = 5;
/** Mirrored requests are sent beside the others, and nobody waits for them. */
const WITHIN_MS = 5_000;

/**
 * Sends requests and counts what each mirror wrote that it got: as many, or the share that the case names.
 * Returns what is wrong; empty: nothing.
 */
export async function mirrorDifferences(
  lab: ConformanceLab,
  { expect, request }: ConformanceCase,
  sendMany: (count: number) => Promise<void>,
): Promise<readonly string[]> {
  const whole = expect.mirroredTo.every(({ percent }) => percent === 100);
  const requests = whole ? 3 : MIRRORED_REQUESTS;
  let wrong: readonly string[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const count = (): Promise<readonly number[]> =>
      Promise.all(expect.mirroredTo.map((mirror) => requestsSeen(lab, mirror, request.path)));
    const before = await count();
    await sendMany(requests);
    const deadlineMs = performance.now() + WITHIN_MS;
    do {
      await new Promise((settle) => setTimeout(settle, 50));
      const after = await count();
      wrong = expect.mirroredTo.flatMap((mirror, index) =>
        shareIsWrong(mirror, (after[index] ?? 0) - (before[index] ?? 0), requests),
      );
    } while (wrong.length > 0 && performance.now() < deadlineMs);
    if (wrong.length === 0) return [];
  }
  return wrong;
}

function shareIsWrong({ service, percent }: Mirror, seen: number, requests: number): readonly string[] {
  const holds = percent === 100 ? seen === requests : Math.abs(seen / requests - percent / 100) <= TOLERANCE;
  return holds ? [] : [`${service} got ${seen} of ${requests} requests, expected ${percent} %`];
}

/** By the lines that every echo server writes. */
async function requestsSeen(lab: ConformanceLab, mirror: Mirror, path: string): Promise<number> {
  const [service] = await lab.client.objects('Service', mirror.namespace, mirror.service);
  const selector = Object.entries(objectOf(objectOf(service?.spec).selector));
  const pods = (await lab.client.objects('Pod', mirror.namespace)).filter(({ metadata }) =>
    selector.every(([key, value]) => metadata.labels[key] === value),
  );
  const logs = await Promise.all(
    pods.map(async ({ metadata, spec }) => {
      const container = textOf(objectOf(listOf(objectOf(spec).containers)[0]).name) ?? '';
      const query = new URLSearchParams({ namespace: mirror.namespace, pod: metadata.name, container });
      return text(await lab.client.stream('logs', query));
    }),
  );
  return logs.join('').split(`Echoing back request made to ${path} to client`).length - 1;
}
