-- What every move shares. Stands before each script; KEYS[1] is the hash-tagged prefix, ARGV[1] is `now`.
-- Agents with equal skills and languages form a profile, contacts with equal needs and language a demand. Each class keeps its
-- members in order, and one sorted set keeps the classes by their first member, so a match looks at classes, best first.

local P = KEYS[1] .. ':'
local NOW = ARGV[1]
local now = tonumber(NOW)
local SPARED = 10        -- seconds for which a refused contact goes to others first
local RING_GRACE = 3     -- seconds after the ring in which its own node may still say how it ended
local made = {}          -- offers of this script

local function at(seconds) return string.format('%.3f', seconds) end

local function emit(kind, ...)
  redis.call('XADD', P .. 'events', 'MAXLEN', '~', 20000, '*', 'kind', kind, 'at', NOW, ...)
end

local function count(what) redis.call('HINCRBY', P .. 'totals', what, 1) end

-- classes ------------------------------------------------------------------------------------------------------------

local function head(kind, class)
  local first = redis.call('ZRANGE', P .. kind .. ':' .. class, 0, 0, 'WITHSCORES')
  if first[1] then redis.call('ZADD', P .. kind, first[2], class) else redis.call('ZREM', P .. kind, class) end
end

local function join(kind, class, id, score)
  redis.call('ZADD', P .. kind .. ':' .. class, score, id)
  head(kind, class)
end

local function part(kind, class, id)
  if redis.call('ZREM', P .. kind .. ':' .. class, id) == 1 then head(kind, class) end
end

-- First member by score, then id, of the classes that `suits` takes and that `takes` lets through.
local function first(kind, suits, takes)
  local best, best_score, from = nil, nil, 0
  while true do
    local classes = redis.call('ZRANGE', P .. kind, from, from + 99, 'WITHSCORES')
    for i = 1, #classes, 2 do
      if best and tonumber(classes[i + 1]) > best_score then return best end
      if suits(classes[i]) then
        local at_rank, found = 0, false
        while not found do
          local members = redis.call('ZRANGE', P .. kind .. ':' .. classes[i], at_rank, at_rank + 9, 'WITHSCORES')
          for j = 1, #members, 2 do
            local s = tonumber(members[j + 1])
            if best and (s > best_score or (s == best_score and members[j] > best)) then found = true break end
            if takes(members[j]) then best, best_score, found = members[j], s, true break end
          end
          if #members < 20 then break end
          at_rank = at_rank + 10
        end
      end
    end
    if #classes < 200 then return best end
    from = from + 100
  end
end

local function listed(list, name) return list ~= '' and string.find(list, ';' .. name .. ';', 1, true) ~= nil end

