import { randomBytes } from 'node:crypto';
import type { KubeObject } from './objects/index.ts';
import type { ObjectStore } from './store.ts';

/** Tells people what happened to an object. */
export interface EventRecorder {
  normal(subject: EventSubject, reason: string, message: string): void;
  warning(subject: EventSubject, reason: string, message: string): void;
}

/** Whom an event is about. */
export type EventSubject = Pick<KubeObject, 'kind' | 'metadata'>;

/** More than this many events are not kept. */
const LIMIT = 500;

/** Writes what happened to objects as Event objects; the same thing again only counts up. */
export function createEventRecorder(store: ObjectStore): EventRecorder {
  const byText = new Map<string, string>();
  const record = (
    type: 'Normal' | 'Warning',
    subject: EventSubject,
    reason: string,
    message: string,
  ): void => {
    const { kind, metadata } = subject;
    const namespace = metadata.namespace || 'default';
    const text = JSON.stringify([type, kind, namespace, metadata.name, reason, message]);
    const now = new Date().toISOString();
    const known = byText.get(text);
    if (known !== undefined) {
      store.update('Event', namespace, known, (event) => ({
        ...event,
        count: event.count + 1,
        lastTimestamp: now,
      }));
      return;
    }
    const name = `${metadata.name}.${randomBytes(5).toString('hex')}`;
    byText.set(text, name);
    store.put({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name,
        namespace,
        uid: name,
        resourceVersion: '0',
        generation: 1,
        creationTimestamp: now,
        labels: {},
        annotations: {},
      },
      type,
      reason,
      message,
      count: 1,
      lastTimestamp: now,
      involvedObject: { kind, name: metadata.name, namespace },
    });
    if (byText.size > LIMIT) forgetOldest(store, byText);
  };
  return {
    normal: (subject, reason, message) => record('Normal', subject, reason, message),
    warning: (subject, reason, message) => record('Warning', subject, reason, message),
  };
}

function forgetOldest(store: ObjectStore, byText: Map<string, string>): void {
  const [first] = byText;
  if (first === undefined) return;
  byText.delete(first[0]);
  for (const event of store.list('Event')) {
    if (event.metadata.name === first[1])
      store.remove('Event', event.metadata.namespace, event.metadata.name);
  }
}
