import { createSignal, type SignalSource } from '../../../src/base/index.ts';
import {
  ADDRESS_TYPE,
  AUTHORIZATION_TYPE,
  createDeltaClient,
  createDeltaServer,
  type DeltaClient,
  type DeltaServer,
  ENROLMENT_POD_TYPE,
  type ResourceUpdate,
  resourceSubscription,
} from '../../../src/xds/index.ts';
import {
  createGrpcClient,
  type GrpcClient,
  type GrpcClientOptions,
  type GrpcServer,
  type GrpcServerOptions,
  type GrpcServices,
  startGrpcServer,
  WireError,
} from '../../../src/wire/index.ts';
import { createTestAuthority, type TestAuthority } from './certificates.ts';

export const SERVER_NAME = 'controller.test';

export interface TestCaller {
  readonly name: string;
}

/** A server on loopback whose tokens are `token-of-<name>`, with a way to connect to it. */
export interface TestController {
  readonly authority: TestAuthority;
  readonly deltaServer: DeltaServer;
  readonly grpcServer: GrpcServer;
  readonly rootChanges: SignalSource<void>;
  client(options?: Partial<GrpcClientOptions>): GrpcClient;
  close(): Promise<void>;
}

export async function startTestController(
  options: Partial<GrpcServerOptions<TestCaller>> & {
    readonly maxResponseBytes?: number;
    readonly sendTimeoutMs?: number;
    readonly maxNamesPerStream?: number;
    readonly admit?: GrpcServices<TestCaller>['admit'];
  } = {},
): Promise<TestController> {
  const authority = await createTestAuthority();
  const deltaServer = createDeltaServer({
    types: [ADDRESS_TYPE, AUTHORIZATION_TYPE, ENROLMENT_POD_TYPE],
    ...(options.maxResponseBytes === undefined ? {} : { maxResponseBytes: options.maxResponseBytes }),
    ...(options.maxNamesPerStream === undefined ? {} : { maxNamesPerStream: options.maxNamesPerStream }),
    ...(options.sendTimeoutMs === undefined ? {} : { sendTimeoutMs: options.sendTimeoutMs }),
  });
  const grpcServer = await startGrpcServer<TestCaller>({
    listen: { host: '127.0.0.1', port: 0 },
    certificate: await authority.serverCertificate(SERVER_NAME),
    async authenticate(token) {
      const name = /^token-of-(.+)$/.exec(token)?.[1];
      if (name === undefined) throw new Error('unknown token');
      return { name };
    },
    services: {
      callerKey: ({ name }) => name,
      admit: options.admit,
      xds: (stream, caller) => deltaServer.serve(stream, { id: caller.name, audience: caller.name }),
      async certificates(request, caller) {
        const wanted = request.impersonated?.namespace ?? 'nothing';
        if (wanted === 'forbidden') {
          throw new WireError({
            code: 'ERR_WIRE_PERMISSION_DENIED',
            blame: 'downstream',
            message: `${caller.name} has no pod in ${wanted}`,
          });
        }
        return { chainPem: [request.csrPem, caller.name, wanted, String(request.ttlMs)] };
      },
      async nodeReports(report, caller) {
        return { acknowledged: report.node === caller.name };
      },
      observations: async ({ batch }) => ({
        acknowledged: batch.upTo,
        requestsFollowed: false,
        meshDashboardUrl: '',
      }),
    },
    ...options,
  });
  const rootChanges = createSignal<void>();
  return {
    authority,
    deltaServer,
    grpcServer,
    rootChanges,
    client: (overrides = {}) =>
      createGrpcClient({
        address: `127.0.0.1:${grpcServer.address.port}`,
        serverName: SERVER_NAME,
        roots: { read: async () => authority.rootPem, changes: rootChanges },
        token: async () => 'token-of-node-1',
        clusterId: 'Kubernetes',
        ...overrides,
      }),
    async close() {
      await grpcServer.close();
      await deltaServer.close();
    },
  };
}

export interface RecordingClient {
  readonly client: DeltaClient;
  readonly updates: ResourceUpdate<string>[];
  /** Resolves when `count` updates in all have been applied. */
  reached(count: number): Promise<void>;
}

/** Subscribes to addresses whose bytes are taken as text. */
export function recordingClient(grpcClient: GrpcClient, typeUrl: string = ADDRESS_TYPE): RecordingClient {
  const updates: ResourceUpdate<string>[] = [];
  const waiting: { readonly count: number; resolve(): void }[] = [];
  const client = createDeltaClient({
    transport: grpcClient.xdsTransport,
    node: { id: 'ztunnel~127.0.0.1~z.mesh~mesh.svc.cluster.local', metadata: {} },
    types: [
      resourceSubscription<string>({
        typeUrl,
        decode: (bytes) => Buffer.from(bytes).toString(),
        onUpdate(update) {
          updates.push(update);
          for (const waiter of waiting) if (updates.length >= waiter.count) waiter.resolve();
          return undefined;
        },
      }),
    ],
  });
  return {
    client,
    updates,
    reached: (count) =>
      new Promise((resolve) => {
        if (updates.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
  };
}
