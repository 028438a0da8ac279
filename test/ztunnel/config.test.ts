import { test } from 'tap';
import { causeOf } from '../../src/base/index.ts';
import { resolveZtunnelConfig, type ZtunnelOptions } from '../../src/ztunnel/config/index.ts';
import { ZtunnelError } from '../../src/ztunnel/errors.ts';

const REQUIRED: ZtunnelOptions = {
  node: 'node-a',
  controller: '172.30.0.250:15012',
  rootCertFile: '/root.pem',
  tokenFile: '/token',
};

test('the required options alone give a complete config', (t) => {
  const config = resolveZtunnelConfig(REQUIRED);
  t.same(config.controlPlane.address, { host: '172.30.0.250', port: 15012 });
  t.same(config.admin, { host: '127.0.0.1', port: 15000 });
  t.equal(config.stateFile, undefined);
  t.equal(config.svidTtlMs, 86_400_000);
  t.equal(config.traffic.connectTimeoutMs, 2_000);
  t.end();
});

test('every bad option is reported in one error', (t) => {
  const options = {
    ...REQUIRED,
    node: undefined,
    controller: 'no-port',
    trustDomain: 'Upper Case',
    netnsDir: 'relative',
    svidTtl: '100d',
    logLevel: 'loud',
    logFormat: 'xml',
    drainTimeout: 'soon',
  };
  try {
    resolveZtunnelConfig(options);
    t.fail('must throw');
  } catch (error) {
    const problem = causeOf(error, ZtunnelError);
    t.equal(problem?.code, 'ERR_ZTUNNEL_CONFIG');
    for (const flag of [
      '--node',
      '--controller',
      '--trust-domain',
      '--netns-dir',
      '--svid-ttl',
      '--log-level',
      '--log-format',
      '--drain-timeout',
    ])
      t.match(problem?.message, flag);
  }
  t.end();
});

test('an IPv6 address is taken in brackets', (t) => {
  t.same(resolveZtunnelConfig({ ...REQUIRED, controller: '[fd00::1]:15012' }).controlPlane.address, {
    host: 'fd00::1',
    port: 15012,
  });
  t.end();
});
