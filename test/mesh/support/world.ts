import { ENROLLED, namespace, pod, service } from './objects.ts';
import { type LabUnderTest, type PodName, startLab, type Target } from './lab-under-test.ts';

/** Two namespaces that most mesh tests need, with a client on the first node and a server on the second in each. */
export interface World {
  readonly lab: LabUnderTest;
  client(namespaceName: string): PodName;
  /** The address of a namespace's server pod. */
  serverAddress(namespaceName: string, family?: 4 | 6): Promise<string>;
  /** A namespace's server by its service's name, as Kubernetes resolves it. */
  server(namespaceName: string, port: number): Target;
}

export interface WorldOptions {
  readonly name: string;
  /** Namespaces, and whether each is enrolled from the start. */
  readonly namespaces: Readonly<Record<string, boolean>>;
  readonly more?: readonly object[];
  /** More of what `lab up` takes, such as `--svid-ttl 10s`. */
  readonly upOptions?: readonly string[];
}

export async function startWorld(options: WorldOptions): Promise<World> {
  const objects = Object.entries(options.namespaces).flatMap(([name, enrolled]) => [
    namespace(name, enrolled ? ENROLLED : {}),
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: name, name: 'client' } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: name, name: 'server' } },
    pod({ namespace: name, name: 'client', node: 'node-1', serviceAccount: 'client' }),
    pod({ namespace: name, name: 'server', node: 'node-2', serviceAccount: 'server', program: 'server.ts' }),
    service(name, 'server', { app: 'server' }),
  ]);
  const lab = await startLab(options.name, [...objects, ...(options.more ?? [])], options.upOptions);
  const world: World = {
    lab,
    client: (namespaceName) => ({ namespace: namespaceName, name: 'client' }),
    async serverAddress(namespaceName, family = 4) {
      const text = await lab.lab('get', 'pod', 'server', '-n', namespaceName, '-o', 'json');
      const { status } = JSON.parse(text) as { status: { podIPs: readonly { readonly ip: string }[] } };
      const found = status.podIPs.find(({ ip }) => ip.includes(':') === (family === 6));
      if (found === undefined) throw new Error(`the server of ${namespaceName} has no IPv${family} address`);
      return found.ip;
    },
    server: (namespaceName, port) => ({ host: `server.${namespaceName}.svc.cluster.local`, port }),
  };
  try {
    for (const name of Object.keys(options.namespaces)) await untilServed(world, name);
  } catch (error) {
    await lab.down();
    throw error;
  }
  return world;
}

/** Waits, generously, until the namespace's own client gets an answer from its server. */
export async function untilServed(world: World, namespaceName: string): Promise<void> {
  await until(`the server of ${namespaceName} answers`, async () => {
    const answer = await world.lab.client(
      world.client(namespaceName),
      'echo',
      world.server(namespaceName, 7000),
    );
    return answer.outcome === 'ok';
  });
}

/** Waits, generously, until as many pods of a namespace are enrolled as should be. */
export async function untilEnrolled(world: World, namespaceName: string, pods: number): Promise<void> {
  await until(`${pods} pods of ${namespaceName} are enrolled`, async () => {
    const text = await world.lab.lab('get', 'pods', '-n', namespaceName, '-o', 'json');
    const { items } = JSON.parse(text) as {
      items: readonly { metadata: { annotations?: Readonly<Record<string, string>> } }[];
    };
    const enrolled = items.filter(
      ({ metadata }) => metadata.annotations?.['ambient.istio.io/redirection'] === 'enabled',
    );
    return enrolled.length === pods;
  });
}

/** Tries until `holds` is true; the deadline is a generous one, for a busy machine. */
export async function until(what: string, holds: () => Promise<boolean>, deadlineMs = 60_000): Promise<void> {
  const untilMs = performance.now() + deadlineMs;
  for (;;) {
    if (await holds()) return;
    if (performance.now() > untilMs) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** How long load runs, in seconds: short by default, `NODEMESH_TEST_SECONDS=60` for the full length. */
export const LOAD_SECONDS = Number(process.env.NODEMESH_TEST_SECONDS ?? 15);
