import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Authority, openAuthority } from '../../../src/identity/index.ts';
import type {
  AuthorizationPolicy,
  EnrolmentPod,
  EnrolmentState,
  Membership,
  Service,
  Workload,
  WorkloadUid,
} from '../../../src/model/index.ts';
import {
  addressCodec,
  authorizationCodec,
  encodeResource,
  enrolmentPodCodec,
  membershipCodec,
  startGrpcServer,
  trustBundleCodec,
} from '../../../src/wire/index.ts';
import {
  ADDRESS_TYPE,
  AUTHORIZATION_TYPE,
  type Change,
  createDeltaServer,
  ENROLMENT_POD_TYPE,
  MEMBERSHIP_TYPE,
  TRUST_BUNDLE_TYPE,
} from '../../../src/xds/index.ts';

/** What a controller is to node proxies, and no more: resources by hand, real wire, real certificates. */
export interface TestController {
  readonly directory: string;
  readonly authority: Authority;
  readonly port: number;
  /** Every state that nodes have told, in order. */
  readonly reports: readonly {
    readonly uid: WorkloadUid;
    readonly state: EnrolmentState;
    readonly error: string;
  }[];
  setWorkload(workload: Workload): Change;
  /** It is gone, not only out of the mesh. */
  removeWorkload(uid: WorkloadUid): Change;
  setService(service: Service): Change;
  setPolicy(policy: AuthorizationPolicy): Change;
  removePolicy(key: string): Change;
  enrol(pod: EnrolmentPod, node: string): void;
  unenrol(uid: WorkloadUid): void;
  /** To one node, or to all. */
  setMembership(membership: Membership, node?: string): void;
  /** All proxies have it. */
  acknowledged(change: Change): Promise<boolean>;
  /** Stops serving; a later `start` serves on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** `istioTypesOnly`: it knows and answers no more than an istiod does. */
export async function startTestController(
  options: { readonly istioTypesOnly?: boolean } = {},
): Promise<TestController> {
  const directory = mkdtempSync(join(tmpdir(), 'ztunnel-test-'));
  const authority = await openAuthority({
    directory: join(directory, 'ca'),
    trustDomain: 'cluster.local',
  });
  writeFileSync(join(directory, 'root.pem'), authority.bundle().rootsPem.join(''));
  const ownTypes =
    options.istioTypesOnly === true ? [] : [ENROLMENT_POD_TYPE, MEMBERSHIP_TYPE, TRUST_BUNDLE_TYPE];
  const delta = createDeltaServer({ types: [ADDRESS_TYPE, AUTHORIZATION_TYPE, ...ownTypes] });
  const workloads = new Map<WorkloadUid, Workload>();
  const reports: { uid: WorkloadUid; state: EnrolmentState; error: string }[] = [];
  const told = new Map<WorkloadUid, EnrolmentState>();

  const setWorkload = (workload: Workload): Change => {
    workloads.set(workload.uid, workload);
    const upserts = [encodeResource(addressCodec, { kind: 'workload' as const, workload })];
    return delta.cache(ADDRESS_TYPE).apply({ upserts });
  };
  const announce = async (uid: WorkloadUid, state: EnrolmentState): Promise<boolean> => {
    const workload = workloads.get(uid);
    if (workload === undefined || state === 'failed') return true;
    const isInside = state === 'prepared' || state === 'sending' || state === 'captured';
    const tunnelProtocol = isInside ? ('hbone' as const) : ('none' as const);
    return delta.acknowledged(setWorkload({ ...workload, tunnelProtocol }), { timeoutMs: 1_000 });
  };
  const publishBundle = (): void => {
    if (options.istioTypesOnly === true) return;
    const bundle = encodeResource(trustBundleCodec, authority.bundle());
    delta.cache(TRUST_BUNDLE_TYPE).apply({ upserts: [bundle] });
  };
  publishBundle();
  const unsubscribe = authority.bundleChanges.subscribe(publishBundle);

  let port = 0;
  const serve = async () => {
    const server = await startGrpcServer<{ readonly node: string }>({
      listen: { host: '127.0.0.1', port },
      certificate: await authority.serverCertificate({ dnsNames: ['controller.test'], ipAddresses: [] }),
      authenticate: async (token) => ({ node: token }),
      services: {
        xds: (stream, { node }) => delta.serve(stream, { id: node, audience: node }),
        certificates: async ({ csrPem, ttlMs, impersonated }) => {
          if (impersonated === undefined) throw new Error('nodes ask for their pods');
          const { chainPem } = await authority.issue({ csrPem, identity: impersonated, ttlMs });
          return { chainPem };
        },
        nodeReports: async ({ pods }) => {
          if (options.istioTypesOnly === true) throw new Error('an istiod takes no reports');
          const news = pods.filter(({ uid, state }) => told.get(uid) !== state);
          for (const { uid, state, error } of news) {
            told.set(uid, state);
            reports.push({ uid, state, error });
          }
          const all = await Promise.all(news.map(({ uid, state }) => announce(uid, state)));
          return { acknowledged: all.every(Boolean) };
        },
        observations: async ({ batch }) => ({
          acknowledged: batch.upTo,
          requestsFollowed: false,
          meshDashboardUrl: '',
        }),
      },
    });
    port = server.address.port;
    return server;
  };
  let server: Awaited<ReturnType<typeof serve>> | undefined = await serve();

  return {
    directory,
    authority,
    get port() {
      return port;
    },
    reports,
    setWorkload,
    removeWorkload(uid) {
      workloads.delete(uid);
      return delta.cache(ADDRESS_TYPE).apply({ removed: [uid] });
    },
    setService(service) {
      const upserts = [encodeResource(addressCodec, { kind: 'service' as const, service })];
      return delta.cache(ADDRESS_TYPE).apply({ upserts });
    },
    setPolicy: (policy) =>
      delta.cache(AUTHORIZATION_TYPE).apply({ upserts: [encodeResource(authorizationCodec, policy)] }),
    removePolicy: (key) => delta.cache(AUTHORIZATION_TYPE).apply({ removed: [key] }),
    enrol(pod, node) {
      const resource = { ...encodeResource(enrolmentPodCodec, pod), audiences: new Set([node]) };
      delta.cache(ENROLMENT_POD_TYPE).apply({ upserts: [resource] });
    },
    setMembership(membership, node) {
      const resource = encodeResource(membershipCodec, membership);
      const upserts = [node === undefined ? resource : { ...resource, audiences: new Set([node]) }];
      delta.cache(MEMBERSHIP_TYPE).apply({ upserts });
    },
    unenrol: (uid) => void delta.cache(ENROLMENT_POD_TYPE).apply({ removed: [uid] }),
    acknowledged: (change) => delta.acknowledged(change, { timeoutMs: 5_000 }),
    async stop() {
      server?.destroy();
      await server?.close();
      server = undefined;
    },
    async start() {
      server ??= await serve();
    },
    async close() {
      unsubscribe();
      server?.destroy();
      await server?.close();
      await delta.close();
      await authority.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
