import fc from 'fast-check';
import { test } from 'tap';
import type { PathPattern } from '../../src/model/index.ts';
import { decideL7, normalizePath } from '../../src/policy/index.ts';
import { policyOf, requestOf } from './support/requests.ts';

const prefix = (value: string): PathPattern => ({ kind: 'prefix', value });
const exact = (value: string): PathPattern => ({ kind: 'exact', value });
const pathTest = (values: readonly PathPattern[], notValues: readonly PathPattern[] = []) => [
  { to: [[{ subject: 'path' as const, values, notValues }]] },
];
const DENY_ADMIN = [policyOf('no-admin', 'deny', pathTest([prefix('/admin')]))];
const ALLOW_PUBLIC = [policyOf('public', 'allow', pathTest([prefix('/public/')]))];
const ALLOW_ALL_BUT_ADMIN = [policyOf('most', 'allow', pathTest([prefix('/')], [prefix('/admin')]))];

const verdict = (policies: typeof DENY_ADMIN, target: string) =>
  decideL7({ policies, attributes: requestOf({ target }) }).verdict;

const SPELLINGS: readonly (readonly [string, string])[] = [
  ['as it is', '/admin'],
  ['with a query', '/admin?x=1'],
  ['with another case', '/AdMiN/x'],
  ['with an escaped letter', '/%61dmin'],
  ['with a letter escaped twice', '/%2561dmin'],
  ['with a letter escaped three times', '/%252561dmin'],
  ['with a repeated slash', '//admin'],
  ['with a dot segment', '/./admin'],
  ['out of another directory', '/public/../admin'],
  ['with escaped dots', '/public/%2e%2e/admin'],
  ['with dots escaped twice', '/public/%252e%252e/admin'],
  ['with an escaped slash', '/public/..%2fadmin'],
  ['with a slash escaped twice', '/public/..%252fadmin'],
  ['with a backslash', '/public\\..\\admin'],
  ['with an escaped backslash', '/public/..%5Cadmin'],
  ['with a parameter', '/admin;x=1/y'],
  ['with a parameter behind dots', '/public/..;x/admin'],
  ['with an escaped parameter', '/admin%3Bx'],
  ['with a query that was escaped', '/admin%3Fx'],
  ['with a slash in two bytes', '/public/..%c0%afadmin'],
  ['with dots in two bytes', '/public/%c0%ae%c0%ae/admin'],
];

for (const [how, target] of SPELLINGS) {
  test(`a path that is spelled ${how} is denied all the same`, async (t) => {
    t.equal(verdict(DENY_ADMIN, target), 'deny', 'by DENY');
    t.equal(verdict(ALLOW_PUBLIC, target), 'deny', 'by an ALLOW for another path');
    t.equal(verdict(ALLOW_ALL_BUT_ADMIN, target), 'deny', 'by notPaths of an ALLOW');
  });
}

test('a path that nobody should read is allowed to nobody and denied to everybody', async (t) => {
  for (const target of ['/%zz', '/public/%', '/public/%00', '/public/\0', `/public/%${'25'.repeat(6)}61`]) {
    t.equal(verdict(ALLOW_PUBLIC, target), 'deny', JSON.stringify(target));
    t.equal(verdict(DENY_ADMIN, target), 'deny', JSON.stringify(target));
  }
});

test('paths that mean what they say are let through', async (t) => {
  for (const target of [
    '/public/',
    '/public/a.b',
    '/public/a%20b',
    '/public/a=b&c',
    '/public/%E4%BD%A0?admin',
  ]) {
    t.equal(verdict(ALLOW_PUBLIC, target), 'allow', target);
    t.equal(verdict(DENY_ADMIN, target), 'allow', target);
    t.equal(verdict(ALLOW_ALL_BUT_ADMIN, target), 'allow', target);
  }
});

test('an exact path is exact, and its case counts where it lets through', async (t) => {
  const policies = [policyOf('one', 'allow', pathTest([exact('/a')]))];
  t.equal(verdict(policies, '/a'), 'allow');
  t.equal(verdict(policies, '/a?x'), 'allow');
  for (const target of ['/A', '/a/', '/ab', '/']) t.equal(verdict(policies, target), 'deny', target);
});

test('templates take whole segments', async (t) => {
  const of = (value: string) => [policyOf('t', 'allow', pathTest([{ kind: 'template', value }]))];
  const cases: readonly (readonly [string, string, 'allow' | 'deny'])[] = [
    ['/a/{*}', '/a/b', 'allow'],
    ['/a/{*}', '/a/', 'deny'],
    ['/a/{*}', '/a/b/c', 'deny'],
    ['/a/{*}/c', '/a/b/c', 'allow'],
    ['/a/{**}', '/a/', 'allow'],
    ['/a/{**}', '/a/b/c', 'allow'],
    ['/a/{**}', '/a', 'deny'],
    ['/{**}/z', '/a/b/z', 'allow'],
    ['/{*}/{**}', '/a/', 'allow'],
    ['/a.b/{*}', '/aXb/c', 'deny'],
  ];
  for (const [template, target, expected] of cases)
    t.equal(verdict(of(template), target), expected, `${template} ${target}`);
});

