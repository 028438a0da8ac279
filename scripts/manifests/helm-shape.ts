import type {
  Condition,
  NumberSetting,
  Shape,
  TextSetting,
  WholeSetting,
} from '../../src/cli/install/objects/shape.ts';
import { DRAIN_MARGIN_SECONDS } from '../../src/cli/install/objects/settings.ts';

/**
 * Writes the chart's templates: where a setting would stand there is a mark, and `templateText` makes expressions of the
 * marks when the object is YAML.
 */
export function helmShape(): Shape {
  let count = 0;
  return {
    text: (setting) => `{{ ${TEXTS[setting]} }}`,
    number: (setting) => `%%bare ${NUMBERS[setting]}%%`,
    whole: (setting) => `%%whole ${WHOLES[setting]}%%`,
    // A mark stands where an entry would; it is no entry of the caller's type, and it is none in the end.
    when: <T>(condition: Condition, entries: readonly T[]) =>
      [`%%if ${CONDITIONS[condition]}%%`, ...entries, '%%end%%'] as unknown as readonly T[],
    whenFields: (condition, fields) => {
      count += 1;
      return { [`%%${count} if ${CONDITIONS[condition]}%%`]: null, ...fields, [`%%${count} end%%`]: null };
    },
  };
}

/** YAML with marks as a template of Helm. */
export function templateText(yaml: string): string {
  return yaml
    .split('\n')
    .map((line) => {
      const mark = /^\s*(?:- )?["']?%%(?:\d+ )?(if .*|end)%%["']?(?:: null)?$/.exec(line);
      if (mark !== null) return `{{- ${mark[1]} }}`;
      const whole = /^(\s*)(.*): ["']?%%whole (.*)%%["']?$/.exec(line);
      if (whole !== null) {
        const [, indent = '', name, expression] = whole;
        return `${indent}${name}: {{- toYaml ${expression} | nindent ${indent.length + 2} }}`;
      }
      return line.replace(/["']?%%bare (.*?)%%["']?/, '{{ $1 }}');
    })
    .join('\n');
}

export function conditionExpression(condition: Condition): string {
  return CONDITIONS[condition];
}

/** Backquotes: the expressions stand inside of YAML's double quotes. */
const TRAITS = '(include `nodemesh.traits` . | fromJson)';
const TEXTS: Readonly<Record<TextSetting, string>> = {
  image: '.Values.image',
  imagePullPolicy: `${TRAITS}.imagePullPolicy`,
  trustDomain: '.Values.trustDomain',
  clusterDomain: '.Values.clusterDomain',
  clusterId: '.Values.clusterId',
  network: '.Values.network',
  rootNamespace: '.Values.rootNamespace',
  svidTtl: '.Values.svidTtl',
  logLevel: '.Values.logLevel',
  logFormat: '.Values.logFormat',
  // Numbers of a values file come as floating-point ones, and would be written as 1e+06 beyond a million.
  drainTimeout: 'printf `%ds` (.Values.drainSeconds | int)',
  cniBinFolder: `${TRAITS}.cniBinFolder`,
  cniConfigFolder: `${TRAITS}.cniConfigFolder`,
  webhookFailurePolicy: '.Values.webhookFailurePolicy',
  waypointParameters: '.Values.waypointParameters',
};
const NUMBERS: Readonly<Record<NumberSetting, string>> = {
  controllerReplicas: '.Values.controllerReplicas | int',
  drainGraceSeconds: `add (.Values.drainSeconds | int) ${DRAIN_MARGIN_SECONDS}`,
};
const WHOLES: Readonly<Record<WholeSetting, string>> = {
  controllerResources: '.Values.controllerResources',
  ztunnelResources: '.Values.ztunnelResources',
};
const CONDITIONS: Readonly<Record<Condition, string>> = {
  alone: 'not .Values.sideBySide',
  cni: `${TRAITS}.cni`,
  failClosed: 'eq .Values.webhookFailurePolicy `Fail`',
  fixedUser: 'ne .Values.platform `openshift`',
  gke: 'eq .Values.platform `gke`',
  monitoring: '.Values.monitoring',
  network: '.Values.network',
  openshift: 'eq .Values.platform `openshift`',
  sharedRoots: 'and .Values.sideBySide .Values.sharedRoots',
  sideBySide: '.Values.sideBySide',
};
