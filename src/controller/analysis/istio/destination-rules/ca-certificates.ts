import type { Field } from '../../../objects/index.ts';
import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import type { AnalysedMesh } from '../../subject/index.ts';

/** TLS to servers whose certificates nobody checks. */
export function* analyzeCaCertificates(mesh: AnalysedMesh): Iterable<Finding> {
  for (const object of mesh.of('networking.istio.io/DestinationRule')) {
    const { spec, name, namespace } = object;
    const host = spec.key('host').text() ?? '';
    const selective = spec.key('workloadSelector').key('matchLabels').entries().length > 0;
    const policies = [
      spec.key('trafficPolicy'),
      ...spec
        .key('subsets')
        .items()
        .map((subset) => subset.key('trafficPolicy')),
    ];
    for (const policy of policies) {
      const mode = uncheckedMode(policy.key('tls'), selective);
      if (mode !== undefined) {
        const at = { object, path: policy.key('tls').path };
        yield finding(ISTIO.NoServerCertificateVerificationDestinationLevel, at, name, namespace, mode, host);
      }
      for (const setting of policy.key('portLevelSettings').items()) {
        const portMode = uncheckedMode(setting.key('tls'), selective);
        if (portMode === undefined) continue;
        const at = { object, path: setting.key('tls').path };
        const port = String(setting.key('port').key('number').integer() ?? '');
        yield finding(
          ISTIO.NoServerCertificateVerificationPortLevel,
          at,
          name,
          namespace,
          portMode,
          host,
          port,
        );
      }
    }
  }
}

/** The mode of a TLS block that verifies nothing. Credentials count only where the rule says whose they are. */
function uncheckedMode(tls: Field, selective: boolean): string | undefined {
  const mode = tls.key('mode').text() ?? '';
  if (mode !== 'SIMPLE' && mode !== 'MUTUAL') return undefined;
  const has = (name: string): boolean => (tls.key(name).text() ?? '') !== '';
  return has('caCertificates') || (selective && has('credentialName')) ? undefined : mode;
}
