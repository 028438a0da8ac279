import type { ComponentChildren, JSX } from 'preact';
import type { Resource } from '../data/resource.ts';
import type { ApiFailure } from '../data/request.ts';

/** What went wrong and what to do. */
function Problem({ failure }: { readonly failure: ApiFailure }): JSX.Element {
  return (
    <div class="problem" role="alert">
      <p>
        <strong>{failure.message}</strong> <code>{failure.code}</code>
      </p>
      {failure.hint !== '' && <p>{failure.hint}</p>}
    </div>
  );
}

/** What an answer is shown as: its problem, if there is one, above what was known before; else that it is on its way. */
export function Answered<T>(props: {
  readonly of: Resource<T>;
  readonly children: (data: T) => ComponentChildren;
}): JSX.Element {
  const { data, failure } = props.of;
  return (
    <>
      {failure !== undefined && <Problem failure={failure} />}
      {data === undefined && failure === undefined && (
        <p class="waiting" role="status">
          Asking …
        </p>
      )}
      {data !== undefined && props.children(data)}
    </>
  );
}

/** Says why there is nothing to see here, and what would make it appear. */
export function Nothing({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <p class="nothing">{children}</p>;
}
