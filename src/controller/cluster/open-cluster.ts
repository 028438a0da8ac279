import { type Clock, type Closable, createClosableStack, type Logger } from '../../base/index.ts';
import type { AuthorityFiles, AuthorityMaterial } from '../../identity/index.ts';
import {
  type AuthorityPlace,
  createRecordNews,
  createSecretFiles,
  mountedAuthority,
  secretAuthority,
} from '../authority/index.ts';
import { ControllerError } from '../errors.ts';
import { createKubernetesApi, type KubernetesAccess, type KubernetesApi } from '../kubernetes/index.ts';
import { createLeaderElection, type LeaderElection } from '../leadership/index.ts';
import { type ControllerSink, createKubernetesSink } from '../sink/index.ts';
import { createKubernetesSource, type ObjectSource } from '../sources/index.ts';
import { createTokenReviewVerifier, type TokenVerifier } from '../tokens/index.ts';
import { reviewerOf } from './review-token.ts';
import { ROOT_CONFIG_MAP } from './root-config-map.ts';

/** Which cluster, and who this controller is in it. */
export interface ClusterOptions {
  readonly access: KubernetesAccess;
  /** Of the mesh's own objects. */
  readonly namespace: string;
  /** Which replica this is: its pod's name. */
  readonly instance: string;
  readonly trustDomain: string;
  /** A mounted volume with the authority that is to sign. Default: the Secret `nodemesh-ca`, made when there is none. */
  readonly authorityFolder?: string | undefined;
  /** How long a new root is trusted before it signs: longer than a mounted ConfigMap takes to arrive. Default 2 min. */
  readonly rootOverlapMs?: number | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What a controller is given by the cluster that it is in. */
export interface Cluster extends Closable {
  readonly api: KubernetesApi;
  readonly namespace: string;
  readonly instance: string;
  readonly source: ObjectSource;
  readonly sink: ControllerSink;
  readonly tokens: TokenVerifier;
  /** Not a candidate before it is started. */
  readonly leadership: LeaderElection;
  readonly authority: {
    readonly place: AuthorityPlace;
    readonly files: AuthorityFiles;
    /** Asked for where there is no authority yet. Rejects when none is handed in that can be used. */
    readonly begin: () => Promise<AuthorityMaterial>;
    readonly overlapMs: number;
    readonly everyMs: number;
  };
}

/**
 * What a controller needs of the API server, and where its authority is there. Writes go through a client of their own, so
 * that leases, tokens and objects never wait behind them, and so does what proxies and strangers can make it ask: who sends
 * tokens must take neither the lease nor the news of objects from it. Nothing is asked for yet.
 */
export function openCluster(options: ClusterOptions): Cluster {
  const {
    access,
    namespace,
    instance,
    trustDomain,
    clock,
    log,
    rootOverlapMs: overlapMs = 120_000,
  } = options;
  const owned = createClosableStack();
  try {
    const api = owned.own(createKubernetesApi({ access, clock }));
    const writer = owned.own(createKubernetesApi({ access, clock }));
    const reviewer = owned.own(createKubernetesApi({ access, clock, limits: REVIEWS }));
    const strangers = owned.own(createKubernetesApi({ access, clock, limits: REVIEWS_OF_STRANGERS }));
    const everyMs = Math.min(LOOK_MS, Math.max(200, overlapMs / 8));
    const secret = secretAuthority({ api, namespace, name: 'nodemesh-ca', trustDomain, clock, log });
    const place = options.authorityFolder === undefined ? secret : mountedAuthority(options.authorityFolder);
    const begin = async (): Promise<AuthorityMaterial> => {
      const found = (await place.read()) ?? (place === secret ? await secret.make() : undefined);
      if (found === undefined) throw noAuthority(place.name);
      return found;
    };
    const source = createKubernetesSource({ api, clock, log });
    const news = createRecordNews({ api, namespace, name: ROOT_CONFIG_MAP, source, log });
    owned.own({ close: async () => news.stop(), destroy: news.stop });
    const files = owned.own(
      createSecretFiles({ api, namespace, name: 'nodemesh-authority', everyMs, news, clock, log }),
    );
    const leadership = createLeaderElection({
      ...{ api, namespace, clock, log },
      name: 'nodemesh-controller',
      // A pod's name comes again with each start of its container.
      identity: `${instance}_${crypto.randomUUID().slice(0, 8)}`,
    });
    return {
      api,
      namespace,
      instance,
      source,
      sink: createKubernetesSink({ api: writer, instance, clock, log }),
      tokens: createTokenReviewVerifier({
        review: reviewerOf(reviewer),
        reviewStranger: reviewerOf(strangers),
        clock,
      }),
      leadership,
      authority: { place, files, begin, overlapMs, everyMs },
      close: () => owned.close(),
      destroy: (cause) => owned.destroy(cause),
    };
  } catch (error) {
    owned.destroy();
    throw error;
  }
}

function noAuthority(place: string): ControllerError {
  return new ControllerError({
    code: 'ERR_CONTROLLER_AUTHORITY',
    blame: 'local',
    message: `expected an authority in ${place}, got none`,
    hint: 'ca-cert.pem, ca-key.pem, cert-chain.pem and root-cert.pem, or tls.crt, tls.key and ca.crt',
  });
}

/** Each of some thousand proxies is asked about every ten seconds. */
const REVIEWS = { inFlight: 32, perSecond: 300, burst: 300 };
/** Those who come anew: after a start of the controller all do, and after that few. */
const REVIEWS_OF_STRANGERS = { inFlight: 16, perSecond: 100, burst: 200 };
/** How often is looked for another authority, and for what other replicas did with it. */
const LOOK_MS = 5_000;
