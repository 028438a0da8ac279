import { type Logger, silentLogger } from '../../base/index.ts';
import type { AuthorizationPolicy, TrustBundle } from '../../model/index.ts';
import {
  addressCodec,
  authorizationCodec,
  encodeResource,
  enrolmentPodCodec,
  membershipCodec,
  trustBundleCodec,
} from '../../wire/index.ts';
import {
  ADDRESS_TYPE,
  AUTHORIZATION_TYPE,
  type Change,
  type DeltaServer,
  ENROLMENT_POD_TYPE,
  MEMBERSHIP_TYPE,
  type ResourceUpsert,
  TRUST_BUNDLE_TYPE,
  WAYPOINT_RESOURCE_TYPE,
} from '../../xds/index.ts';
import type { Collection, MeshCollections } from '../collections/index.ts';
import { staticStrictPolicy } from '../translate/index.ts';
import { publishWaypointResources } from './waypoint-publisher.ts';

/** Everything that the controller serves. */
export const SERVED_TYPES = [
  ADDRESS_TYPE,
  AUTHORIZATION_TYPE,
  ENROLMENT_POD_TYPE,
  MEMBERSHIP_TYPE,
  TRUST_BUNDLE_TYPE,
  WAYPOINT_RESOURCE_TYPE,
];

/** The way from collections to streams. */
export interface ResourcePublisher {
  /** The point up to which addresses have been published. */
  addressChange(): Change;
  publishBundle(bundle: TrustBundle): void;
  /** The point up to which bundles have been published. */
  bundleChange(): Change;
  stop(): void;
}

/** What is published, and where. */
export interface ResourcePublisherOptions {
  readonly collections: MeshCollections;
  readonly server: Pick<DeltaServer, 'cache'>;
  readonly rootNamespace: string;
  readonly log?: Logger;
}

/**
 * Keeps the resources that are served in step with the collections: each changed value is encoded once, whoever it goes
 * to. Policies are told before the workloads that list them, as the collections notify in that order.
 */
export function createResourcePublisher(options: ResourcePublisherOptions): ResourcePublisher {
  const { collections, server, log = silentLogger } = options;
  const addresses = server.cache(ADDRESS_TYPE);
  const policies = server.cache(AUTHORIZATION_TYPE);
  const enrolments = server.cache(ENROLMENT_POD_TYPE);
  const memberships = server.cache(MEMBERSHIP_TYPE);
  const bundles = server.cache(TRUST_BUNDLE_TYPE);
  const subscriptions: (() => void)[] = [];

  /** Feeds one collection, whose keys are the names of its resources, into a cache. */
  function feed<T>(
    collection: Collection<T>,
    cache: ReturnType<DeltaServer['cache']>,
    encode: (value: T) => ResourceUpsert | undefined,
  ): void {
    const resourceOf = (key: string): ResourceUpsert | undefined => {
      const value = collection.get(key);
      return value === undefined ? undefined : encode(value);
    };
    const unsubscribe = collection.changes.subscribe((keys) => {
      const upserts: ResourceUpsert[] = [];
      const removed: string[] = [];
      for (const key of keys) {
        try {
          const resource = resourceOf(key);
          if (resource === undefined) removed.push(key);
          else upserts.push(resource);
        } catch (error) {
          // What was served of it before stays; the others must not wait for it.
          log.error('resource cannot be encoded', { name: key, error });
        }
      }
      if (cache !== policies || removed.length === 0) {
        cache.apply({ upserts, removed });
        return;
      }
      cache.apply({ upserts });
      // After the workloads that listed them: one that lists a policy which is not there holds its connections.
      queueMicrotask(() => cache.apply({ removed: removed.filter((key) => resourceOf(key) === undefined) }));
    });
    subscriptions.push(unsubscribe);
  }

  const encodePolicy = (policy: AuthorizationPolicy) => encodeResource(authorizationCodec, policy);
  const strict = encodePolicy(staticStrictPolicy(options.rootNamespace));
  feed(collections.peerPolicies, policies, encodePolicy);
  feed(collections.policies, policies, ({ policy }) =>
    policy === undefined ? undefined : encodePolicy(policy),
  );
  feed(collections.services, addresses, ({ service }) =>
    encodeResource(addressCodec, { kind: 'service', service }),
  );
  feed(collections.podWorkloads, addresses, (workload) =>
    encodeResource(addressCodec, { kind: 'workload', workload }),
  );
  feed(collections.otherWorkloads, addresses, (workload) =>
    encodeResource(addressCodec, { kind: 'workload', workload }),
  );
  feed(collections.enrolments, enrolments, ({ pod, node }) => ({
    ...encodeResource(enrolmentPodCodec, pod),
    audiences: new Set([node]),
  }));
  for (const collection of [collections.namespaceMemberships, collections.memberships])
    feed(collection, memberships, ({ membership, node }) => ({
      ...encodeResource(membershipCodec, membership),
      ...(node === undefined ? {} : { audiences: new Set([node]) }),
    }));
  subscriptions.push(publishWaypointResources(collections, server, log));
  // Workloads list it only while there is something that could make one strict.
  subscriptions.push(
    collections.peerObjects.changes.subscribe(() => {
      if (collections.peerObjects.size > 0) policies.apply({ upserts: [strict] });
      else policies.apply({ removed: [strict.name] });
    }),
  );

  return {
    addressChange: () => addresses.apply({}),
    publishBundle(bundle) {
      bundles.apply({ upserts: [encodeResource(trustBundleCodec, bundle)] });
    },
    bundleChange: () => bundles.apply({}),
    stop() {
      for (const unsubscribe of subscriptions.splice(0)) unsubscribe();
    },
  };
}
