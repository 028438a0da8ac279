import { test } from 'tap';
import { resolveControllerConfig } from '../../src/controller/index.ts';

const needed = { manifestsDirectory: '/m', caDirectory: '/ca', jwksFile: '/jwks.json' };

test('what is left out has a default', async (t) => {
  const config = resolveControllerConfig(needed);
  t.match(config, {
    listen: { host: '::', port: 15012 },
    trustDomain: 'cluster.local',
    rootNamespace: 'istio-system',
    rootCertificateFile: '/ca/root-cert.pem',
    adminListen: undefined,
    operatorListen: undefined,
  });
  const open = resolveControllerConfig({ ...needed, adminListen: { host: '0.0.0.0', port: 15014 } });
  t.same(open.operatorListen, { host: '127.0.0.1', port: 15000 });
});

test('everything that is wrong is told at once', async (t) => {
  t.throws(
    () =>
      resolveControllerConfig({
        ...needed,
        jwksFile: '',
        trustDomain: 'Not A Domain',
        svidTtlMs: 1,
        operatorListen: { host: '0.0.0.0', port: 1 },
      }),
    { code: 'ERR_CONTROLLER_CONFIG', message: /tokens.*loopback.*lifetime.*trust domain/ },
  );
});
