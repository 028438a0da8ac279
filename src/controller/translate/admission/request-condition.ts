import type { HeaderCondition, RequestCondition } from '../../../model/index.ts';
import type { RequestMatch } from '../../objects/index.ts';
import { patternProblem } from '../pattern/pattern-problem.ts';

/** `problems` names expressions that are not RE2, with their place below `path`. */
export function translateMatches(
  matches: readonly RequestMatch[],
  path: string,
): { readonly conditions: readonly RequestCondition[]; readonly problems: readonly string[] } {
  const problems = matches.flatMap((match, index) => problemsOf(match, `${path}[${index}]`));
  return { conditions: matches.map(translateMatch), problems };
}

function translateMatch({ method, path, headers, client }: RequestMatch): RequestCondition {
  return {
    path: path && { kind: PATH_KINDS[path.type], value: path.value },
    method,
    headers: headers.map(translateHeader),
    client,
  };
}

function translateHeader({ name, type, value }: RequestMatch['headers'][number]): HeaderCondition {
  const lower = name.toLowerCase();
  switch (type) {
    case 'Exact':
      return { kind: 'exact', name: lower, value };
    case 'RegularExpression':
      return { kind: 'regex', name: lower, value };
    case 'Present':
      return { kind: 'present', name: lower };
    case 'Absent':
      return { kind: 'absent', name: lower };
  }
}

function problemsOf({ path, headers }: RequestMatch, where: string): readonly string[] {
  const patterns = [
    ...(path?.type === 'RegularExpression' ? [{ field: 'path', source: path.value }] : []),
    ...headers.flatMap(({ type, value }, index) =>
      type === 'RegularExpression' ? [{ field: `headers[${index}]`, source: value }] : [],
    ),
  ];
  return patterns.flatMap(({ field, source }) => {
    const problem = patternProblem(source);
    return problem === undefined ? [] : [`${where}.${field}.value: ${problem}`];
  });
}

const PATH_KINDS = { Exact: 'exact', PathPrefix: 'prefix', RegularExpression: 'regex' } as const;
