import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { type Test, test } from 'tap';
import { nodemesh } from '../lab/support/lab-fixture.ts';

const WRONG = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: read only
  namespace: shop
spec:
  rules:
    - to: [{operation: {methods: [GET]}}]
`.replace('read only', 'read-only');
const MILD = `apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec:
  ports:
    - {port: 80}
`;

function folder(t: Test, files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), 'nodemesh-analyze-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

test('analyze looks through folders, names line and hint, and fails where there is an error', async (t) => {
  const path = folder(t, { 'policy.yaml': WRONG, 'service.yml': MILD, 'readme.md': 'not: [looked at' });
  const { code, stdout } = await nodemesh(['analyze', path]);
  t.equal(code, 2);
  t.match(
    stdout,
    /error +NM0010 +AuthorizationPolicy shop\/read-only +\S+policy\.yaml:7\n +ztunnel does not support HTTP.*\n +hint: /,
  );
  t.match(stdout, /info +IST0118 Service shop\/cart +\S+service\.yml:6/);
  t.match(stdout, /2 objects looked at: 1 error, 1 warning, 1 info/);
});

test('--fail-on says what is grave enough', async (t) => {
  const path = folder(t, { 'service.yaml': MILD });
  for (const [level, code] of [
    ['error', 0],
    ['warning', 0],
    ['info', 2],
    ['never', 0],
  ] as const) {
    t.equal((await nodemesh(['analyze', path, '--fail-on', level])).code, code, level);
  }
});

test('what cannot be read at all is another exit status', async (t) => {
  const { code, stderr } = await nodemesh(['analyze', '/nowhere/at/all']);
  t.equal(code, 1);
  t.match(stderr, /cannot read \/nowhere\/at\/all/);
  t.match(
    (await nodemesh(['analyze', '/dev/null', '--suppress', 'all'])).stderr,
    /expected CODE=Kind namespace\/name/,
  );
});

test('a pipe below a folder is not waited for, and what is too large is said to be', async (t) => {
  const path = folder(t, { 'service.yaml': MILD, 'large.yaml': '#'.repeat(17 * 1024 * 1024) });
  execFileSync('mkfifo', [join(path, 'pipe.yaml')]);
  const { code, stderr } = await nodemesh(['analyze', path]);
  t.equal(code, 1);
  t.match(stderr, /large\.yaml: expected 16777216 characters at most, got 17825792\nhint: +split it/);
  rmSync(join(path, 'large.yaml'));
  t.match((await nodemesh(['analyze', path])).stdout, /1 object looked at/);
});

test('names in manifests cannot forge lines or move the cursor', async (t) => {
  const path = folder(t, {
    'a.yaml': MILD.replace('cart', '"a\\e[2J\\u202Ex\\n0 objects looked at: nothing found"'),
  });
  const { stdout } = await nodemesh(['analyze', path]);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for.
  t.notMatch(stdout, /[\x1b\u202e]|^0 objects/m);
  t.match(stdout, /Service shop\/a\\u001b\[2J\\u202ex\\u000a0 objects/);
});

test('--suppress leaves findings out', async (t) => {
  const path = folder(t, { 'policy.yaml': WRONG });
  const { code, stdout } = await nodemesh([
    'analyze',
    path,
    '--suppress',
    'NM0010=AuthorizationPolicy shop/*',
    '--suppress',
    'IST*=*',
  ]);
  t.equal(code, 0);
  t.match(stdout, '1 object looked at: nothing found');
});

test('standard input is read for -, and JSON has everything', async (t) => {
  const { code, stdout } = await nodemeshWithInput(['analyze', '-', '-o', 'json'], WRONG);
  t.equal(code, 2);
  const { objects, findings } = JSON.parse(stdout) as { objects: number; findings: readonly object[] };
  t.equal(objects, 1);
  t.match(findings[0], {
    code: 'NM0010',
    name: 'HttpRuleWithoutWaypoint',
    level: 'error',
    object: { kind: 'AuthorizationPolicy', namespace: 'shop', name: 'read-only' },
    field: ['spec', 'rules'],
    file: 'stdin',
    line: 7,
  });
});

test('SARIF is what its schema asks for', async (t) => {
  const path = folder(t, { 'a policy.yaml': WRONG, 'broken.yaml': 'kind: [' });
  const { stdout } = await nodemesh(['analyze', path, '-o', 'sarif']);
  const log: unknown = JSON.parse(stdout);
  const validate = new Ajv({ strict: false }).compile(SARIF_RULES);
  t.ok(validate(log), JSON.stringify(validate.errors));
  const [run] = (log as SarifLog).runs;
  for (const { ruleId, ruleIndex } of run?.results ?? [])
    t.equal(run?.tool.driver.rules[ruleIndex]?.id, ruleId, `${ruleId} is the rule of its index`);
  t.match(stdout, /a%20policy\.yaml/);
});

interface SarifLog {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly { readonly ruleId: string; readonly ruleIndex: number }[];
  }[];
}

/** SARIF 2.1.0 §3, for the properties that are used: what must be there, and what each may be. */
const MESSAGE = {
  type: 'object',
  required: ['text'],
  additionalProperties: false,
  properties: { text: { type: 'string', minLength: 1 } },
};
const LEVEL = { enum: ['none', 'note', 'warning', 'error'] };
const RULE = {
  type: 'object',
  required: ['id'],
  additionalProperties: false,
  properties: {
    id: { type: 'string' },
    name: { type: 'string' },
    shortDescription: MESSAGE,
    help: MESSAGE,
    defaultConfiguration: { type: 'object', additionalProperties: false, properties: { level: LEVEL } },
  },
};
const LOCATION = {
  type: 'object',
  additionalProperties: false,
  properties: {
    physicalLocation: {
      type: 'object',
      required: ['artifactLocation'],
      additionalProperties: false,
      properties: {
        artifactLocation: {
          type: 'object',
          additionalProperties: false,
          properties: { uri: { type: 'string', pattern: "^[A-Za-z0-9._~:/?#\\[\\]@!$&'()*+,;=%-]+$" } },
        },
        region: {
          type: 'object',
          additionalProperties: false,
          properties: {
            startLine: { type: 'integer', minimum: 1 },
            startColumn: { type: 'integer', minimum: 1 },
          },
        },
      },
    },
    logicalLocations: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        properties: {
          name: { type: 'string' },
          fullyQualifiedName: { type: 'string' },
          kind: { type: 'string' },
        },
      },
    },
  },
};
const RESULT = {
  type: 'object',
  required: ['message'],
  additionalProperties: false,
  properties: {
    ruleId: { type: 'string' },
    ruleIndex: { type: 'integer', minimum: -1 },
    level: LEVEL,
    message: MESSAGE,
    locations: { type: 'array', items: LOCATION },
    partialFingerprints: { type: 'object', additionalProperties: { type: 'string' } },
  },
};
const SARIF_RULES = {
  type: 'object',
  required: ['version', 'runs'],
  additionalProperties: false,
  properties: {
    $schema: { type: 'string' },
    version: { const: '2.1.0' },
    runs: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['tool'],
        additionalProperties: false,
        properties: {
          tool: {
            type: 'object',
            required: ['driver'],
            properties: {
              driver: {
                type: 'object',
                required: ['name'],
                additionalProperties: false,
                properties: {
                  name: { type: 'string' },
                  version: { type: 'string' },
                  rules: { type: 'array', uniqueItems: true, items: RULE },
                },
              },
            },
          },
          columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
          results: { type: 'array', items: RESULT },
        },
      },
    },
  },
};

function nodemeshWithInput(
  args: readonly string[],
  input: string,
): Promise<{ code: number; stdout: string }> {
  return new Promise((settle, refuse) => {
    const child = spawn(process.execPath, [resolve('src/cli/main.ts'), ...args], {
      env: { NO_COLOR: '1' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.on('error', refuse);
    child.on('close', (code) => settle({ code: code ?? -1, stdout }));
    child.stdin.end(input);
  });
}

test('nothing is wrong with what we install', async (t) => {
  const { stdout: input } = await nodemesh(['install', '-o', 'yaml']);
  const { code, stdout } = await nodemesh(['analyze', '-'], { input });
  t.equal(code, 0);
  t.match(stdout, /objects looked at: nothing found/);
});

test('side by side each workload is said to be whose it is, and what both meshes claim is an error', async (t) => {
  const path = folder(t, {
    'shop.yaml': [
      namespaceWith('shop', 'istio.io/dataplane-mode: ambient'),
      namespaceWith('till', 'istio.io/dataplane-mode: ambient, nodemesh.io/dataplane-mode: ambient'),
      deploymentIn('shop'),
      deploymentIn('till'),
    ].join('\n---\n'),
  });
  const { code, stdout } = await nodemesh(['analyze', path, '--side-by-side']);
  t.equal(code, 2);
  t.match(stdout, /error NM0063 Deployment till\/cart +\S+shop\.yaml:\d+\n +this mesh is to capture it/);
  t.match(stdout, /info +NM0062 Deployment shop\/cart +\S+\n +Istio is to capture it/);
  t.notMatch((await nodemesh(['analyze', path])).stdout, /NM006/);
  // As `helm template` prints the mesh itself.
  writeFileSync(
    join(path, 'mesh.json'),
    JSON.stringify({
      ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
      metadata: { name: 'nodemesh-controller', namespace: 'nodemesh-system' },
      spec: {
        template: { spec: { containers: [{ name: 'controller', args: ['controller', '--side-by-side'] }] } },
      },
    }),
  );
  t.match((await nodemesh(['analyze', path])).stdout, /NM0063/, 'by the flag of a mesh among the objects');
  const alone = await nodemesh(['analyze', folder(t, {}), '--shared-roots']);
  t.equal(alone.code, 1);
  t.match(alone.stderr, /--shared-roots: expected --side-by-side beside it, got it alone/);
});

function namespaceWith(name: string, labels: string): string {
  return `{apiVersion: v1, kind: Namespace, metadata: {name: ${name}, labels: {${labels}}}}`;
}

function deploymentIn(namespace: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: ${namespace}}
spec: {template: {metadata: {labels: {app: cart}}, spec: {containers: [{name: cart}]}}}`;
}
