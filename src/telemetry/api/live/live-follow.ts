import { KEPT_MS, type LiveTopic, SLOT_MS } from '../../../model/index.ts';

/** What a reader follows. */
export interface Follows {
  readonly topics: ReadonlySet<LiveTopic>;
  readonly namespace: string | undefined;
  readonly windowMs: number;
}

/** Until a reader has said what it wants. */
export const FOLLOWS_NOTHING: Follows = { topics: new Set(), namespace: undefined, windowMs: 60_000 };

/** Reads a LiveFollow. A text says what is wrong with it. */
export function parseFollow(text: string): Follows | string {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return 'expected JSON';
  }
  if (!isRecord(given)) return 'expected an object';
  const { follow, namespace, window = 60, ...others } = given;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return `unknown field ${unknown.slice(0, 30)}`;
  if (!Array.isArray(follow)) return `follow: expected a list of ${TOPICS.join(', ')}`;
  const topics = follow.filter(isTopic);
  if (topics.length < follow.length) return `follow: expected ${TOPICS.join(', ')}`;
  if (namespace !== undefined && (typeof namespace !== 'string' || !/^[a-z0-9.-]{1,253}$/.test(namespace)))
    return 'namespace: expected the name of a namespace';
  if (
    typeof window !== 'number' ||
    !Number.isInteger(window) ||
    window < LEAST_SECONDS ||
    window > MOST_SECONDS
  )
    return `window: expected whole seconds from ${LEAST_SECONDS} to ${MOST_SECONDS}`;
  return { topics: new Set(topics), namespace, windowMs: window * 1_000 };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTopic(value: unknown): value is LiveTopic {
  return TOPICS.some((topic) => topic === value);
}

const TOPICS: readonly LiveTopic[] = ['refusals', 'connections', 'requests', 'topology', 'workloads'];
const LEAST_SECONDS = SLOT_MS / 1_000;
const MOST_SECONDS = KEPT_MS / 1_000;
