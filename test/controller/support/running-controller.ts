import { mkdir, mkdtemp, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Test } from 'tap';
import { createSignal } from '../../../src/base/index.ts';
import {
  type Controller,
  type ControllerOptions,
  createController,
  resolveControllerConfig,
} from '../../../src/controller/index.ts';
import type { ControllerSink } from '../../../src/controller/sink/index.ts';
import {
  type AuthorizationPolicy,
  type EnrolmentPod,
  type Membership,
  type Service,
  serviceKey,
  type TrustBundle,
  type Workload,
} from '../../../src/model/index.ts';
import {
  addressCodec,
  authorizationCodec,
  createGrpcClient,
  enrolmentPodCodec,
  membershipCodec,
  type GrpcClient,
  trustBundleCodec,
} from '../../../src/wire/index.ts';
import {
  ADDRESS_TYPE,
  AUTHORIZATION_TYPE,
  createDeltaClient,
  ENROLMENT_POD_TYPE,
  MEMBERSHIP_TYPE,
  resourceSubscription,
  TRUST_BUNDLE_TYPE,
} from '../../../src/xds/index.ts';

export interface TokenParts {
  readonly namespace?: string;
  readonly account?: string;
  readonly pod?: string;
  readonly podUid?: string;
  readonly node?: string;
  readonly audience?: string;
  readonly lifetimeS?: number;
}

/** A controller on a directory of its own, with keys to make tokens and a sink that remembers. */
export interface RunningController {
  readonly controller: Controller;
  readonly directory: string;
  /** What was written back: `annotate shop/cart {…}`. */
  readonly writes: string[];
  /** Writes one manifest, whole. */
  apply(name: string, object: unknown): Promise<void>;
  remove(name: string): Promise<void>;
  token(parts?: TokenParts): Promise<string>;
  client(token?: () => Promise<string>): GrpcClient;
  /** A node proxy's view of the mesh. */
  connect(node: string): Promise<NodeView>;
  adminUrl(path: string): string;
}

export interface NodeView {
  readonly client: GrpcClient;
  readonly workloads: ReadonlyMap<string, Workload>;
  readonly services: ReadonlyMap<string, Service>;
  readonly policies: ReadonlyMap<string, AuthorizationPolicy>;
  readonly enrolments: ReadonlyMap<string, EnrolmentPod>;
  readonly memberships: ReadonlyMap<string, Membership>;
  readonly bundles: ReadonlyMap<string, TrustBundle>;
  /** Waits until the view is so; fails after 5 s. */
  until(what: string, holds: () => boolean): Promise<void>;
}

