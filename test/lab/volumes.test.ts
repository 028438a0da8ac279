import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { test } from 'tap';
import { createCluster, createObjectStore, type ManifestObject } from '../../src/lab/cluster/index.ts';
import type { KubeObject, PodObject, Volume } from '../../src/lab/cluster/objects/index.ts';
import { openPodVolumes, volumeContent } from '../../src/lab/kubelet/volumes/index.ts';
import { createTokenIssuer } from '../../src/lab/mesh/index.ts';

function object(kind: string, data: object): KubeObject {
  return { apiVersion: 'v1', kind, metadata: {}, ...data } as unknown as KubeObject;
}

const settings = object('ConfigMap', { data: { 'a.txt': 'A', 'b.txt': 'B' }, binaryData: { raw: 'AAE=' } });
const secret = object('Secret', { data: { key: 'c2VjcmV0' } });
const find = (kind: string, name: string) =>
  kind === 'ConfigMap' && name === 'settings' ? settings : kind === 'Secret' ? secret : undefined;

function filesOf(volume: Volume): Readonly<Record<string, string>> {
  const { files } = volumeContent(volume, find);
  return Object.fromEntries([...files].map(([path, content]) => [path, content.toString('latin1')]));
}

test('a volume has the files of its ConfigMap or Secret, or those that it picks', async (t) => {
  t.same(filesOf({ name: 'v', configMap: { name: 'settings' } }), {
    'a.txt': 'A',
    'b.txt': 'B',
    raw: '\0\x01',
  });
  const items = [
    { key: 'a.txt', path: 'in/a' },
    { key: 'b.txt', path: '../../etc/b' },
  ];
  t.same(filesOf({ name: 'v', configMap: { name: 'settings', items } }), { 'in/a': 'A', 'etc/b': 'B' });
  t.same(filesOf({ name: 'v', secret: { secretName: 's' } }), { key: 'secret' });
  const sources = [{ configMap: { name: 'settings' } }, { serviceAccountToken: { path: 'token' } }];
  const projected = volumeContent({ name: 'v', projected: { sources } }, find);
  t.same([...projected.files.keys()].sort(), ['a.txt', 'b.txt', 'raw']);
  t.same(projected.tokens, [{ path: 'token', audience: 'istio-ca' }]);
  t.same(volumeContent({ name: 'v', configMap: { name: 'other' } }, find).missing, ['ConfigMap other']);
  t.same(volumeContent({ name: 'v', configMap: { name: 'other', optional: true } }, find).missing, []);
});

test('a pod’s volumes follow their objects, and hold a token of the pod', async (t) => {
  const directory = join(mkdtempSync(join(tmpdir(), 'nodemesh-volumes-')), 'v');
  const cluster = createCluster(createObjectStore());
  cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  const configMap = (data: object): ManifestObject =>
    ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'shop' },
      data,
    }) as ManifestObject;
  const pod = {
    metadata: { name: 'cart', namespace: 'shop', uid: 'u1' },
    spec: {
      containers: [],
      volumes: [
        { name: 'settings', configMap: { name: 'settings' } },
        { name: 'scratch', emptyDir: {} },
        {
          name: 'token',
          projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'other' } }] },
        },
      ],
    },
  } as unknown as PodObject;
  const volumes = openPodVolumes({
    pod,
    directory,
    store: cluster.store,
    tokens: await createTokenIssuer(),
    subject: {
      namespace: 'shop',
      serviceAccount: 'cart',
      pod: { name: 'cart', uid: 'u1' },
      node: { name: 'node-1', uid: 'n1' },
    },
    onError: (error) => t.fail(String(error)),
  });
  t.teardown(() => rmSync(join(directory, '..'), { recursive: true, force: true }));
  await volumes.tokensWritten;
  const read = (path: string) => readFileSync(join(directory, path), 'utf8');
  t.match(decodeJwt(read('token/token')), {
    sub: 'system:serviceaccount:shop:cart',
    aud: ['other'],
    'kubernetes.io': { pod: { name: 'cart', uid: 'u1' }, node: { name: 'node-1' } },
  });
  t.same(volumes.missing(), ['ConfigMap settings']);
  cluster.apply(configMap({ a: '1', b: '2' }));
  t.same(volumes.missing(), []);
  t.equal(read('settings/a'), '1');
  cluster.apply(configMap({ a: '3' }));
  t.equal(read('settings/a'), '3');
  t.same(readdirSync(join(directory, 'settings')), ['a']);
  t.same(readdirSync(join(directory, 'scratch')), []);
  volumes.close();
  t.notOk(existsSync(directory));
});
