import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { test } from 'tap';
import { redactText } from '../../../src/cli/bug-report/redact-text.ts';
import { isSecretName, redactValue } from '../../../src/cli/bug-report/redact-value.ts';
import { textFile, yamlFile } from '../../../src/cli/bug-report/report-file.ts';

const PRIVATE_KEYS = [
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey,
  generateKeyPairSync('ed25519').privateKey,
].map((key) => key.export({ type: 'pkcs8', format: 'pem' }).toString());
const EC_DER = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  type: 'pkcs8',
  format: 'der',
});
const JWT = `${base64url({ alg: 'ES256' })}.${base64url({ sub: 'a' })}.${randomBytes(64).toString('base64url')}`;
const WORD = 'hunter2-correct-horse';

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** What must not be found, however it is wrapped. */
const SECRETS: readonly (readonly [what: string, secret: string, text: string])[] = [
  ...PRIVATE_KEYS.flatMap((pem): readonly (readonly [string, string, string])[] => [
    ['a private key', pem.slice(40, 80), `before ${pem} after`],
    ['a private key in a JSON string', pem.slice(40, 80), `before ${JSON.stringify(pem)} after`],
    [
      'a private key in base64',
      Buffer.from(pem).toString('base64').slice(60, 100),
      Buffer.from(pem).toString('base64'),
    ],
  ]),
  ['a key in DER', EC_DER.toString('base64').slice(40, 80), `key ${EC_DER.toString('base64')}`],
  ['a token', JWT.slice(-30), `the token ${JWT} was refused`],
  ['a token that was cut', JWT.slice(20, 30), JWT.slice(0, 40)],
  ['a header', JWT.slice(-30), `authorization: Bearer ${JWT}`],
  ['an opaque token', WORD, `Authorization: bearer ${WORD}`],
  ['an option', WORD, `started with --redis-password=${WORD} --node a`],
  ['a field of a log', WORD, `2026\tinfo\tx\tset\tclient_secret="${WORD}" a=b`],
  ['a field of JSON in a log', WORD, JSON.stringify({ line: JSON.stringify({ 'api-key': WORD }) })],
  ['YAML', WORD, `  password: ${WORD}\n  user: a`],
  ['a URL', WORD, `redis://user:${WORD}@redis:6379/0`],
  ['a query', WORD, `GET /a?access_token=${WORD}&page=2`],
  ['a cookie', WORD, `set-cookie: session=${WORD}; path=/`],
];

for (const [what, secret, text] of SECRETS) {
  test(`${what} is redacted in text`, async (t) => {
    const redacted = redactText(text);
    t.match(redacted, '[redacted]');
    t.notOk(redacted.includes(secret), redacted);
    t.equal(redactText(redacted), redacted, 'again it changes nothing');
  });
}

test('what people need to see stays', async (t) => {
  const certificate = Buffer.from('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n').toString(
    'base64',
  );
  for (const text of [
    'spiffe://cluster.local/ns/shop/sa/cart → 10.244.1.3:8080 refused by policy shop/payments-from-cart rule 2',
    'token not renewed (ERR_IDENTITY_TOKEN)',
    'http://10.0.0.1:15022/api/v1/info?window=60',
    certificate,
    'istio_requests_total{destination_service="cart",response_code="200"} 12',
  ])
    t.equal(redactText(text), text);
});

test('in objects secrets are found by names, by kind and beside their names', async (t) => {
  const pod = {
    kind: 'Pod',
    metadata: {
      name: 'p',
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': WORD, team: 'a' },
    },
    spec: {
      containers: [
        {
          env: [
            { name: 'DB_PASSWORD', value: WORD },
            { name: 'PORT', value: '8080' },
            { name: 'API_TOKEN', valueFrom: { secretKeyRef: { name: 'tokens', key: 'api' } } },
          ],
          command: ['curl', '-u', 'a', '--token', WORD, `--password=${WORD}`],
        },
      ],
      volumes: [{ name: 'v', secret: { secretName: 'tls' } }],
      tokenFile: '/run/token',
      clientSecret: WORD,
      jwk: { kty: 'EC', crv: 'P-256', x: 'public', d: WORD },
    },
  };
  const redacted = JSON.stringify(redactValue(pod));
  t.notOk(redacted.includes(WORD), redacted);
  for (const kept of ['8080', 'tokens', '"secretName":"tls"', '/run/token', '"x":"public"', '"team":"a"'])
    t.ok(redacted.includes(kept), kept);
});

test('of a Secret the names of its entries stay', async (t) => {
  const { content } = yamlFile('objects/Secret.yaml', [
    { kind: 'Secret', metadata: { name: 's' }, data: { 'tls.key': WORD }, stringData: { any: WORD } },
  ]);
  t.equal(
    content,
    'kind: Secret\nmetadata:\n  name: s\ndata:\n  tls.key: "[redacted]"\nstringData:\n  any: "[redacted]"\n',
  );
});

test('a dump in JSON is redacted and stays JSON', async (t) => {
  const { content } = textFile(
    'dump.json',
    JSON.stringify({ state: 'Up', token: WORD, list: [{ 'x-api-key': WORD }], pem: PRIVATE_KEYS[0] }),
  );
  t.same(JSON.parse(content), {
    state: 'Up',
    token: '[redacted]',
    list: [{ 'x-api-key': '[redacted]' }],
    pem: '[redacted]\n',
  });
});

test('names that only sound like secrets are none', async (t) => {
  for (const name of ['DB_PASSWORD', 'x-api-key', 'clientSecret', 'Authorization', 'idToken', '--token'])
    t.ok(isSecretName(name), name);
  for (const name of [
    'secretName',
    'tokenFile',
    'key',
    'serviceAccountTokenPath',
    'tokenPrincipal',
    'authorizationPolicies',
  ])
    t.notOk(isSecretName(name), name);
});
