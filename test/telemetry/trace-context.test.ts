import { test } from 'tap';
import { HeaderList } from '../../src/http/index.ts';
import { createTracer, readTrace, type TraceFormat, writeTrace } from '../../src/telemetry/index.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
type Fields = readonly (readonly [name: string, value: string])[];

const tracer = createTracer({ ratio: 0, sinks: [] });

/** What goes on of a message that came with `fields`, and the span that it was given. */
function passedOn(fields: Fields) {
  const headers = new HeaderList(fields);
  const incoming = readTrace(headers);
  const span = tracer.begin(incoming.parent, incoming.sampled);
  writeTrace(headers, span, incoming);
  return { span, incoming, headers, again: readTrace(headers) };
}

const withState = (...states: readonly string[]): Fields => [
  ['traceparent', `00-${TRACE}-${SPAN}-00`],
  ...states.map((state) => ['tracestate', state] as const),
];

test('a trace goes on in each form it came in, with a span of its own', async (t) => {
  const forms: readonly (readonly [TraceFormat, Fields])[] = [
    ['w3c', [['traceparent', `00-${TRACE}-${SPAN}-01`]]],
    ['b3-single', [['b3', `${TRACE}-${SPAN}-1`]]],
    [
      'b3-multi',
      [
        ['X-B3-TraceId', TRACE],
        ['X-B3-SpanId', SPAN],
        ['X-B3-Sampled', '1'],
      ],
    ],
  ];
  for (const [format, fields] of forms) {
    const { span, incoming, again } = passedOn(fields);
    t.same(incoming.formats, [format]);
    t.match(incoming.parent, { traceId: TRACE, spanId: SPAN, sampled: true });
    t.match(span, { traceId: TRACE, parentId: SPAN, sampled: true });
    t.not(span.spanId, SPAN);
    t.match(again.parent, { traceId: TRACE, spanId: span.spanId, sampled: true }, `${format} is read back`);
    t.same(again.formats, [format]);
  }
});

test('a message without a trace begins one in W3C Trace Context', async (t) => {
  const { headers, span } = passedOn([['host', 'cart']]);
  t.match(span.traceId, /^[0-9a-f]{32}$/);
  t.equal(span.parentId, '');
  t.equal(headers.get('traceparent'), `00-${span.traceId}-${span.spanId}-00`);
  t.equal(headers.size, 2);
});

test('several forms at once go on as one trace, that of W3C', async (t) => {
  const { headers, span } = passedOn([
    ['traceparent', `00-${TRACE}-${SPAN}-01`],
    ['b3', `${'1'.repeat(32)}-${SPAN}-0`],
  ]);
  t.equal(span.traceId, TRACE);
  t.equal(headers.get('b3'), `${TRACE}-${span.spanId}-1-${SPAN}`);
});

/** The cases of W3C's own test suite: what each traceparent is read as. */
const TRACEPARENTS: readonly (readonly [why: string, values: readonly string[], isTrace: boolean])[] = [
  ['as it should be', [`00-${TRACE}-${SPAN}-01`], true],
  ['twice', [`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`], false],
  ['version 00 with a dot behind', [`00-${TRACE}-${SPAN}-01.`], false],
  ['version 00 with more fields', [`00-${TRACE}-${SPAN}-01-what-the-future-will-be-like`], false],
  ['a version of the future', [`cc-${TRACE}-${SPAN}-01`], true],
  ['a version of the future with more fields', [`cc-${TRACE}-${SPAN}-01-what-it-will-be-like`], true],
  ['a version of the future, and no field', [`cc-${TRACE}-${SPAN}-01.what-it-will-be-like`], false],
  ['version ff', [`ff-${TRACE}-${SPAN}-01`], false],
  ['a dot in the version', [`.0-${TRACE}-${SPAN}-01`], false],
  ['a dot behind the version', [`0.-${TRACE}-${SPAN}-01`], false],
  ['a long version', [`000-${TRACE}-${SPAN}-01`], false],
  ['a longer version', [`0000-${TRACE}-${SPAN}-01`], false],
  ['a short version', [`0-${TRACE}-${SPAN}-01`], false],
  ['no trace', [`00-${'0'.repeat(32)}-${SPAN}-01`], false],
  ['a dot in the trace', [`00-.${TRACE.slice(1)}-${SPAN}-01`], false],
  ['a long trace', [`00-${TRACE}1-${SPAN}-01`], false],
  ['a short trace', [`00-${TRACE.slice(1)}-${SPAN}-01`], false],
  ['upper case', [`00-${TRACE.toUpperCase()}-${SPAN}-01`], false],
  ['no span', [`00-${TRACE}-${'0'.repeat(16)}-01`], false],
  ['a dot in the span', [`00-${TRACE}-.${SPAN.slice(1)}-01`], false],
  ['a long span', [`00-${TRACE}-${SPAN}1-01`], false],
  ['a short span', [`00-${TRACE}-${SPAN.slice(1)}-01`], false],
  ['a dot for a flag', [`00-${TRACE}-${SPAN}-.0`], false],
  ['a dot behind the flag', [`00-${TRACE}-${SPAN}-0.`], false],
  ['long flags', [`00-${TRACE}-${SPAN}-001`], false],
  ['short flags', [`00-${TRACE}-${SPAN}-1`], false],
  ['blanks before', [` \t00-${TRACE}-${SPAN}-01`], true],
  ['blanks behind', [`00-${TRACE}-${SPAN}-01 \t`], true],
  ['another kind of blank', [`\u00a000-${TRACE}-${SPAN}-01`], false],
  ['nothing', [''], false],
  ['far too much', ['a'.repeat(100_000)], false],
];