/** As a careless server may do it, in its own way: everything is decoded, whatever comes out is cleaned up. */
function carelessly(target: string): string {
  let path = target;
  for (let times = 0; times < 4; times++)
    path = path.replaceAll(/%([0-9a-f]{2})/gi, (_all, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  const segments: string[] = [];
  for (const raw of path.replaceAll('\\', '/').split('/')) {
    const segment = raw.split(';')[0] ?? '';
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}`.toLowerCase();
}

test('whatever a careless server would serve as /admin is denied as /admin', async (t) => {
  const escaped = (text: string, times: number): string =>
    times === 0
      ? text
      : escaped(
          [...text].map((c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`).join(''),
          times - 1,
        );
  const piece = fc
    .tuple(
      fc.constantFrom(
        '/',
        '//',
        '\\',
        '/./',
        '/x/../',
        '/x/..;/',
        ';p',
        'a',
        'd',
        'm',
        'i',
        'n',
        'A',
        'admin',
        '..',
        '.',
      ),
      fc.constantFrom(0, 0, 0, 1, 2),
    )
    .map(([text, times]) => escaped(text, times));
  const paths = fc.array(piece, { minLength: 1, maxLength: 8 }).map((parts) => `/${parts.join('')}`);
  let served = 0;
  fc.assert(
    fc.property(paths, (target) => {
      const isAdmin = /^\/admin(\/|$)/.test(carelessly(target));
      if (!isAdmin) return true;
      served += 1;
      return verdict(DENY_ADMIN, target) === 'deny' && verdict(ALLOW_PUBLIC, target) === 'deny';
    }),
    { numRuns: 20_000 },
  );
  t.ok(served > 100, `${served} of them`);
});

const NORMALIZED: readonly (readonly [string, string, string, string])[] = [
  // As it comes, then by base, merge-slashes and decode-and-merge-slashes.
  ['/a/b', '/a/b', '/a/b', '/a/b'],
  ['/a/./b/../c', '/a/c', '/a/c', '/a/c'],
  ['/%61%2D%7e', '/a-~', '/a-~', '/a-~'],
  ['/a%2fb%5cc', '/a%2Fb%5Cc', '/a%2Fb%5Cc', '/a/b/c'],
  ['/a\\b', '/a/b', '/a/b', '/a/b'],
  ['/a//b///c', '/a//b///c', '/a/b/c', '/a/b/c'],
  ['/a/%2e%2e/b?x=%2e%2e//', '/b?x=%2e%2e//', '/b?x=%2e%2e//', '/b?x=%2e%2e//'],
  ['/a%2f..%2fb', '/a%2F..%2Fb', '/a%2F..%2Fb', '/b'],
  ['/..', '/', '/', '/'],
  ['/a/..', '/', '/', '/'],
  ['*', '*', '*', '*'],
];

test('a target is normalized as far as the setting says', async (t) => {
  for (const [target, base, merged, decoded] of NORMALIZED) {
    t.same(normalizePath(target, 'none'), { target }, target);
    t.same(normalizePath(target, 'base'), { target: base }, target);
    t.same(normalizePath(target, 'merge-slashes'), { target: merged }, target);
    t.same(normalizePath(target, 'decode-and-merge-slashes'), { target: decoded }, target);
  }
});

test('a target whose path cannot be read is refused, whatever the setting says', async (t) => {
  for (const mode of ['none', 'base', 'merge-slashes', 'decode-and-merge-slashes'] as const) {
    t.match(normalizePath('/a%zz', mode), { problem: /escape/ });
    t.match(normalizePath('/a%0', mode), { problem: /escape/ });
    t.match(normalizePath('/a%00', mode), { problem: /NUL/ });
    t.match(normalizePath('/a\0', mode), { problem: /NUL/ });
    t.same(normalizePath('/a?%zz', mode), { target: '/a?%zz' }, 'a query is not ours to read');
  }
});

test('normalizing twice changes nothing', async (t) => {
  const piece = fc.constantFrom('/', '.', '..', '%2e', '%2F', '%5c', '\\', '%25', '2e', 'a', ';', '?', '%61');
  const modes = fc.constantFrom(
    'none' as const,
    'base' as const,
    'merge-slashes' as const,
    'decode-and-merge-slashes' as const,
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), modes, (parts, mode) => {
      const once = normalizePath(`/${parts.join('')}`, mode);
      if ('problem' in once) return true;
      const twice = normalizePath(once.target, mode);
      return 'target' in twice && twice.target === once.target;
    }),
    { numRuns: 10_000 },
  );
  t.pass('held for every target tried');
});
