import type { MeshError, Signal } from '../../base/index.ts';
import { type RequestPolicy, type ServiceKey, serviceKey } from '../../model/index.ts';
import { decideL7, type RequestAttributes, type RequestExplanation } from '../../policy/index.ts';
import type { TargetPlan } from '../plan/target-plan.ts';
import type { DialledTarget } from '../request/request-parties.ts';
import type { ResourceReach } from '../resources/resource-store.ts';
import { deniedLater } from './denial.ts';
import type { DecisionListeners } from './note-decision.ts';

/** Why a connection was let through. */
export interface Admission {
  readonly attributes: RequestAttributes;
  readonly policies: readonly RequestPolicy[];
  /** Those that have let it through. */
  readonly authorizers: ReadonlySet<string>;
}

/** A connection that lives longer than the judgement on it: plain, or one that has left HTTP. */
export interface LiveConnection extends Admission {
  readonly dialled: DialledTarget;
  /** Called at most once. */
  cut(cause: MeshError): void;
}

/**
 * Connections that were let through and may not be any more: they are judged again when policies of theirs have changed.
 * What an authorizer has said stands; where a policy wants another one asked the connection is cut, and asked about when it
 * comes again.
 */
export interface LiveConnections {
  /** Judges at once where policies have changed since. Returns what ends it. */
  follow(connection: LiveConnection): () => void;
  close(): void;
}

/** What may change, and how a judgement is repeated. */
export interface LiveConnectionsDeps {
  /** Heard after plans have been thrown away. */
  readonly changes: Signal<ResourceReach>;
  planFor(dialled: DialledTarget): TargetPlan;
  /** Told of what cuts a connection. */
  readonly onDecided?: DecisionListeners['onDecided'];
}

/** Holds nothing; a connection leaves it by the function that `follow` returns. */
export function createLiveConnections({ changes, planFor, onDecided }: LiveConnectionsDeps): LiveConnections {
  const byService = new Map<ServiceKey | undefined, Map<LiveConnection, readonly RequestPolicy[]>>();

  function release(slot: ServiceKey | undefined, connection: LiveConnection): void {
    const held = byService.get(slot);
    held?.delete(connection);
    if (held?.size === 0) byService.delete(slot);
  }

  function review(slot: ServiceKey | undefined): void {
    const held = byService.get(slot);
    for (const [connection, judgedBy] of [...(held ?? [])]) {
      const { policies } = planFor(connection.dialled).authorization;
      if (isSame(policies, judgedBy)) continue;
      held?.set(connection, policies);
      const reason = refusalOf(connection, policies);
      if (reason === undefined) continue;
      release(slot, connection);
      onDecided?.('deny', reason);
      connection.cut(deniedLater(reason));
    }
  }

  const unsubscribe = changes.subscribe(({ everything, services }) => {
    for (const slot of everything ? [...byService.keys()] : services) review(slot);
  });

  return {
    follow(connection) {
      const slot = slotOf(connection.dialled);
      const held = byService.get(slot) ?? new Map<LiveConnection, readonly RequestPolicy[]>();
      byService.set(slot, held.set(connection, connection.policies));
      // Authorizers take their time, and meanwhile something may have changed.
      review(slot);
      return () => release(slot, connection);
    },
    close() {
      unsubscribe();
      byService.clear();
    },
  };
}

function refusalOf(
  { attributes, authorizers }: LiveConnection,
  policies: readonly RequestPolicy[],
): RequestExplanation | undefined {
  const first = decideL7({ policies, attributes });
  const isAsked = first.authorizers.every(({ provider }) => authorizers.has(provider));
  if (!isAsked) return first.reason;
  const decision =
    first.verdict === 'custom-needed' ? decideL7({ policies, attributes, authorized: true }) : first;
  return decision.verdict === 'deny' ? decision.reason : undefined;
}

function isSame(policies: readonly RequestPolicy[], others: readonly RequestPolicy[]): boolean {
  return (
    policies === others ||
    (policies.length === others.length && policies.every((policy, index) => policy === others[index]))
  );
}

function slotOf({ kind, service }: DialledTarget): ServiceKey | undefined {
  return kind === 'service' ? serviceKey(service.namespace, service.hostname) : undefined;
}