test('a traceparent is believed as W3C says, and else replaced', async (t) => {
  for (const [why, values, isTrace] of TRACEPARENTS) {
    const { headers, span } = passedOn([
      ...values.map((value) => ['TraceParent', value] as const),
      ['tracestate', 'foo=1'],
    ]);
    t.equal(span.traceId === TRACE, isTrace, why);
    t.equal(headers.all('traceparent').length, 1, `${why}: one traceparent`);
    t.equal(headers.get('tracestate'), isTrace ? 'foo=1' : undefined, `${why}: tracestate`);
  }
});

const members = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `bar${index}=${index}`);
const NO_COMMA_OR_EQUALS = Array.from({ length: 0x5f }, (_, index) => String.fromCharCode(0x20 + index))
  .filter((character) => character !== ',' && character !== '=')
  .join('');

/** The cases of W3C's own test suite: which tracestate goes on. */
const TRACESTATES: readonly (readonly [
  why: string,
  values: readonly string[],
  goesOn: string | undefined,
])[] = [
  ['one', ['foo=1'], 'foo=1'],
  ['two', ['foo=1,bar=2'], 'foo=1,bar=2'],
  ['several headers', ['foo=1,bar=2', 'rojo=1,congo=2', 'baz=3'], 'foo=1,bar=2,rojo=1,congo=2,baz=3'],
  ['an empty one', [''], undefined],
  ['an empty one behind', ['foo=1', ''], 'foo=1'],
  ['an empty one before', ['', 'foo=1'], 'foo=1'],
  ['a key twice', ['foo=1,foo=1'], undefined],
  ['a key twice in two headers', ['foo=1', 'foo=2'], undefined],
  [
    'every character of keys and values',
    [`a0_-*/@b-_*/=${NO_COMMA_OR_EQUALS}`],
    `a0_-*/@b-_*/=${NO_COMMA_OR_EQUALS}`,
  ],
  ['blanks between', ['foo=1 \t , \t bar=2, \t baz=3'], 'foo=1,bar=2,baz=3'],
  ['blanks around', ['\t foo=1 \t'], 'foo=1'],
  ['a blank in a key', ['foo =1'], undefined],
  ['upper case', ['FOO=1'], undefined],
  ['a dot', ['foo.bar=1'], undefined],
  ['no system', ['foo@=1,bar=2'], undefined],
  ['no tenant', ['@foo=1,bar=2'], undefined],
  ['two ats in a row', ['foo@@bar=1,bar=2'], undefined],
  ['two ats', ['foo@bar@baz=1,bar=2'], undefined],
  ['32 members', members(32), members(32).join(',')],
  ['33 members', members(33), undefined],
  ['a key of 256', ['foo=1', `${'z'.repeat(256)}=1`], `foo=1,${'z'.repeat(256)}=1`],
  ['a key of 257', ['foo=1', `${'z'.repeat(257)}=1`], undefined],
  [
    'the longest tenant and system',
    [`${'t'.repeat(241)}@${'v'.repeat(14)}=1`],
    `${'t'.repeat(241)}@${'v'.repeat(14)}=1`,
  ],
  ['a tenant of 242', ['foo=1', `${'t'.repeat(242)}@v=1`], undefined],
  ['a system of 15', ['foo=1', `t@${'v'.repeat(15)}=1`], undefined],
  ['two equals signs', ['foo=bar=baz'], undefined],
  ['no value', ['foo=,bar=3'], undefined],
  ['a value of 257', [`foo=${'v'.repeat(257)}`], undefined],
];

