import type { JSX } from 'preact';
import { linkTo } from '../app/router.ts';
import { now } from '../data/clock.ts';
import { useAnswer } from '../data/resource.ts';
import { type Attention, attentionOf } from '../traffic/attention.ts';

/** What is wrong, with cause and remedy; nothing at all where all is well. `seconds`: what traffic is judged over. */
export function AttentionList({ seconds }: { readonly seconds: number }): JSX.Element | null {
  const services = useAnswer('/api/v1/services', { window: seconds });
  const waypoints = useAnswer('/api/v1/waypoints', { window: seconds });
  const proxies = useAnswer('/api/v1/proxies');
  const certificates = useAnswer('/api/v1/certificates');
  const policies = useAnswer('/api/v1/policies');
  const all = attentionOf({
    services: services.data?.services ?? [],
    waypoints: waypoints.data?.waypoints ?? [],
    proxies: proxies.data?.proxies ?? [],
    certificates: certificates.data?.certificates ?? [],
    policies: policies.data?.policies ?? [],
    nowMs: now.value,
  });
  if (all.length === 0) return null;
  return (
    <section class="card" aria-labelledby="attention">
      <h2 id="attention">What needs attention</h2>
      <ol class="refusals">
        {all.slice(0, MOST).map((one) => (
          <AttentionItem key={`${one.what} ${one.message}`} of={one} />
        ))}
      </ol>
      {all.length > MOST && <p class="muted">and {all.length - MOST} more</p>}
    </section>
  );
}

function AttentionItem({ of }: { readonly of: Attention }): JSX.Element {
  return (
    <li class={`refusal ${of.tone === 'bad' ? 'refusal-failed' : ''}`}>
      <p>
        <a href={linkTo(of.page)}>{of.what}</a>
      </p>
      <p class="refusal-message">{of.message}</p>
      <p class="refusal-hint">{of.hint}</p>
    </li>
  );
}

const MOST = 12;
