-- ARGV: now, JSON list of agents, '1' where an agent without a sign of life is off duty. What should be impossible, and how long it
-- would last without this: for ever. Each is mended, told as an event, and returned as JSON [agent, what]:
-- `wrap_up` `break` `ring` (its timer was lost), `contact` (held one that is gone or another's), `count` (offers and calls are not
-- what is held), `state` (not what follows from all this), `page` (on duty, and nothing shows that anybody is there).
local healed = {}

local function tell(id, what)
  healed[#healed + 1] = {id, what}
  emit('healed', 'agent', id, 'what', what)
end

local function timer(a, what, name, ends)
  if ends ~= '' and not redis.call('ZSCORE', P .. what, a.id) then
    redis.call('ZADD', P .. what, ends, a.id)
    tell(a.id, name)
  end
end

local function look_at_held(a)
  local offers, calls = 0, 0
  local held = redis.call('HGETALL', P .. 'held:' .. a.id)
  for i = 1, #held, 2 do
    local id, how = held[i], held[i + 1]
    local c = contact_of(id)
    if not c or not has(c, a.id) or c.state ~= how then
      redis.call('HDEL', P .. 'held:' .. a.id, id)
      a.others[id] = nil
      tell(a.id, 'contact')
    elseif how == 'offered' then
      offers = offers + 1
      if not redis.call('ZSCORE', P .. 'offers', id) and not redis.call('ZSCORE', P .. 'offers', id .. '|' .. a.id) then
        redis.call('ZADD', P .. 'offers', NOW, id .. '|' .. a.id)
        tell(a.id, 'ring')
      end
    else
      calls = calls + 1
    end
  end
  return offers, calls
end

for _, id in ipairs(cjson.decode(ARGV[2])) do
  local a = agent_of(id)
  if a then
    local offers, calls = look_at_held(a)
    local off = offers ~= a.offers or calls ~= a.calls
    if off then
      settle(a) -- writes which of those held are no calls
      redis.call('HSET', P .. 'agent:' .. id, 'offers', offers, 'calls', calls)
      tell(id, 'count')
      a = agent_of(id)
    end
    timer(a, 'wraps', 'wrap_up', a.wrap_until)
    timer(a, 'backs', 'break', a.state == 'break' and a.back_at or '')
    if derive(a) ~= a.state then
      settle(a)
      if not off then tell(id, 'state') end
    end
    if ARGV[3] == '1' and a.duty ~= 'offline' and not redis.call('ZSCORE', P .. 'leases', id) then
      redis.call('HSET', P .. 'agent:' .. id, 'gone_from', a.duty)
      set_duty(a, 'offline', 'page gone', 'system')
      tell(id, 'page')
    end
  end
end
return #healed > 0 and cjson.encode(healed) or '[]'