test('a tracestate goes on as one header, or not at all where a part of it is malformed', async (t) => {
  for (const [why, values, goesOn] of TRACESTATES) {
    const { headers, span } = passedOn(withState(...values));
    t.equal(span.traceId, TRACE, why);
    t.same(headers.all('tracestate'), goesOn === undefined ? [] : [goesOn], why);
  }
  const alone = passedOn([['tracestate', 'foo=1']]);
  t.equal(alone.headers.get('tracestate'), undefined, 'without a traceparent');
  t.equal(passedOn([['trace-parent', `00-${TRACE}-${SPAN}-01`]]).span.parentId, '', 'under another name');
});

test('of the flags those that are known go on', async (t) => {
  for (const [flags, passed] of [
    ['00', '00'],
    ['01', '01'],
    ['02', '02'],
    ['ff', '03'],
  ] as const) {
    const { headers, span } = passedOn([['traceparent', `00-${TRACE}-${SPAN}-${flags}`]]);
    t.equal(headers.get('traceparent'), `00-${TRACE}-${span.spanId}-${passed}`, flags);
  }
});

/** What B3 headers are read as: the trace, and whether it is sampled. */
const B3: readonly (readonly [
  why: string,
  fields: Fields,
  expected: { readonly traceId?: string | undefined; readonly sampled?: boolean | undefined },
])[] = [
  ['undecided', [['b3', `${TRACE}-${SPAN}`]], { traceId: TRACE }],
  ['debug', [['b3', `${TRACE}-${SPAN}-d`]], { traceId: TRACE, sampled: true }],
  ['with a parent', [['b3', `${TRACE}-${SPAN}-0-${SPAN}`]], { traceId: TRACE, sampled: false }],
  ['upper case', [['b3', `${TRACE.toUpperCase()}-${SPAN}-1`]], { traceId: TRACE, sampled: true }],
  ['16 digits', [['b3', `${SPAN}-${SPAN}-1`]], { traceId: `${'0'.repeat(16)}${SPAN}`, sampled: true }],
  ['a decision alone', [['b3', '0']], { sampled: false }],
  ['an unknown decision', [['b3', `${TRACE}-${SPAN}-7`]], {}],
  ['a parent without a decision', [['b3', `${TRACE}-${SPAN}-${SPAN}`]], {}],
  [
    'twice',
    [
      ['b3', '0'],
      ['b3', '1'],
    ],
    {},
  ],
  ['a trace of zeros', [['b3', `${'0'.repeat(32)}-${SPAN}-1`]], {}],
  [
    'fields, true for 1',
    [
      ['x-b3-traceid', TRACE],
      ['x-b3-spanid', SPAN],
      ['x-b3-sampled', 'true'],
    ],
    { traceId: TRACE, sampled: true },
  ],
  [
    'fields, debug',
    [
      ['x-b3-traceid', TRACE],
      ['x-b3-spanid', SPAN],
      ['x-b3-flags', '1'],
    ],
    { traceId: TRACE, sampled: true },
  ],
  ['fields, a decision alone', [['x-b3-sampled', '0']], { sampled: false }],
  [
    'fields, no span',
    [
      ['x-b3-traceid', TRACE],
      ['x-b3-sampled', '1'],
    ],
    {},
  ],
  [
    'fields, a trace twice',
    [
      ['x-b3-traceid', TRACE],
      ['x-b3-traceid', TRACE],
      ['x-b3-spanid', SPAN],
    ],
    {},
  ],
  [
    'fields, an unknown decision',
    [
      ['x-b3-traceid', TRACE],
      ['x-b3-spanid', SPAN],
      ['x-b3-sampled', 'yes'],
    ],
    {},
  ],
];

test('B3 is believed in its two forms, and else replaced', async (t) => {
  for (const [why, fields, { traceId, sampled }] of B3) {
    const { incoming, headers, span, again } = passedOn(fields);
    t.equal(incoming.parent?.traceId, traceId, why);
    t.equal(incoming.sampled, sampled, why);
    t.equal(again.parent?.traceId, span.traceId, `${why}: one trace goes on`);
    t.equal(again.parent?.spanId, span.spanId, why);
    const came = new Set(headers).size;
    t.ok(came <= 4, `${why}: nothing malformed goes on`);
  }
  t.match(
    passedOn([['b3', `${TRACE}-${SPAN}-d`]]).headers.get('b3'),
    /-d-b7ad6b7169203331$/,
    'debug goes on',
  );
});
