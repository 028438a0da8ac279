import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { importsOf, sourceFiles, targetOf } from './support/imports.ts';

/**
 * The arrows of docs/architecture.md: a folder of src/ and the folders that it may import. Mechanisms stand side by
 * side and do not know one another; the one exception is an adapter, which implements the port of its neighbour.
 */
const FOUNDATION = ['base', 'model'];
const MECHANISMS = ['net', 'http', 'tunnel-protocol', 'identity', 'policy', 'xds', 'wire', 'telemetry'];
const ROLES = ['ztunnel', 'waypoint', 'controller'];
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  model: ['base'],
  ...Object.fromEntries(MECHANISMS.map((folder) => [folder, FOUNDATION])),
  wire: [...FOUNDATION, 'xds'],
  // A tunnel is an HTTP/2 stream.
  'tunnel-protocol': [...FOUNDATION, 'http'],
  // What all proxies are made of, whatever their role.
  proxy: [...FOUNDATION, ...MECHANISMS],
  ...Object.fromEntries(ROLES.map((folder) => [folder, [...FOUNDATION, ...MECHANISMS, 'proxy']])),
  lab: [...FOUNDATION, ...MECHANISMS],
  cli: [...FOUNDATION, ...MECHANISMS, 'proxy', ...ROLES, 'lab'],
  dashboard: ['model'],
};

const files = sourceFiles('src');
const imports = importsOf(files);

test('every folder of src has its place in the arrows', async (t) => {
  const folders = new Set(files.map(folderOf));
  t.same(
    [...folders].filter((folder) => MAY_IMPORT[folder] === undefined),
    [],
  );
  t.ok(imports.length > 100, 'the scan found the imports');
});

test('imports follow the arrows', async (t) => {
  const wrong = imports.flatMap(({ file, specifier }) => {
    const target = targetOf({ file, specifier });
    if (target === undefined || folderOf(target) === folderOf(file)) return [];
    return MAY_IMPORT[folderOf(file)]?.includes(folderOf(target)) ? [] : [`${file} imports ${specifier}`];
  });
  t.same(wrong, []);
});

test('another folder is entered by its index alone', async (t) => {
  const deep = imports.flatMap(({ file, specifier }) => {
    const target = targetOf({ file, specifier });
    if (target === undefined || folderOf(target) === folderOf(file)) return [];
    return /\/index\.ts$/.test(target) ? [] : [`${file} imports ${specifier}`];
  });
  t.same(deep, []);
});

test('base imports nothing but node', async (t) => {
  const foreign = imports.filter(
    ({ file, specifier }) =>
      folderOf(file) === 'base' && !specifier.startsWith('.') && !specifier.startsWith('node:'),
  );
  t.same(foreign, []);
});

test('only the folder that owns a library imports it', async (t) => {
  const owners: Readonly<Record<string, readonly string[]>> = {
    koffi: ['net'],
    // The echo images speak to the clients of the conformance suites; that is no part of the mesh's own wire.
    // OpenTelemetry's exporters are given their metadata in gRPC's own form.
    '@grpc/grpc-js': ['wire', 'lab/echo', 'telemetry/otlp'],
    '@opentelemetry': ['telemetry/otlp'],
    '@bufbuild/protobuf': ['wire', 'lab/echo'],
    '@peculiar/x509': ['identity'],
    '@kubernetes/client-node': ['controller/kubernetes'],
    pino: ['telemetry'],
    'prom-client': ['telemetry'],
    commander: ['cli'],
    '@redis/client': ['waypoint'],
    preact: ['dashboard'],
    '@preact/signals': ['dashboard'],
    uplot: ['dashboard'],
    '@dagrejs/dagre': ['dashboard', 'cli'],
  };
  const wrong = imports.filter(({ file, specifier }) => {
    const library = Object.keys(owners).find(
      (name) => specifier === name || specifier.startsWith(`${name}/`),
    );
    const isOwner = owners[library ?? '']?.some((folder) => file.startsWith(`src/${folder}/`));
    return library !== undefined && isOwner !== true;
  });
  t.same(wrong, []);
});

test('the pages take from the model its types alone, and nothing of node', async (t) => {
  const pages = files.filter((file) => folderOf(file) === 'dashboard');
  t.ok(pages.length > 30, 'the scan found the pages');
  const wrong = pages.filter((file) =>
    /from '(node:|(\.\.\/)+model\/)/.test(
      readFileSync(file, 'utf8').replace(/import type [^;]*? from '[^']*model\/index\.ts';/g, ''),
    ),
  );
  t.same(wrong, []);
});

test('only the cli reads the environment and exits the process', async (t) => {
  const wrong = files.filter(
    (file) =>
      folderOf(file) !== 'cli' &&
      /\bprocess\.(env|argv|exit)\b/.test(withoutComments(readFileSync(file, 'utf8'))),
  );
  t.same(wrong, []);
});

test('no file is a junk drawer and no folder exports everything', async (t) => {
  const refused = /(^|\/)(util|utils|helper|helpers|common|misc|types|constants)\.ts$/;
  t.same(
    files.filter((file) => refused.test(file)),
    [],
  );
  t.same(
    files.filter((file) => /export \*/.test(withoutComments(readFileSync(file, 'utf8')))),
    [],
  );
});

function folderOf(file: string): string {
  return file.split('/')[1] ?? '';
}

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}
