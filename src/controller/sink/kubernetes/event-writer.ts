import { createHash } from 'node:crypto';
import type { Clock, Logger } from '../../../base/index.ts';
import {
  isKubernetesError,
  type KubernetesApi,
  type KubernetesObject,
  type ResourceTarget,
  resourceType,
} from '../../kubernetes/index.ts';
import { apiVersionsOf } from '../../objects/index.ts';
import type { ObjectNotice } from '../controller-sink.ts';
import { createEventRates } from './event-rates.ts';
import { targetOf } from './resource-of.ts';

/** Where Events are written, and by whom. */
export interface EventWriterOptions {
  readonly api: Pick<KubernetesApi, 'get' | 'create' | 'patch'>;
  /** Which replica this is. */
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Writes what happened to objects as Events. */
export interface EventWriter {
  write(notice: ObjectNotice, signal?: AbortSignal): Promise<void>;
}

/**
 * The name of an Event follows from what it says, so that the same thing said again, by whichever replica, counts up the
 * one that is there. An object that has more news than anybody reads gets no more Events for a while.
 */
export function createEventWriter(options: EventWriterOptions): EventWriter {
  const { api, clock, log } = options;
  const rates = createEventRates(clock);

  async function create(notice: ObjectNotice, signal: AbortSignal | undefined): Promise<void> {
    const subject = await find(api, notice, signal);
    if (subject === undefined) return;
    const target = eventTarget(notice);
    const now = new Date(clock.now()).toISOString();
    const { kind, type, reason } = notice;
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace: target.namespace, name: target.name },
      involvedObject: {
        apiVersion: subject.apiVersion,
        kind,
        name: notice.name,
        ...(notice.namespace === '' ? {} : { namespace: notice.namespace }),
        uid: subject.object.metadata.uid,
      },
      type,
      reason,
      message: notice.message.slice(0, LONGEST_MESSAGE),
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
      source: { component: COMPONENT },
      reportingComponent: COMPONENT,
      reportingInstance: options.instance,
    };
    try {
      await api.create({ resource: EVENTS, namespace: target.namespace }, event, { signal });
    } catch (error) {
      if (!isKubernetesError(error, 'ERR_KUBERNETES_EXISTS')) throw error;
      const present = await api.get(target, { signal });
      const count = typeof present.count === 'number' ? present.count + 1 : 2;
      await api.patch(target, { type: 'merge', body: { count, lastTimestamp: now } }, { signal });
    }
  }

  return {
    async write(notice, signal) {
      const { kind, namespace, name, reason } = notice;
      const object = `${kind} ${namespace}/${name}`;
      switch (rates.admit(object, eventName(notice))) {
        case 'write':
          return create(notice, signal);
        case 'repeated':
          return undefined;
        case 'too many':
          log.info('event not written: the object has too many', { object, reason });
          return undefined;
      }
    },
  };
}

async function find(
  api: Pick<KubernetesApi, 'get'>,
  { kind, namespace, name }: ObjectNotice,
  signal: AbortSignal | undefined,
): Promise<{ readonly apiVersion: string; readonly object: KubernetesObject } | undefined> {
  for (const apiVersion of apiVersionsOf(kind) ?? []) {
    try {
      return {
        apiVersion,
        object: await api.get(targetOf({ apiVersion, kind, namespace, name }), { signal }),
      };
    } catch (error) {
      if (!isKubernetesError(error, 'ERR_KUBERNETES_NOT_FOUND')) throw error;
    }
  }
  return undefined;
}

function eventTarget(notice: ObjectNotice): ResourceTarget & { readonly namespace: string } {
  // Kubernetes puts those of objects without a namespace there.
  return { resource: EVENTS, namespace: notice.namespace || 'default', name: eventName(notice) };
}

function eventName({ kind, namespace, name, type, reason, message }: ObjectNotice): string {
  const said = JSON.stringify([kind, namespace, name, type, reason, message]);
  return `${name.slice(0, 200)}.${createHash('sha256').update(said).digest('hex').slice(0, 16)}`;
}

const EVENTS = resourceType('v1', 'events', true);
const COMPONENT = 'nodemesh-controller';
/** Kubernetes refuses longer ones. */
const LONGEST_MESSAGE = 1024;
