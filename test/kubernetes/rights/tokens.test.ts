import { generateKeyPairSync } from 'node:crypto';
import { type Test, test } from 'tap';
import { describeError } from '../../../src/base/index.ts';
import { createSigningRequest } from '../../../src/identity/index.ts';
import { workloadIdentity } from '../../../src/model/index.ts';
import { trustBundleCodec } from '../../../src/wire/index.ts';
import { createDeltaClient, resourceSubscription, TRUST_BUNDLE_TYPE } from '../../../src/xds/index.ts';
import { signJwt } from '../../support/kubernetes-cluster/start-cluster.ts';
import { type ControllerProcess, startController } from '../support/controller-process.ts';
import { installMesh, kubeconfigWith, runPod, SYSTEM, tokenOf } from '../support/installed-mesh.ts';
import { eventually, type Kubectl, kubectlOf } from '../support/kubectl.ts';
import { openNodeClient } from '../support/node-client.ts';
import { needsOwnCluster, startOwnCluster } from '../support/own-cluster.ts';

interface Refused {
  readonly token: string;
  /** Of a certificate for a pod of node-1. */
  readonly code: string;
  /** In the answer, and in the log. */
  readonly reason: RegExp;
  /** Whether streams are refused too: it is about the token, not about what is asked for. */
  readonly everywhere: boolean;
}

const ZTUNNEL = { namespace: SYSTEM, account: 'ztunnel', audience: 'istio-ca' } as const;
const NOT_AUTHENTICATED = { code: 'ERR_WIRE_UNAUTHENTICATED', everywhere: true } as const;
const NOT_ALLOWED = { code: 'ERR_WIRE_PERMISSION_DENIED', everywhere: false } as const;