export async function runController(
  t: Pick<Test, 'teardown'>,
  options: {
    readonly objects?: Readonly<Record<string, unknown>>;
    readonly config?: Partial<ControllerOptions>;
    readonly sink?: ControllerSink;
  } = {},
): Promise<RunningController> {
  const directory = await mkdtemp(join(tmpdir(), 'nodemesh-controller-'));
  // Runs last, after what is registered later: also when the controller does not start, or does not close.
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const manifests = join(directory, 'objects');
  await mkdir(manifests);
  const keys = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256' };
  await writeFile(join(directory, 'jwks.json'), JSON.stringify({ keys: [jwk] }));
  const apply = async (name: string, object: unknown): Promise<void> => {
    const temporary = join(manifests, `.${name}.tmp`);
    await writeFile(temporary, JSON.stringify(object));
    await rename(temporary, join(manifests, `${name}.yaml`));
  };
  for (const [name, object] of Object.entries(options.objects ?? {})) await apply(name, object);

  const writes: string[] = [];
  const remember = (kind: string) => async (change: { namespace: string; name: string }) => {
    const { namespace, name, ...rest } = change;
    writes.push(`${kind} ${namespace}/${name} ${JSON.stringify(rest)}`);
  };
  const rememberObject =
    (verb: string) =>
    async ({ kind, metadata }: { kind: string; metadata: { namespace: string; name: string } }) => {
      writes.push(`${verb} ${kind} ${metadata.namespace}/${metadata.name}`);
    };
  const sink: ControllerSink = options.sink ?? {
    annotatePod: remember('annotate'),
    setStatus: remember('status'),
    recordEvent: remember('event'),
    applyObject: rememberObject('apply'),
    deleteObject: rememberObject('delete'),
  };
  const config = resolveControllerConfig({
    manifestsDirectory: manifests,
    caDirectory: join(directory, 'ca'),
    jwksFile: join(directory, 'jwks.json'),
    listen: { host: '127.0.0.1', port: 0 },
    adminListen: { host: '127.0.0.1', port: 0 },
    serverNames: ['localhost', '127.0.0.1'],
    ...options.config,
  });
  const controller = createController(config, { sink });
  await controller.start();

  const open: { close(): Promise<void> }[] = [];
  t.teardown(async () => {
    for (const one of open.reverse()) await one.close();
    await controller.close();
  });

  const token = (parts: TokenParts = {}): Promise<string> => {
    const { namespace = 'nodemesh-system', account = 'ztunnel', node = 'node-1' } = parts;
    const { pod = `ztunnel-${node}`, podUid = `uid-${node}`, audience = 'istio-ca', lifetimeS = 600 } = parts;
    return new SignJWT({
      'kubernetes.io': {
        namespace,
        serviceaccount: { name: account, uid: 'a' },
        ...(pod === '' ? {} : { pod: { name: pod, uid: podUid } }),
        ...(node === '' ? {} : { node: { name: node, uid: 'n' } }),
      },
    })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setSubject(`system:serviceaccount:${namespace}:${account}`)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(Math.floor(Date.now() / 1000) + lifetimeS)
      .sign(keys.privateKey);
  };
  const client = (tokenOf: () => Promise<string> = () => token()): GrpcClient => {
    const grpc = createGrpcClient({
      address: `127.0.0.1:${controller.addresses.grpc?.port}`,
      serverName: 'localhost',
      roots: {
        read: () => readFile(join(directory, 'ca', 'root-cert.pem'), 'utf8'),
        changes: createSignal<void>(),
      },
      token: tokenOf,
      clusterId: 'Kubernetes',
    });
    open.push(grpc);
    return grpc;
  };

  return {
    controller,
    directory,
    writes,
    apply,
    remove: (name) => unlink(join(manifests, `${name}.yaml`)),
    token,
    client,
    async connect(node) {
      const view = await connectNode(
        client(() => token({ node })),
        node,
      );
      open.push(view);
      return view;
    },
    adminUrl: (path) => `http://127.0.0.1:${controller.addresses.admin?.port}${path}`,
  };
}

async function connectNode(client: GrpcClient, node: string): Promise<NodeView & { close(): Promise<void> }> {
  const workloads = new Map<string, Workload>();
  const services = new Map<string, Service>();
  const policies = new Map<string, AuthorizationPolicy>();
  const enrolments = new Map<string, EnrolmentPod>();
  const memberships = new Map<string, Membership>();
  const bundles = new Map<string, TrustBundle>();
  const mirror = <T>(typeUrl: string, map: Map<string, T>, decode: (bytes: Uint8Array) => T) =>
    resourceSubscription<T>({
      typeUrl,
      decode,
      onUpdate({ upserts, removed }) {
        for (const name of removed) map.delete(name);
        for (const { name, resource } of upserts) map.set(name, resource);
        return undefined;
      },
    });
  const delta = createDeltaClient({
    transport: client.xdsTransport,
    node: { id: `ztunnel~127.0.0.1~${node}`, metadata: {} },
    types: [
      resourceSubscription({
        typeUrl: ADDRESS_TYPE,
        decode: addressCodec.decode,
        onUpdate({ upserts, removed }) {
          for (const name of removed) {
            workloads.delete(name);
            services.delete(name);
          }
          for (const { name, resource } of upserts) {
            if (resource.kind === 'workload') workloads.set(name, resource.workload);
            else
              services.set(
                serviceKey(resource.service.namespace, resource.service.hostname),
                resource.service,
              );
          }
          return undefined;
        },
      }),
      mirror(AUTHORIZATION_TYPE, policies, authorizationCodec.decode),
      mirror(ENROLMENT_POD_TYPE, enrolments, enrolmentPodCodec.decode),
      mirror(MEMBERSHIP_TYPE, memberships, membershipCodec.decode),
      mirror(TRUST_BUNDLE_TYPE, bundles, trustBundleCodec.decode),
    ],
  });
  delta.start();
  await delta.ready;
  return {
    client,
    workloads,
    services,
    policies,
    enrolments,
    memberships,
    bundles,
    async until(what, holds) {
      for (let round = 0; !holds(); round++) {
        if (round === 500) throw new Error(`waited 5 s for: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    close: () => delta.close(),
  };
}
