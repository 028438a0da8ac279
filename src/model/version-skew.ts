/** Whether a controller of one version serves proxies of another: those one minor version older or newer. */
export function isServedBy(controller: string, proxy: string): boolean {
  const [major, minor] = numbers(controller);
  const [proxyMajor, proxyMinor] = numbers(proxy);
  return major === proxyMajor && Math.abs(minor - proxyMinor) <= 1;
}

/** Not a number where there is none, so that no such version is served. */
function numbers(version: string): readonly [number, number] {
  const [, major = 'NaN', minor = 'NaN'] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  return [Number(major), Number(minor)];
}