test(
  'only the token of the ztunnel of a pod’s node gets its certificate; each other one is refused, and the log says why',
  needsOwnCluster(),
  async (t) => {
    const cluster = await startOwnCluster(t);
    const kubectl = kubectlOf(cluster.kubeconfig);
    await installMesh(kubectl);
    const token = await tokenOf(kubectl, { namespace: SYSTEM, account: 'nodemesh-controller' });
    const controller = await startController(t, {
      kubeconfig: await kubeconfigWith(kubectl, t.testdir({}), token),
      name: 'controller-a',
    });
    await eventually('it leads', controller.leads);
    const ztunnel = async (name: string, node: string): Promise<string> => {
      await runPod(kubectl, { node, namespace: SYSTEM, name, account: 'ztunnel', address: '192.0.2.1' });
      return await tokenOf(kubectl, { ...ZTUNNEL, pod: name });
    };
    await runPod(kubectl, {
      node: 'node-1',
      namespace: 'shop',
      name: 'cart',
      account: 'cart',
      address: '10.1.0.9',
    });
    const good = await ztunnel('ztunnel-1', 'node-1');
    const elsewhere = await ztunnel('ztunnel-2', 'node-2');
    const ofGone = await ztunnel('ztunnel-gone', 'node-1');
    await kubectl.must(['delete', 'pod', 'ztunnel-gone', '-n', SYSTEM, '--force', '--grace-period=0']);
    const claims = claimsOf(good);
    const stranger = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const [header = '', , signature = ''] = good.split('.');
    const asOther = Buffer.from(JSON.stringify({ ...claims, sub: 'system:serviceaccount:shop:cart' }));
    const nowSeconds = Math.floor(Date.now() / 1000);

    const ask = (one: string) => askFor(t, { kubectl, controller, token: one });
    t.same(
      await ask(cluster.signToken(claims)),
      { certificate: 'given', stream: 'served' },
      'signed here is as good',
    );
    t.same(await ask(good), { certificate: 'given', stream: 'served' }, 'the ztunnel of the node');
    const refused: Readonly<Record<string, Refused>> = {
      expired: {
        ...NOT_AUTHENTICATED,
        token: cluster.signToken({
          ...claims,
          iat: nowSeconds - 7_200,
          nbf: nowSeconds - 7_200,
          exp: nowSeconds - 3_600,
        }),
        reason: /the token is refused: .*expired/,
      },
      'for another audience': {
        ...NOT_AUTHENTICATED,
        token: await tokenOf(kubectl, { ...ZTUNNEL, audience: 'vault', pod: 'ztunnel-1' }),
        reason: /the token is refused: .*audience/,
      },
      'for the API server itself': {
        ...NOT_AUTHENTICATED,
        token: await tokenOf(kubectl, { namespace: SYSTEM, account: 'ztunnel', pod: 'ztunnel-1' }),
        reason: /the token is refused: .*audience/,
      },
      'of a pod that was deleted': { ...NOT_AUTHENTICATED, token: ofGone, reason: /the token is refused: ./ },
      'signed by somebody else': {
        ...NOT_AUTHENTICATED,
        token: signJwt(claims, stranger.privateKey),
        reason: /the token is refused: ./,
      },
      'changed after it was signed': {
        ...NOT_AUTHENTICATED,
        token: [header, asOther.toString('base64url'), signature].join('.'),
        reason: /the token is refused: ./,
      },
      'no token at all': { ...NOT_AUTHENTICATED, token: 'let-me-in', reason: /the token is refused: ./ },
      'not bound to a pod': {
        ...NOT_ALLOWED,
        token: await tokenOf(kubectl, ZTUNNEL),
        reason: /expected a token that is bound to a pod and its node/,
      },
      'of another account on the node': {
        ...NOT_ALLOWED,
        token: await tokenOf(kubectl, {
          namespace: 'shop',
          account: 'cart',
          audience: 'istio-ca',
          pod: 'cart',
        }),
        reason: /shop\/cart is no node proxy, so it may ask for its own identity only/,
      },
      'of the ztunnel of another node': {
        ...NOT_ALLOWED,
        token: elsewhere,
        reason: /no pod with the service account shop\/cart is on the node node-2/,
      },
    };
    for (const [name, { token: bad, code, reason, everywhere }] of Object.entries(refused)) {
      const since = controller.log.length;
      const answer = await ask(bad);
      t.match(
        answer,
        { certificate: { code, message: reason }, stream: everywhere ? reason : 'served' },
        name,
      );
      const isSaid = (): boolean =>
        controller.log
          .slice(since)
          .some(({ message, error }) => /refused/.test(message) && reason.test(String(error)));
      await eventually(`the log says why: ${name}`, isSaid, () =>
        JSON.stringify(controller.log.slice(since)),
      );
    }
    t.notOk(JSON.stringify(controller.log).includes(signature), 'no token is in the log');
  },
);

/** What comes of asking for the certificate of a pod of node-1, and for a stream. */
async function askFor(
  t: Test,
  {
    kubectl,
    controller,
    token,
  }: { readonly kubectl: Kubectl; readonly controller: ControllerProcess; readonly token: string },
): Promise<{ readonly certificate: unknown; readonly stream: unknown }> {
  const client = await openNodeClient(t, kubectl, { address: controller.grpc, token });
  const impersonated = workloadIdentity({
    trustDomain: 'cluster.local',
    namespace: 'shop',
    serviceAccount: 'cart',
  });
  const { csrPem } = await createSigningRequest(impersonated);
  const certificate = await client.createCertificate({ csrPem, ttlMs: 0, impersonated }).then(
    () => 'given',
    (error: unknown) => error,
  );
  const delta = createDeltaClient({
    transport: client.xdsTransport,
    node: { id: 'ztunnel~192.0.2.1~node-1', metadata: {} },
    types: [
      resourceSubscription({
        typeUrl: TRUST_BUNDLE_TYPE,
        decode: trustBundleCodec.decode,
        onUpdate: () => undefined,
      }),
    ],
  });
  const ended = new Promise<unknown>((resolve) => {
    delta.terminations.subscribe((termination) => resolve(describeError(termination.error)));
  });
  delta.start();
  const stream = await Promise.race([delta.ready.then(() => 'served'), ended]);
  delta.ready.catch(() => undefined);
  await delta.close();
  await client.close();
  return { certificate, stream };
}

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  const [, payload = ''] = token.split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Readonly<Record<string, unknown>>;
}
