import type { JSX } from 'preact';
import { linkTo, place, setParameters } from '../app/router.ts';
import { useRefusals } from '../data/feeds.ts';
import { useAnswer } from '../data/resource.ts';
import { formatEnd, formatTarget } from '../format/names.ts';
import { formatLatency } from '../format/numbers.ts';
import { Answered, Nothing } from '../parts/answered.tsx';
import { Badge } from '../parts/badge.tsx';
import { Toolbar } from '../parts/toolbar.tsx';
import { spanRole } from '../traffic/span-role.ts';
import { type TraceRow, traceRows } from '../traffic/trace-rows.ts';

/** One request or connection, hop by hop. */
export function TracePage(): JSX.Element {
  const { id = '' } = place.value.parameters;
  return (
    <>
      <Toolbar>
        <form
          class="field"
          onSubmit={(event) => {
            event.preventDefault();
            const text = new FormData(event.currentTarget).get('id');
            setParameters({ id: typeof text === 'string' ? text.trim().toLowerCase() : '' });
          }}
        >
          <label class="field">
            <span>Trace id (of an access log, a response header or a refusal)</span>
            <input
              type="search"
              name="id"
              size={36}
              defaultValue={id}
              key={id}
              pattern="\s*[0-9a-fA-F]{32}\s*"
              title="32 hexadecimal digits"
            />
          </label>
          <button type="submit">Show</button>
        </form>
      </Toolbar>
      {id === '' ? <Recent /> : <Waterfall id={id} />}
    </>
  );
}

function Recent(): JSX.Element {
  const traced = (useRefusals().data ?? []).filter((refusal) => refusal.traceId !== '').slice(0, 10);
  return (
    <section class="card" aria-labelledby="recent">
      <h2 id="recent">Refusals that were traced</h2>
      {traced.length === 0 ? (
        <Nothing>
          None lately. Requests carry their trace id in the header traceparent; access logs name it, and so
          does the page of <a href="#/requests">requests</a> of the mesh.
        </Nothing>
      ) : (
        <ul>
          {traced.map((refusal) => (
            <li key={refusal.id}>
              <a href={linkTo('trace', { id: refusal.traceId })}>
                {formatEnd(refusal.source)} → {formatTarget(refusal)}
              </a>{' '}
              <code>{refusal.traceId}</code>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Waterfall({ id }: { readonly id: string }): JSX.Element {
  return (
    <Answered of={useAnswer('/api/v1/trace', { id })}>
      {({ spans }) =>
        spans.length === 0 ? (
          <Nothing>
            No span of this trace is kept here. It was not sampled, is older than fifteen minutes, or took
            other nodes.
          </Nothing>
        ) : (
          <section class="card" aria-label="Spans">
            <div class="table-frame">
              <table class="waterfall">
                <caption class="unseen">Spans of trace {id}</caption>
                <thead>
                  <tr>
                    <th scope="col">Span</th>
                    <th scope="col">Proxy</th>
                    <th scope="col" class="number">
                      Took
                    </th>
                    <th scope="col">When</th>
                  </tr>
                </thead>
                <tbody>
                  {traceRows(spans).map((row) => (
                    <SpanRow key={row.span.spanId} {...row} />
                  ))}
                </tbody>
              </table>
            </div>
          </section>
        )
      }
    </Answered>
  );
}

function SpanRow({ span, depth, from, share }: TraceRow): JSX.Element {
  return (
    <tr>
      <th scope="row">
        <details style={{ paddingLeft: `${depth * 16}px` }}>
          <summary>
            {span.name} {span.failed && <Badge tone="bad">failed</Badge>}
            <small>{spanRole(span)}</small>
          </summary>
          <dl class="facts">
            {Object.entries({ kind: span.kind, span: span.spanId, ...span.attributes }).map(
              ([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{`${value}`}</dd>
                </div>
              ),
            )}
          </dl>
        </details>
      </th>
      <td>{span.proxy}</td>
      <td class="number">{formatLatency(span.durationMs)}</td>
      <td class="span-track">
        <span
          class={span.failed ? 'span-bar tone-fill-bad' : 'span-bar tone-fill-info'}
          style={{ marginLeft: `${from * 100}%`, width: `${Math.max(0.5, share * 100)}%` }}
        />
      </td>
    </tr>
  );
}
