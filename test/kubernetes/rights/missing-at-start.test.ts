import { test } from 'tap';
import { createSigningRequest } from '../../../src/identity/index.ts';
import { workloadIdentity } from '../../../src/model/index.ts';
import { spawnController, startController } from '../support/controller-process.ts';
import { openControllerRoles } from '../support/controller-roles.ts';
import { installMesh, kubeconfigWith, runPod, SYSTEM, tokenOf } from '../support/installed-mesh.ts';
import { eventually, kubectlOf } from '../support/kubectl.ts';
import { openNodeClient } from '../support/node-client.ts';
import type { LogLine } from '../support/nodemesh-process.ts';
import { needsOwnCluster, startOwnCluster } from '../support/own-cluster.ts';

/** Without these there is no authority, so nothing that could be served. */
const ENDS = [
  'create secrets.',
  'get secrets. nodemesh-ca',
  'get secrets. nodemesh-authority',
  'patch secrets. nodemesh-authority',
];

/** Without these something is left out until they are given. */
const LEFT_OUT: readonly { readonly right: string; readonly said: string; readonly afterwards: string }[] = [
  { right: 'get secrets. nodemesh-webhook', said: 'webhook is not served', afterwards: 'webhook is served' },
  {
    right: 'get leases.coordination.k8s.io nodemesh-controller',
    said: 'the lease cannot be reached',
    afterwards: 'this replica leads',
  },
  {
    right: 'create leases.coordination.k8s.io',
    said: 'the lease cannot be reached',
    afterwards: 'this replica leads',
  },
  {
    right: 'update leases.coordination.k8s.io nodemesh-controller',
    said: 'the lease cannot be reached',
    afterwards: 'the lease can be reached again',
  },
  {
    right: 'create configmaps.',
    said: 'root certificates not written',
    afterwards: 'root certificates written',
  },
  ...['get', 'patch'].map((verb) => ({
    right: `${verb} validatingwebhookconfigurations.admissionregistration.k8s.io nodemesh`,
    said: 'webhook certificate not looked after',
    afterwards: 'the API server trusts the webhook',
  })),
];

test(
  'a right that is missing when the controller starts is named; it ends where it could serve nothing, else it goes on',
  needsOwnCluster(),
  async (t) => {
    const { kubeconfig: admin } = await startOwnCluster(t);
    const kubectl = kubectlOf(admin);
    await installMesh(kubectl);
    const roles = await openControllerRoles(kubectl);
    const token = await tokenOf(kubectl, { namespace: SYSTEM, account: 'nodemesh-controller' });
    const kubeconfig = await kubeconfigWith(kubectl, t.testdir({}), token);
    /** As it was before any controller ran. */
    const anew = async (): Promise<void> => {
      await kubectl.must(['delete', 'secrets,leases', '--all', '-n', SYSTEM]);
      await kubectl.must(['delete', 'configmap', 'nodemesh-root-cert', '-n', SYSTEM, '--ignore-not-found']);
    };

    for (const right of ENDS) {
      await roles.take(right);
      const { log, ended } = spawnController(t, { kubeconfig, name: 'controller-a' });
      t.equal(await ended, 1, right);
      const [verb = ''] = right.split(' ');
      const said = JSON.stringify(log);
      t.match(said, new RegExp(`cannot ${verb} resource \\W+secrets`), 'it says which right');
      t.match(said, /a role of whoever asks needs \{apiGroups/, 'and what to do');
      await roles.giveBack();
    }

    for (const { right, said, afterwards } of LEFT_OUT) {
      await anew();
      await roles.take(right);
      const controller = await startController(t, { kubeconfig, name: 'controller-a' });
      const named = (message: string): readonly LogLine[] =>
        controller.log.filter((line) => line.message === message);
      const seen = (): string => JSON.stringify(controller.log);
      await eventually(`${right}: ${said}`, () => named(said).length > 0, seen);
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      t.match(named(said), [{ 'error.hint': /^a role of whoever asks needs / }], right);
      t.equal(named(said).length, 1, 'said once');
      t.equal(named(afterwards).length, 0);
      await roles.giveBack();
      await eventually(`${right}: ${afterwards}`, () => named(afterwards).length > 0, seen);
      t.equal(await controller.stop(), 0, 'it had never ended');
    }

    await anew();
    const controller = await startController(t, { kubeconfig, name: 'controller-a' });
    await runPod(kubectl, { ...PLACE, namespace: SYSTEM, name: 'ztunnel-x', account: 'ztunnel' });
    await runPod(kubectl, { ...PLACE, namespace: 'shop', name: 'cart', account: 'cart' });
    const client = await openNodeClient(t, kubectl, {
      address: controller.grpc,
      token: await tokenOf(kubectl, {
        namespace: SYSTEM,
        account: 'ztunnel',
        pod: 'ztunnel-x',
        audience: 'istio-ca',
      }),
    });
    const { csrPem } = await createSigningRequest(CART);
    const sign = () => client.createCertificate({ csrPem, ttlMs: 0, impersonated: CART });
    await roles.take('create tokenreviews.authentication.k8s.io');
    await t.rejects(
      sign(),
      {
        code: 'ERR_WIRE_UNAVAILABLE',
        message: /tokens cannot be checked now.*cannot create resource "tokenreviews"/,
      },
      'who cannot be told apart is turned away, and told to come back',
    );
    await roles.giveBack();
    t.ok((await sign()).chainPem.length > 1, 'and let in when it can');
    t.equal(await controller.stop(), 0);
  },
);

const PLACE = { node: 'node-1', address: '10.1.0.9' };
const CART = workloadIdentity({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'cart' });
