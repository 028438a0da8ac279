import { createHash } from 'node:crypto';

/**
 * Takes one request of each bucket or, where one is empty, of none: the arithmetic of `token-bucket.ts`, in microseconds of
 * the server's clock, so that it makes no difference how far the clocks of waypoints are apart. KEYS are the buckets,
 * ARGV for each its cost and its depth. Answers 1 or 0, then for each bucket how long it takes to be full with the request
 * in it. A bucket that is full again is forgotten.
 */
export const BUCKET_SCRIPT = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local after = {}
local passes = 1
for i, key in ipairs(KEYS) do
  local cost = tonumber(ARGV[2 * i - 1])
  local depth = tonumber(ARGV[2 * i])
  local full = tonumber(redis.call('GET', key) or now)
  after[i] = math.max(0, full - now) + cost
  if after[i] - depth > cost / 1000 then passes = 0 end
end
local reply = { passes }
for i, key in ipairs(KEYS) do
  if passes == 1 then
    redis.call('SET', key, string.format('%.3f', now + after[i]), 'PX', math.max(1, math.ceil(after[i] / 1000)))
  end
  reply[i + 1] = math.floor(after[i])
end
return reply
`;

/** By which a server that has seen the script knows it. */
export const BUCKET_SCRIPT_DIGEST = createHash('sha1').update(BUCKET_SCRIPT).digest('hex');
