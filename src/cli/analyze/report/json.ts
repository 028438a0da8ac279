import type { Report } from './report.ts';

/** For programs: all that is known of each finding. */
export function formatJson({ findings, objects }: Report): string {
  const items = findings.map(({ definition, object, path, text }) => {
    const { code, name, level, hint } = definition;
    const place = object.locate(path);
    return {
      ...{ code, name, level, message: text, hint },
      object: {
        apiVersion: object.apiVersion,
        kind: object.kind,
        namespace: object.namespace,
        name: object.name,
      },
      field: path,
      ...(place === undefined ? {} : place),
    };
  });
  return `${JSON.stringify({ objects, findings: items }, undefined, 2)}\n`;
}
