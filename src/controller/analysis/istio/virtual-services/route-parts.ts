import type { Field } from '../../../objects/index.ts';
import type { AnalysedMesh, AnalysedObject } from '../../subject/index.ts';

/** As they were written, whether they are of use or not. */
export function virtualServices(mesh: AnalysedMesh): readonly AnalysedObject[] {
  return mesh.of('networking.istio.io/VirtualService');
}

/** Where one of a VirtualService's rules sends requests, or copies of them. */
export interface RouteDestination {
  readonly field: Field;
  readonly host: string;
  readonly subset: string;
  readonly mirror: boolean;
}

/** Without those that name no host: the schema complains about them. */
export function routeDestinations({ spec }: AnalysedObject): readonly RouteDestination[] {
  const rules = spec.key('http').items();
  const routed = ['http', 'tls', 'tcp'].flatMap((protocol) =>
    spec
      .key(protocol)
      .items()
      .flatMap((rule) => rule.key('route').items())
      .map((route) => read(route.key('destination'), false)),
  );
  const mirrored = rules.flatMap((rule) => [
    ...(rule.key('mirror').present ? [read(rule.key('mirror'), true)] : []),
    ...rule
      .key('mirrors')
      .items()
      .map((mirror) => read(mirror.key('destination'), true)),
  ]);
  return [...routed, ...mirrored].filter(({ host }) => host !== '');
}

function read(field: Field, mirror: boolean): RouteDestination {
  return { field, host: field.key('host').text() ?? '', subset: field.key('subset').text() ?? '', mirror };
}

/** Names of the gateways that it is bound to; `mesh` stands for all sidecars, and is the default. */
export function gatewaysOf({
  spec,
}: AnalysedObject): readonly { readonly name: string; readonly path: Field['path'] }[] {
  const written = spec.key('gateways').items();
  return written.flatMap((field) => {
    const name = field.text();
    return name === undefined ? [] : [{ name, path: field.path }];
  });
}

/** Without gateways it is for the mesh alone. */
export function isForMesh(object: AnalysedObject): boolean {
  const gateways = gatewaysOf(object);
  return gateways.length === 0 || gateways.some(({ name }) => name === 'mesh');
}

/** `ns/name`, or a name in the object's own namespace. */
export function gatewayName(
  name: string,
  namespace: string,
): { readonly namespace: string; readonly name: string } {
  const slash = name.indexOf('/');
  return slash < 0 ? { namespace, name } : { namespace: name.slice(0, slash), name: name.slice(slash + 1) };
}
