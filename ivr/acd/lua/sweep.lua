-- ARGV: now, seconds without a sweep after which Redis itself must have been away, grace for leases then, node to give up or '',
-- seconds of its lease left with which a node counts as silent
local BATCH = 200
local MOST_LOST = 20000
local LOST_SECONDS = 86400 -- nobody calls back whom nobody took up for that long
local swept = tonumber(redis.call('GET', P .. 'swept') or NOW)
redis.call('SET', P .. 'swept', NOW)
if now - swept > tonumber(ARGV[2]) then
  -- Nobody could renew a lease while Redis was away: all get a little time before anybody counts as dead.
  for _, leases in ipairs({'leases', 'nodes'}) do
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. leases, '-inf', NOW)) do
      redis.call('ZADD', P .. leases, at(now + tonumber(ARGV[3])), id)
    end
  end
end

-- A node that says nothing is marked, so that nobody is reserved for its callers; they keep their places until its lease is over.
local margin = tonumber(ARGV[5] or '0')
if margin > 0 then
  local function mark(node, state) emit('node', 'node', node, 'state', state) end
  for _, node in ipairs(redis.call('ZRANGEBYSCORE', P .. 'nodes', '-inf', at(now + margin))) do
    if redis.call('SADD', P .. 'silent', node) == 1 then mark(node, 'silent') end
  end
  for _, node in ipairs(redis.call('SMEMBERS', P .. 'silent')) do
    local lease = redis.call('ZSCORE', P .. 'nodes', node)
    if not lease or tonumber(lease) > now + margin then
      redis.call('SREM', P .. 'silent', node)
      mark(node, lease and 'heard' or 'gone')
    end
  end
end

local function due(what) return redis.call('ZRANGEBYSCORE', P .. what, '-inf', NOW, 'LIMIT', 0, BATCH) end

for _, ring in ipairs(due('offers')) do
  local id, agent = string.match(ring, '^([^|]+)|?(.*)$')
  local c = contact_of(id)
  if c and agent == '' then agent = c.agent end
  if c and c.state == 'offered' and has(c, agent) then
    local a = agent_of(agent)
    put_back(c, agent, 'missed', a and a.capacity == 1 and a.duty == 'available' and 'break' or '')
  else
    redis.call('ZREM', P .. 'offers', ring)
  end
end

for _, id in ipairs(due('leases')) do
  redis.call('ZREM', P .. 'leases', id)
  local a = agent_of(id)
  if a and a.duty ~= 'offline' then
    redis.call('HSET', P .. 'agent:' .. id, 'gone_from', a.duty) -- a page that proves to be there has its agent back on duty
    set_duty(a, 'offline', 'page gone', 'system')
  end
end

local function give_up(node)
  local ids = redis.call('SRANDMEMBER', P .. 'node:' .. node, BATCH)
  for _, id in ipairs(ids) do
    local c = contact_of(id)
    if c then
      if c.room == 'voice' and c.aside == '' and redis.call('HLEN', P .. 'lost') < MOST_LOST then -- for whoever calls them back
        redis.call('HSET', P .. 'lost', id, cjson.encode({queue = c.queue, enqueued_at = c.enqueued_at, node = c.node, agent = c.agent,
          state = c.state, at = NOW, details = redis.call('HGET', P .. 'contact:' .. id, 'details') or '{}'}))
        redis.call('EXPIRE', P .. 'lost', LOST_SECONDS)
      end
      if c.state == 'connected' then -- who was asked about a contact has that one on the page: `asking` of engaging.py
        emit('healed', 'agent', c.agent, 'what', 'node', 'contact', string.match(id, '^[^~]+'))
      end
      remove(c, 'lost')
    else
      redis.call('SREM', P .. 'node:' .. node, id)
    end
  end
  if #ids < BATCH then redis.call('ZREM', P .. 'nodes', node) end
end

for _, node in ipairs(due('nodes')) do give_up(node) end
if ARGV[4] ~= '' then give_up(ARGV[4]) end

for _, id in ipairs(due('wraps')) do
  redis.call('ZREM', P .. 'wraps', id)
  local a = agent_of(id)
  if a then
    a.wrap_until = ''
    settle(a)
  end
end

for _, id in ipairs(due('backs')) do
  redis.call('ZREM', P .. 'backs', id)
  local a = agent_of(id)
  if a and a.state == 'break' then set_duty(a, 'available', '', 'system') end
end

for _, plan in ipairs(due('plans')) do
  local p = cjson.decode(plan)
  local a = agent_of(p.agent)
  if not a or a.offers == 0 then -- a ring is heard out first
    redis.call('ZREM', P .. 'plans', plan)
    if a and a.duty == 'available' and now < p['until'] then
      set_duty(a, 'break', p.reason, p.by, tostring(p['until'] - p.from))
    end
  end
end

return 1
