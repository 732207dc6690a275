import { NOW, RedisScript } from './redis-script.ts';

/*
 * A shard of the schedule is the same machine as MemoryPollSchedule, in five kinds of keys with one hash tag:
 *
 *   entries          hash: id -> lease ('' for none), due time, group, payload
 *   group:<name>     sorted set of ids, by due time or, while leased, by the end of the lease
 *   asleep           sorted set of groups, by their soonest entry
 *   ring             sorted set of groups that are due, by their turn
 *   seeded           'yes' once everything that is open was put in; before that, until when somebody is trusted to do so
 *
 * A group is asleep or in the ring, never both, and in neither once it is empty. The key of a group is made from its name,
 * which only the script finds out; its hash tag keeps it in the slot of the others.
 *
 * Due times come and go as milliseconds from now, so the clocks of processes need not agree with Redis' nor with each other.
 */
const COMMON = `
local entries, asleep, ring, groups = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

local function soonest(group)
  local first = redis.call('ZRANGE', groups .. group, 0, 0, 'WITHSCORES')
  return first[1], tonumber(first[2])
end

-- After any change in a group: the ring looks at it when its turn comes, the sleepers must know at once.
local function changed(group)
  local id, at = soonest(group)
  if redis.call('ZSCORE', ring, group) then
    if not id then redis.call('ZREM', ring, group) end
  elseif id then
    redis.call('ZADD', asleep, at, group)
  else
    redis.call('ZREM', asleep, group)
  end
end

local function keep(id, lease, due, at, group, payload)
  redis.call('HSET', entries, id, cmsgpack.pack(lease, due, group, payload))
  redis.call('ZADD', groups .. group, at, id)
end

local function drop(id, group)
  redis.call('HDEL', entries, id)
  redis.call('ZREM', groups .. group, id)
  changed(group)
end
`;

/** ARGV: time, 'missing' or 'all', most entries, then id, delay, payload and group of each entry. */
export const PUT = new RedisScript(`${NOW}${COMMON}
local count = redis.call('HLEN', entries)
for i = 4, #ARGV, 4 do
  local id, due, payload, group = ARGV[i], now + ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local known = redis.call('HGET', entries, id)
  -- Past the bound an entry is left to the next re-seeding: later, never lost.
  if (known and ARGV[2] == 'all') or (not known and count < tonumber(ARGV[3])) then
    if known then
      local _, _, old = cmsgpack.unpack(known)
      if old ~= group then drop(id, old) end
    else
      count = count + 1
    end
    keep(id, '', due, due, group, payload)
    changed(group)
  end
end
`);

/**
 * ARGV: ids. Reply: those that have no entry. What cannot be written (a replica, full memory) gives no entries out either;
 * writing nothing fails there, as a claim does.
 */
export const MISSING = new RedisScript(`
redis.call('SETRANGE', KEYS[5], 0, '')
local missing = {}
for _, id in ipairs(ARGV) do
  if redis.call('HEXISTS', KEYS[1], id) == 0 then missing[#missing + 1] = id end
end
return missing
`);

/** How many groups one claim may wake: what sleeps on in a flood is woken by the next one, a tick later. */
const MAX_WOKEN = 1_000;

/** Who was told that the schedule is empty has so long to put everything back, before another process is told. */
const SEEDING_MS = 5_000;

/** No ARGV. Only what empties Redis takes the mark away again. */
export const SEEDED = new RedisScript(`redis.call('SET', KEYS[5], 'yes')`);

/**
 * ARGV: time, limit, lease in ms, token of the lease. Reply: now; when something may be due again, or '' where nothing is
 * left; 1 where the schedule was emptied, or 0; then id, lease, due time, group and payload of each entry. The script costs
 * a few steps of a logarithm per entry taken.
 */
export const CLAIM = new RedisScript(`${NOW}${COMMON}
local limit, leaseUntil = tonumber(ARGV[2]), now + ARGV[3]
local turn
local function queue(group)
  turn = (turn or tonumber(redis.call('ZREVRANGE', ring, 0, 0, 'WITHSCORES')[2]) or 0) + 1
  redis.call('ZADD', ring, turn, group)
end

local seeded = redis.call('GET', KEYS[5])
local emptied = not seeded or (seeded ~= 'yes' and tonumber(seeded) <= now)
if emptied then redis.call('SET', KEYS[5], string.format('%.0f', now + ${SEEDING_MS})) end

for _, group in ipairs(redis.call('ZRANGEBYSCORE', asleep, '-inf', now, 'LIMIT', 0, ${MAX_WOKEN})) do
  redis.call('ZREM', asleep, group)
  queue(group)
end

local reply, taken = { string.format('%.0f', now), '', emptied and '1' or '0' }, 0
while taken < limit do
  local first = redis.call('ZRANGE', ring, 0, 1)
  local group = first[1]
  if not group then break end
  redis.call('ZREM', ring, group)
  -- Who is alone in the ring has all the turns.
  local turns = first[2] and 1 or limit - taken
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', groups .. group, '-inf', now, 'LIMIT', 0, turns)) do
    local known = redis.call('HGET', entries, id)
    if known then
      local _, due, _, payload = cmsgpack.unpack(known)
      taken = taken + 1
      local lease, at = ARGV[4] .. ':' .. taken, #reply
      keep(id, lease, due, leaseUntil, group, payload)
      reply[at + 1], reply[at + 2], reply[at + 3] = id, lease, string.format('%.0f', due)
      reply[at + 4], reply[at + 5] = group, payload
    else
      redis.call('ZREM', groups .. group, id)
    end
  end
  local id, at = soonest(group)
  if id and at <= now then
    queue(group)
  elseif id then
    redis.call('ZADD', asleep, at, group)
  end
end
if redis.call('EXISTS', ring) == 1 then
  reply[2] = reply[1]
else
  reply[2] = redis.call('ZRANGE', asleep, 0, 0, 'WITHSCORES')[2] or ''
end
return reply
`);

/** ARGV: time, then id, lease, delay and payload of each claim. Reply: of each 1, or 0 where the lease was lost. */
export const RESCHEDULE = new RedisScript(`${NOW}${COMMON}
local reply, moved = {}, {}
for i = 2, #ARGV, 4 do
  local id, done = ARGV[i], 0
  local known = redis.call('HGET', entries, id)
  if known then
    local lease, _, group = cmsgpack.unpack(known)
    if lease == ARGV[i + 1] then
      local due = now + ARGV[i + 2]
      keep(id, '', due, due, group, ARGV[i + 3])
      moved[group], done = true, 1
    end
  end
  reply[#reply + 1] = done
end
for group in pairs(moved) do changed(group) end
return reply
`);

/** ARGV: id, and the lease that must still be held, or '' to end it whoever holds it. Reply: 1, or 0 for nothing done. */
export const END = new RedisScript(`${COMMON}
local known = redis.call('HGET', entries, ARGV[1])
if not known then return 0 end
local lease, _, group = cmsgpack.unpack(known)
if ARGV[2] ~= '' and lease ~= ARGV[2] then return 0 end
drop(ARGV[1], group)
return 1
`);
