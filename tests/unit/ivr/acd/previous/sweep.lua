-- ARGV: now, seconds without a sweep after which Redis itself must have been away, grace for leases then, node to give up or ''
local BATCH = 200
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

local function due(what) return redis.call('ZRANGEBYSCORE', P .. what, '-inf', NOW, 'LIMIT', 0, BATCH) end

for _, id in ipairs(due('offers')) do
  local c = contact_of(id)
  if c and c.state == 'offered' then
    local a = agent_of(c.agent)
    put_back(c, 'missed', a and a.capacity == 1 and a.duty == 'available' and 'break' or '')
  else
    redis.call('ZREM', P .. 'offers', id)
  end
end

for _, id in ipairs(due('leases')) do
  redis.call('ZREM', P .. 'leases', id)
  local a = agent_of(id)
  if a and a.duty ~= 'offline' then set_duty(a, 'offline', 'page gone') end
end

local function give_up(node)
  local ids = redis.call('SRANDMEMBER', P .. 'node:' .. node, BATCH)
  for _, id in ipairs(ids) do
    local c = contact_of(id)
    if c then remove(c, 'lost') else redis.call('SREM', P .. 'node:' .. node, id) end
  end
  if #ids < BATCH then redis.call('ZREM', P .. 'nodes', node) end
end

for _, node in ipairs(due('nodes')) do give_up(node) end
if ARGV[4] ~= '' then give_up(ARGV[4]) end

for _, id in ipairs(due('wraps')) do
  local a = agent_of(id)
  if a then
    a.wrap_until = ''
    settle(a)
  end
end

return 1
