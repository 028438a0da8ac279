import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'tap';
import { createRouteTable } from '../../../src/waypoint/routing/route-table.ts';
import { makeService } from '../../model/mesh-fixtures.ts';
import { makeRequest } from '../request-fixtures.ts';
import { backend, exact, makeMatch, makeRoute, makeRule, prefix, regex, value } from './route-fixtures.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

function heapMegabytes(): number {
  collect();
  return process.memoryUsage().heapUsed / 1_000_000;
}

test('5,000 routes and their tables take less than 50 MB, expressions that were used among them', async (t) => {
  const before = heapMegabytes();
  const services = Array.from({ length: 50 }, (_, index) => makeService({ name: `service-${index}` }));
  const routes = services.flatMap((service, group) =>
    Array.from({ length: 100 }, (_, index) =>
      makeRoute({
        service,
        name: `route-${group}-${index}`,
        hostnames: [`r${index}.example.com`, `*.r${index}.example.com`],
        rules: [
          makeRule({ matches: [makeMatch({ path: exact(`/exact/${index}`) })], backends: [backend('v1')] }),
          makeRule({
            matches: [makeMatch({ path: prefix(`/api/${index}`), headers: [value('version', `${index}`)] })],
            filters: [{ type: 'request-headers', set: [{ name: 'x', value: 'y' }], add: [], remove: [] }],
            backends: [backend('v1', 90), backend('v2', 10)],
          }),
          makeRule({
            matches: [makeMatch({ path: index % 5 === 0 ? regex(`/[a-z]+/${index}`) : prefix('/') })],
            backends: [backend('v1')],
          }),
        ],
      }),
    ),
  );
  const tables = services.map((service) => createRouteTable(routes, service, 80));
  const request = makeRequest({ authority: 'a.r7.example.com', target: '/other/path' });
  const selected = tables.map((table) => table.select(request, 'shop').kind);
  const megabytes = heapMegabytes() - before;
  t.ok(megabytes < 50, `${megabytes.toFixed(1)} MB`);
  t.same([routes.length, ...new Set(selected)], [5_000, 'rule']);
});
