import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import type { AnalysedMesh } from '../../subject/index.ts';

/** Access logs of which nobody says where they go, and traces that go to a provider on its way out. */
export function* analyzeTelemetryProviders(mesh: AnalysedMesh): Iterable<Finding> {
  const { meshConfig } = mesh;
  const hasDefault = meshConfig.key('defaultProviders').key('accessLogging').items().length > 0;
  const lightstep = new Set(
    meshConfig
      .key('extensionProviders')
      .items()
      .filter((provider) => provider.key('lightstep').present)
      .map((provider) => provider.key('name').text() ?? ''),
  );
  for (const object of mesh.of('telemetry.istio.io/Telemetry')) {
    const { spec, name, namespace } = object;
    for (const logging of spec.key('accessLogging').items()) {
      if (hasDefault || logging.key('providers').items().length > 0) continue;
      yield finding(ISTIO.InvalidTelemetryProvider, { object, path: logging.path }, name, namespace);
    }
    for (const provider of spec
      .key('tracing')
      .items()
      .flatMap((tracing) => tracing.key('providers').items())) {
      if (!lightstep.has(provider.key('name').text() ?? '')) continue;
      yield finding(
        ISTIO.Deprecated,
        { object, path: provider.path },
        'The Lightstep provider is deprecated; use OpenTelemetry',
      );
    }
  }
}
