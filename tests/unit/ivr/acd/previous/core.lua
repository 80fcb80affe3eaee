-- What every move shares. Stands before each script; KEYS[1] is the hash-tagged prefix, ARGV[1] is `now`.
-- Scripts keep the state right and tell what changed. Who gets whom is decided by the node that leads (`ivr.acd.matching`), and
-- `reserve` does it where it is still true.

local P = KEYS[1] .. ':'
local NOW = ARGV[1]
local now = tonumber(NOW)
local SPARED = 10        -- seconds for which a refused contact goes to others first
local RING_GRACE = 3     -- seconds after the ring in which its own node may still say how it ended

local function at(seconds) return string.format('%.3f', seconds) end

local function emit(kind, ...)
  redis.call('XADD', P .. 'events', 'MAXLEN', '~', 20000, '*', 'kind', kind, 'at', NOW, ...)
end

local function count(what) redis.call('HINCRBY', P .. 'totals', what, 1) end

-- agents -------------------------------------------------------------------------------------------------------------

local function agent_of(id)
  local v = redis.call('HMGET', P .. 'agent:' .. id, 'profile', 'capacity', 'duty', 'reason', 'offers', 'calls', 'wrap_until',
    'state', 'since', 'idle_since')
  if not v[1] then return nil end
  return {id = id, profile = v[1], capacity = tonumber(v[2]), duty = v[3], reason = v[4], offers = tonumber(v[5]),
    calls = tonumber(v[6]), load = v[5] + v[6], wrap_until = v[7], state = v[8], since = v[9], idle_since = v[10]}
end

-- The one place that says what state an agent is in.
local function derive(a)
  local load = a.offers + a.calls
  if load == 0 and a.wrap_until ~= '' then return 'wrap_up' end
  if load >= a.capacity or (load > 0 and a.duty ~= 'available') then return a.calls > 0 and 'in_call' or 'reserved' end
  return a.duty
end

local function on_duty(state) return state ~= 'offline' and state ~= 'break' end

local function settle(a)
  local key = P .. 'agent:' .. a.id
  local was, is, moved = a.state, derive(a), a.load ~= a.offers + a.calls
  if was ~= is then a.state, a.since = is, NOW end
  if was == 'offline' and is ~= 'offline' then redis.call('HSET', key, 'duty_since', NOW, 'served', 0, 'busy', 0) end
  if was ~= is or moved then a.idle_since, a.load = NOW, a.offers + a.calls end
  if a.wrap_until ~= '' then redis.call('ZADD', P .. 'wraps', a.wrap_until, a.id) else redis.call('ZREM', P .. 'wraps', a.id) end
  redis.call('HSET', key, 'duty', a.duty, 'reason', a.reason, 'offers', a.offers, 'calls', a.calls, 'wrap_until', a.wrap_until,
    'state', a.state, 'since', a.since, 'idle_since', a.idle_since)
  if was ~= is or moved then emit('agent', 'agent', a.id, 'state', is, 'reason', a.reason, 'until', a.wrap_until) end
end

-- contacts -----------------------------------------------------------------------------------------------------------

local function contact_of(id)
  local v = redis.call('HMGET', P .. 'contact:' .. id, 'queue', 'order', 'state', 'agent', 'node', 'refused', 'until', 'why',
    'enqueued_at', 'connected_at')
  if not v[1] then return nil end
  return {id = id, queue = v[1], order = v[2], state = v[3], agent = v[4], node = v[5], refused = v[6], ends = v[7], why = v[8],
    enqueued_at = v[9], connected_at = v[10]}
end

local function queue_of(name)
  local v = redis.call('HGET', P .. 'queues', name)
  return v and cjson.decode(v) or {ring_seconds = 20, wrap_up_seconds = 0}
end

-- The agent of a contact lets go of it; `settle` is left to the caller, who knows what comes after.
local function let_go(c)
  local a = agent_of(c.agent)
  redis.call('HDEL', P .. 'held:' .. c.agent, c.id)
  redis.call('ZREM', P .. 'offers', c.id)
  if a and c.state == 'offered' then a.offers = a.offers - 1 end
  if a and c.state == 'connected' then
    a.calls = a.calls - 1
    if c.connected_at and c.connected_at ~= '' then
      redis.call('HINCRBYFLOAT', P .. 'agent:' .. a.id, 'busy', at(math.max(0, now - c.connected_at)))
    end
  end
  return a
end

-- The contact goes back to its old place; its agent is told apart by `duty` ('' keeps what he asked for last).
local function put_back(c, reason, duty)
  local a = let_go(c)
  count(c.state == 'connected' and 'requeued' or reason == 'missed' and 'missed' or 'declined')
  emit('withdrawn', 'contact', c.id, 'queue', c.queue, 'node', c.node, 'agent', c.agent, 'reason', reason)
  if c.state == 'connected' then
    redis.call('ZADD', P .. 'queue:' .. c.queue, c.order, c.id)
    redis.call('ZADD', P .. 'ages:' .. c.queue, c.enqueued_at, c.id)
  end
  local kept = ''
  for id, stop in string.gmatch(c.refused, '([^;=]+)=([%d.]+)') do
    if id ~= c.agent and tonumber(stop) > now then kept = kept .. id .. '=' .. stop .. ';' end
  end
  c.refused = ';' .. kept .. c.agent .. '=' .. at(now + SPARED) .. ';'
  c.state, c.agent, c.ends, c.why = 'waiting', '', '', ''
  redis.call('HSET', P .. 'contact:' .. c.id, 'state', c.state, 'agent', '', 'until', '', 'why', '', 'refused', c.refused,
    'connected_at', '')
  if a and duty ~= '' then a.duty, a.reason = duty, duty == 'available' and '' or reason end
  if a then settle(a) end
end

-- The contact leaves the store, whatever it was doing; its agent is free at once, or wraps up after a call.
local function remove(c, outcome)
  redis.call('ZREM', P .. 'contacts', c.id)
  redis.call('ZREM', P .. 'queue:' .. c.queue, c.id)
  redis.call('ZREM', P .. 'ages:' .. c.queue, c.id)
  redis.call('SREM', P .. 'node:' .. c.node, c.id)
  redis.call('DEL', P .. 'contact:' .. c.id)
  count(c.state == 'connected' and 'ended' or outcome)
  if c.state == 'offered' then count('withdrawn') end
  emit('ended', 'contact', c.id, 'queue', c.queue, 'node', c.node, 'agent', c.agent, 'state', c.state, 'outcome', outcome)
  if c.state == 'waiting' then return end
  local a = let_go(c)
  if not a then return end
  if c.state == 'connected' then
    redis.call('HSET', P .. 'agent:' .. a.id, 'last_contact', c.id)
    local seconds = queue_of(c.queue).wrap_up_seconds
    if seconds > 0 and a.capacity == 1 then a.wrap_until = at(now + seconds) end
  end
  settle(a)
end

-- The agent's duty changes. A call goes on, and what is asked for comes after it; a ring is withdrawn.
local function set_duty(a, duty, reason)
  a.duty, a.reason, a.wrap_until = duty, reason, ''
  settle(a)
  if duty ~= 'available' and a.offers > 0 then
    local held = redis.call('HGETALL', P .. 'held:' .. a.id)
    for i = 1, #held, 2 do
      if held[i + 1] == 'offered' then put_back(contact_of(held[i]), reason == 'page gone' and 'gone' or 'declined', '') end
    end
  end
end
