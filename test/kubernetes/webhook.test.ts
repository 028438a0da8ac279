import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { silentLogger, systemClock } from '../../src/base/index.ts';
import { createKubernetesApi } from '../../src/controller/kubernetes/index.ts';
import { openSharedCertificate } from '../../src/controller/webhook/index.ts';
import { policy, SHOP } from '../controller/analysis/support.ts';
import { runController } from '../controller/support/running-controller.ts';

/** Without blocking: the webhook is in this process. */
async function kubectl(parameters: readonly string[], input = '') {
  const child = spawn('kubectl', parameters);
  child.stdin.end(input);
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)));
  const [status, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { status, output: `${stdout}${stderr}` };
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let round = 0; !(await holds()); round++) {
    if (round === 100) throw new Error(`waited for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const named = (name: string, spec: string): string => policy(spec).replace('name: rules', `name: ${name}`);
const WRONG = '{action: PERMIT, rules: [{}]}';
const SOUND = '{rules: [{from: [{source: {namespaces: [shop]}}]}]}';
const apply = (text: string, ...more: readonly string[]) => kubectl(['apply', '-f', '-', ...more], text);

t.before(async () => {
  await kubectl(['apply', '--server-side', '-k', 'daemonset/istio-crds']);
  await kubectl([
    'wait',
    '--for=condition=Established',
    '--timeout=60s',
    'crd/authorizationpolicies.security.istio.io',
  ]);
  await apply(SHOP);
});

t.test('an API server asks the webhook, and tells what it says', async (t) => {
  const running = await runController(t, {
    objects: { shop: parse(SHOP) },
    config: { webhook: { listen: { host: '127.0.0.1', port: 0 } } },
  });
  const { webhook } = running.controller.addresses;
  const installed = parse(readFileSync('daemonset/kustomize/base/admission.yaml', 'utf8')) as {
    readonly webhooks: readonly object[];
  };
  const caBundle = readFileSync(join(running.directory, 'ca', 'root-cert.pem')).toString('base64');
  const configuration = {
    ...installed,
    metadata: { name: 'nodemesh-test' },
    webhooks: installed.webhooks.map((one) => ({
      ...one,
      clientConfig: { url: `https://127.0.0.1:${webhook?.port}/validate`, caBundle },
    })),
  };
  t.match(await apply(named('before', WRONG)), { status: 0 }, 'nobody judges yet');
  t.match(await apply(JSON.stringify(configuration)), { status: 0 });
  t.teardown(async () => {
    await kubectl(['delete', 'validatingwebhookconfiguration', 'nodemesh-test']);
    await kubectl(['delete', 'authorizationpolicies', '--all', '-n', 'shop']);
  });
  await until('the webhook to be asked', async () => {
    const tried = await apply(named('x', WRONG), '--dry-run=server');
    return tried.status !== 0;
  });

  const refused = await apply(named('wrong', WRONG));
  t.not(refused.status, 0);
  t.match(
    refused.output,
    /admission webhook "validation\.nodemesh\.io" denied the request: IST0106 spec\.action: /,
  );
  t.match(refused.output, /got "PERMIT"/);
  t.match(await apply(named('sound', SOUND)), { status: 0, output: /created/ });
  t.match(
    await apply(
      named(
        'warned',
        '{selector: {matchLabels: {app: nothing}}, rules: [{from: [{source: {namespaces: [shop]}}]}]}',
      ),
    ),
    { status: 0, output: /Warning: IST0127/ },
  );
  const labelled = await kubectl(['label', 'authorizationpolicy', 'before', '-n', 'shop', 'team=a']);
  t.match(labelled, { status: 0, output: /Warning: IST0106/ }, 'it was wrong before');
  t.match(await apply(named('before', SOUND)), { status: 0, output: /configured/ });
  t.match(await kubectl(['delete', 'authorizationpolicy', 'before', '-n', 'shop']), { status: 0 });

  await running.controller.close();
  t.match(await apply(named('wrong', WRONG)), { status: 0 }, 'it fails open');
});

t.test('the Secret of the webhook is made, and the configuration of an installation trusts it', async (t) => {
  await kubectl(['create', 'namespace', 'nodemesh-system']);
  const file = process.env.KUBECONFIG ?? '';
  const api = createKubernetesApi({ access: { kind: 'kubeconfig', file } });
  const open = () =>
    openSharedCertificate({
      ...{ api, namespace: 'nodemesh-system', clock: systemClock, log: silentLogger },
      ...{ leads: () => true, everyMs: 200 },
    });
  const [one, two] = await Promise.all([open(), open()]);
  t.teardown(async () => {
    await Promise.all([one.close(), two.close()]);
    await api.close();
    await kubectl(['delete', 'validatingwebhookconfiguration', 'nodemesh']);
    await kubectl(['delete', 'secret', 'nodemesh-webhook', '-n', 'nodemesh-system']);
  });
  t.equal(one.current.certificatePem, two.current.certificatePem);
  const jsonPath = async (...parameters: readonly string[]) => (await kubectl(['get', ...parameters])).output;
  const bundlePath = 'jsonpath={.webhooks[0].clientConfig.caBundle}';
  const bundle = () => jsonPath('validatingwebhookconfiguration', 'nodemesh', '-o', bundlePath);
  const secret = await jsonPath(
    'secret',
    'nodemesh-webhook',
    '-n',
    'nodemesh-system',
    '-o',
    'jsonpath={.data.ca\\.crt}',
  );
  const isTrusted = async (): Promise<boolean> => (await bundle()) === secret;
  t.match(await kubectl(['apply', '-f', 'daemonset/kustomize/base/admission.yaml']), { status: 0 });
  await until('the bundle', isTrusted);
  const emptied = [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }];
  await kubectl([
    'patch',
    'validatingwebhookconfiguration',
    'nodemesh',
    '--type=json',
    '-p',
    JSON.stringify(emptied),
  ]);
  await until('the bundle again', isTrusted);
  t.match(await kubectl(['apply', '-f', 'daemonset/kustomize/base/admission.yaml']), { status: 0 });
  await until('the bundle after an upgrade', isTrusted);
});
