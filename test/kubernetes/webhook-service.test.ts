import { type Test, test } from 'tap';
import {
  createWebhookSecret,
  rotateWebhookSecret,
  writeWebhookSecret,
} from '../../src/controller/webhook/certificate/webhook-secret.ts';
import { findClusterPrograms } from '../support/kubernetes-cluster/assets.ts';
import { startCluster } from '../support/kubernetes-cluster/start-cluster.ts';
import { policy } from '../controller/analysis/support.ts';
import { type ControllerProcess, startController } from './support/controller-process.ts';
import { installMesh, kubeconfigWith, SYSTEM, tokenOf } from './support/installed-mesh.ts';
import { eventually, type Kubectl, kubectlOf } from './support/kubectl.ts';
import { needsOwnCluster } from './support/own-cluster.ts';
import { type ServiceAddress, serveAddress, withLoopbackServices } from './support/service-address.ts';

const NAME = `nodemesh-controller.${SYSTEM}.svc`;
const DAY_MS = 86_400_000;
const BEYOND_OVERLAP_MS = 30 * 60_000;
const WRONG = '{action: PERMIT, rules: [{}]}';
const REFUSED = 'admission webhook "validation.nodemesh.io" denied the request: IST0106';
const CA_BUNDLE = '/webhooks/0/clientConfig/caBundle';
const BUNDLE = 'jsonpath={.webhooks[0].clientConfig.caBundle}';

test(
  'an API server calls the webhook as it is shipped: by its Service, with the certificate that the controller has made',
  needsOwnCluster(),
  async (t) => {
    const { kubectl, address, controller } = await start(t);
    const bundle = () => kubectl.must(['get', 'validatingwebhookconfiguration', 'nodemesh', '-o', BUNDLE]);
    /** Never written: what nobody has judged is taken by a dry run, too. */
    const apply = async (spec = WRONG, ...more: readonly string[]): Promise<string> =>
      (await kubectl(['apply', '--dry-run=server', '-f', '-', ...more], policy(spec))).output;

    await t.test('a Service without an endpoint is passed over', async (t) => {
      t.match(await apply(), /created \(server dry run\)/);
      t.equal(address.connections, 0);
    });

    await address.lead(controller.webhookPort);
    await t.test('what analyze calls an error is refused, what it does not is taken', async (t) => {
      await eventually('the API server knows whom to trust', async () => (await bundle()) !== '');
      let output = '';
      await eventually(
        'the webhook judges',
        async () => {
          output = await apply();
          return output.includes(REFUSED);
        },
        () => output,
      );
      t.match(
        await apply('{rules: [{from: [{source: {namespaces: [shop]}}]}]}'),
        /created \(server dry run\)/,
      );
      t.ok(address.connections > 0);
    });

    await t.test('while its certificate is exchanged nobody is passed over', async (t) => {
      // Half of its life ago this one was made, and the next half an hour ago; what follows is the leader's.
      const nowMs = Date.now();
      const old = await createWebhookSecret(NAME, nowMs - 50 * DAY_MS);
      const due = await rotateWebhookSecret(old, { name: NAME, nowMs: nowMs - BEYOND_OVERLAP_MS });
      if (due?.next === undefined) throw new Error('expected a next certificate, got none');
      const next = Buffer.from(due.next.certificatePem).toString('base64');
      // Whose turn it was is trusted as long as it may be served, as both are in a rotation.
      const bundlePem = `${due.bundlePem}${Buffer.from(await bundle(), 'base64').toString()}`;
      const trusted = Buffer.from(bundlePem).toString('base64');
      await kubectl.must([
        ...['patch', 'secret', 'nodemesh-webhook', '-n', SYSTEM, '--type=merge'],
        ...['-p', JSON.stringify({ data: writeWebhookSecret({ ...due, bundlePem }) })],
      ]);
      await kubectl.must([
        ...['patch', 'validatingwebhookconfiguration', 'nodemesh', '--type=json'],
        ...['-p', JSON.stringify([{ op: 'replace', path: CA_BUNDLE, value: trusted }])],
      ]);
      const served = () =>
        kubectl.must(['get', 'secret', 'nodemesh-webhook', '-n', SYSTEM, '-o', 'jsonpath={.data.tls\\.crt}']);
      const isRefused = async (): Promise<void> => {
        // On a new connection, or an old one would go on with what it has.
        await address.lead(controller.webhookPort);
        t.match(await apply(), REFUSED);
      };
      await eventually('the next one is served', async () => {
        await isRefused();
        return (await served()) === next;
      });
      for (let round = 0; round < 5; round++) await isRefused();
      t.equal(await bundle(), trusted);
    });

    await t.test('a controller that is gone is passed over: refused, cut or silent', async (t) => {
      await controller.stop();
      t.match(await apply(), /created \(server dry run\)/, 'its address is still that of the Service');
      await address.lead('none');
      t.match(await apply(), /created \(server dry run\)/);
      await address.lead('silence');
      t.match(await apply(), /created \(server dry run\)/, 'after the time that it has');
    });

    await t.test('with --webhook-failure-policy Fail it is not', async () => {
      await address.lead('none');
      await kubectl.must([
        ...['patch', 'validatingwebhookconfiguration', 'nodemesh', '--type=json'],
        ...['-p', JSON.stringify([{ op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Fail' }])],
      ]);
      await eventually('the API server knows of it', async () =>
        /failed calling webhook "validation\.nodemesh\.io": .*connection refused/s.test(await apply()),
      );
    });
  },
);

interface Started {
  readonly kubectl: Kubectl;
  readonly address: ServiceAddress;
  readonly controller: ControllerProcess;
}

async function start(t: Test): Promise<Started> {
  const programs = findClusterPrograms(process.env);
  if (typeof programs === 'string') throw new Error(programs);
  const folder = t.testdir({});
  const cluster = await startCluster(withLoopbackServices(programs, folder));
  t.teardown(() => cluster.stop());
  const kubectl = kubectlOf(cluster.kubeconfig);
  await installMesh(kubectl);
  await kubectl.must(['create', 'namespace', 'shop']);
  const service = ['get', 'service', 'nodemesh-controller', '-n', SYSTEM];
  const host = await kubectl.must([...service, '-o', 'jsonpath={.spec.clusterIP}']);
  const port = await kubectl.must([
    ...service,
    ...['-o', 'jsonpath={.spec.ports[?(@.name=="webhook")].port}'],
  ]);
  const address = serveAddress(host, Number(port));
  t.teardown(() => address.close());
  const token = await tokenOf(kubectl, { namespace: SYSTEM, account: 'nodemesh-controller' });
  const controller = await startController(t, {
    kubeconfig: await kubeconfigWith(kubectl, folder, token),
    name: 'controller-a',
  });
  await eventually('it leads', controller.leads);
  return { kubectl, address, controller };
}