-- A function that tells whether a profile (`;billing=5;|;en;zh;`) meets a demand (`billing=3|zh`).
local function meets(demand)
  local bar = string.find(demand, '|', 1, true)
  local language, needs = string.sub(demand, bar + 1), {}
  for skill, level in string.gmatch(string.sub(demand, 1, bar - 1), '([^;=]+)=(%d+)') do
    needs[#needs + 1] = {';' .. skill .. '=', tonumber(level), skill}
  end
  return function(profile)
    for _, need in ipairs(needs) do
      local _, stop = string.find(profile, need[1], 1, true)
      if not stop or tonumber(string.match(profile, '^%d+', stop + 1)) < need[2] then return false end
    end
    if language == '' then return true end
    local languages = string.sub(profile, string.find(profile, '|', 1, true) + 1)
    return languages == ';' or listed(languages, language)
  end, needs
end

-- A function that tells whether a demand is met by this profile.
local function met_by(profile)
  local bar = string.find(profile, '|', 1, true)
  local languages, levels = string.sub(profile, bar + 1), {}
  for skill, level in string.gmatch(string.sub(profile, 1, bar - 1), '([^;=]+)=(%d+)') do levels[skill] = tonumber(level) end
  return function(demand)
    local stop = string.find(demand, '|', 1, true)
    local language = string.sub(demand, stop + 1)
    if language ~= '' and languages ~= ';' and not listed(languages, language) then return false end
    for skill, level in string.gmatch(string.sub(demand, 1, stop - 1), '([^;=]+)=(%d+)') do
      if not levels[skill] or levels[skill] < tonumber(level) then return false end
    end
    return true
  end
end

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
  local was, is = a.state, derive(a)
  if was ~= is then
    a.state, a.since = is, NOW
    if on_duty(is) ~= on_duty(was) then
      local left = redis.call('HINCRBY', P .. 'staff', a.profile, on_duty(is) and 1 or -1)
      if left <= 0 then redis.call('HDEL', P .. 'staff', a.profile) end
    end
  end
  if was ~= is or a.load ~= a.offers + a.calls then a.idle_since, a.load = NOW, a.offers + a.calls end
  if is == 'available' then join('idle', a.profile, a.id, a.idle_since) else part('idle', a.profile, a.id) end
  if a.wrap_until ~= '' then redis.call('ZADD', P .. 'wraps', a.wrap_until, a.id) else redis.call('ZREM', P .. 'wraps', a.id) end
  redis.call('HSET', P .. 'agent:' .. a.id, 'duty', a.duty, 'reason', a.reason, 'offers', a.offers, 'calls', a.calls,
    'wrap_until', a.wrap_until, 'state', a.state, 'since', a.since, 'idle_since', a.idle_since)
  if was ~= is then emit('agent', 'agent', a.id, 'state', is, 'reason', a.reason, 'until', a.wrap_until) end
end

-- contacts -----------------------------------------------------------------------------------------------------------

local function contact_of(id)
  local v = redis.call('HMGET', P .. 'contact:' .. id, 'queue', 'demand', 'order', 'state', 'agent', 'node', 'excluded', 'refused',
    'until', 'why', 'enqueued_at')
  if not v[1] then return nil end
  return {id = id, queue = v[1], demand = v[2], order = v[3], state = v[4], agent = v[5], node = v[6], excluded = v[7],
    refused = v[8], ends = v[9], why = v[10], enqueued_at = v[11]}
end

local function queue_of(name)
  local v = redis.call('HGET', P .. 'queues', name)
  return v and cjson.decode(v) or {ring_seconds = 20, wrap_up_seconds = 0}
end

local function spared_until(refused, id)
  if refused == '' then return 0 end
  local _, stop = string.find(refused, ';' .. id .. '=', 1, true)
  return stop and tonumber(string.match(refused, '^[%d.]+', stop + 1)) or 0
end

-- True where somebody on duty, not excluded and not spared, could take the contact now or later.
local function others_could(c)
  local suits, staff = meets(c.demand), redis.call('HGETALL', P .. 'staff')
  local able = 0
  for i = 1, #staff, 2 do
    if suits(staff[i]) then able = able + tonumber(staff[i + 1]) end
  end
  local seen = {}
  local function without(id)
    if seen[id] then return end
    seen[id] = true
    local v = redis.call('HMGET', P .. 'agent:' .. id, 'profile', 'state')
    if v[1] and on_duty(v[2]) and suits(v[1]) then able = able - 1 end
  end
  for id in string.gmatch(c.excluded, '[^;]+') do without(id) end
  for id, stop in string.gmatch(c.refused, '([^;=]+)=([%d.]+)') do
    if tonumber(stop) > now then without(id) end
  end
  return able > 0
end

local function may_take(c, id)
  if listed(c.excluded, id) then return false end
  if spared_until(c.refused, id) <= now then return true end
  if c.shared == nil then c.shared = others_could(c) end
  return not c.shared
end

local function reserve(c, a, reason)
  local _, needs = meets(c.demand)
  local words = {}
  for _, need in ipairs(needs) do
    local _, stop = string.find(a.profile, need[1], 1, true)
    words[#words + 1] = need[3] .. ' ' .. string.match(a.profile, '^%d+', stop + 1)
  end
  words[#words + 1] = reason
  c.state, c.agent, c.why = 'offered', a.id, table.concat(words, ', ')
  local ends = now + queue_of(c.queue).ring_seconds
  c.ends = at(ends)
  redis.call('HSET', P .. 'contact:' .. c.id, 'state', c.state, 'agent', a.id, 'until', c.ends, 'why', c.why)
  redis.call('ZADD', P .. 'offers', at(ends + RING_GRACE), c.id)
  redis.call('HSET', P .. 'held:' .. a.id, c.id, 'offered')
  part('waiting', c.demand, c.id)
  a.offers = a.offers + 1
  settle(a)
  count('offers')
  emit('offered', 'contact', c.id, 'queue', c.queue, 'node', c.node, 'agent', a.id, 'until', c.ends, 'why', c.why)
  made[#made + 1] = {c.id, a.id, c.ends, c.why}
end

local function match_contact(c)
  if c.state ~= 'waiting' then return end
  local id = first('idle', (meets(c.demand)), function(agent) return may_take(c, agent) end)
  if id then reserve(c, agent_of(id), 'idle longest') end
end

local function match_agent(a)
  while a.state == 'available' do
    local id = first('waiting', met_by(a.profile), function(contact)
      local v = redis.call('HMGET', P .. 'contact:' .. contact, 'demand', 'excluded', 'refused')
      return may_take({demand = v[1], excluded = v[2], refused = v[3]}, a.id)
    end)
    if not id then return end
    reserve(contact_of(id), a, 'first to be free')
  end
end

-- The agent of a contact lets go of it; `settle` is left to the caller, who knows what comes after.
local function let_go(c)
  local a = agent_of(c.agent)
  redis.call('HDEL', P .. 'held:' .. c.agent, c.id)
  redis.call('ZREM', P .. 'offers', c.id)
  if a and c.state == 'offered' then a.offers = a.offers - 1 end
  if a and c.state == 'connected' then a.calls = a.calls - 1 end
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
  redis.call('ZADD', P .. 'paused', at(now + SPARED), c.id)
  c.state, c.agent, c.ends, c.why = 'waiting', '', '', ''
  redis.call('HSET', P .. 'contact:' .. c.id, 'state', c.state, 'agent', '', 'until', '', 'why', '', 'refused', c.refused)
  join('waiting', c.demand, c.id, c.order)
  if a and duty ~= '' then a.duty, a.reason = duty, duty == 'available' and '' or reason end
  if a then settle(a) end
  match_contact(c)
  if a then match_agent(agent_of(a.id)) end
end

-- The contact leaves the store, whatever it was doing; its agent is free at once, or wraps up after a call.
local function remove(c, outcome)
  redis.call('ZREM', P .. 'contacts', c.id)
  redis.call('ZREM', P .. 'queue:' .. c.queue, c.id)
  redis.call('ZREM', P .. 'ages:' .. c.queue, c.id)
  redis.call('ZREM', P .. 'paused', c.id)
  redis.call('SREM', P .. 'node:' .. c.node, c.id)
  redis.call('DEL', P .. 'contact:' .. c.id)
  count(c.state == 'connected' and 'ended' or outcome)
  if c.state == 'offered' then count('withdrawn') end
  emit('ended', 'contact', c.id, 'queue', c.queue, 'node', c.node, 'agent', c.agent, 'state', c.state, 'outcome', outcome)
  if c.state == 'waiting' then return part('waiting', c.demand, c.id) end
  local a = let_go(c)
  if not a then return end
  if c.state == 'connected' then
    redis.call('HSET', P .. 'agent:' .. a.id, 'last_contact', c.id)
    local seconds = queue_of(c.queue).wrap_up_seconds
    if seconds > 0 and a.capacity == 1 then a.wrap_until = at(now + seconds) end
  end
  settle(a)
  match_agent(a)
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
  match_agent(agent_of(a.id))
end

local function offers() return cjson.encode(made) end
