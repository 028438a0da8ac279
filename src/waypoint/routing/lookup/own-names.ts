import type { Service } from '../../../model/index.ts';

/**
 * The hosts by which clients name a service itself: `echo`, `echo.shop`, `echo.shop.svc` and its full name. Who says one of
 * these asks for the service, and the hostnames of its routes say nothing about that.
 */
export function ownNamesOf(service: Service): ReadonlySet<string> {
  const hostname = service.hostname.toLowerCase();
  const names = new Set([hostname]);
  const stem = `${service.name}.${service.namespace}`.toLowerCase();
  if (hostname.startsWith(`${stem}.svc.`))
    for (const name of [service.name.toLowerCase(), stem, `${stem}.svc`]) names.add(name);
  return names;
}
