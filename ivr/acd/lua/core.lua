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

local function count(what, by) redis.call('HINCRBY', P .. 'totals', what, by or 1) end

-- agents -------------------------------------------------------------------------------------------------------------

local function agent_of(id)
  local v = redis.call('HMGET', P .. 'agent:' .. id, 'profile', 'capacity', 'duty', 'reason', 'offers', 'calls', 'wrap_until',
    'state', 'since', 'idle_since', 'by', 'back_for', 'back_at', 'rooms', 'blend', 'others')
  if not v[1] then return nil end
  local a = {id = id, profile = v[1], capacity = tonumber(v[2]), duty = v[3], reason = v[4], offers = tonumber(v[5]),
    calls = tonumber(v[6]), load = v[5] + v[6], wrap_until = v[7], state = v[8], since = v[9], idle_since = v[10],
    by = v[11] or '', back_for = v[12] or '', back_at = v[13] or '', was_reason = v[4], was_wrap = v[7], was_back = v[13] or '',
    told = v[4] .. '|' .. (v[11] or '') .. '|' .. (v[13] or '') .. '|' .. v[7],
    rooms = v[14] or '', blend = v[15] or '', others = {}, used = {}, written_offers = 0, written_calls = 0}
  for contact, kind in string.gmatch(v[16] or '', '([^;=]+)=([^;]+)') do
    local how = redis.call('HGET', P .. 'held:' .. id, contact)
    if how then
      a.others[contact], a.used[kind] = kind, (a.used[kind] or 0) + 1
      if how == 'offered' then a.written_offers = a.written_offers + 1 else a.written_calls = a.written_calls + 1 end
    end
  end
  return a
end

-- The agent has one ring (`offers`) or one talk (`calls`) more or less in hand; what is no call takes up the room of its channel.
local function hold(a, c, offers, calls)
  a.offers, a.calls = a.offers + offers, a.calls + calls
  if c.room == 'voice' then return end
  a.written_offers, a.written_calls = a.written_offers + offers, a.written_calls + calls
  a.used[c.room] = (a.used[c.room] or 0) + offers + calls
  if offers + calls > 0 then a.others[c.id] = c.room elseif offers + calls < 0 then a.others[c.id] = nil end
end

local function room_of(a, kind)
  return tonumber(string.match(a.rooms, kind .. '=(%d+)') or 0) - (a.used[kind] or 0)
end

-- The one place that says what state an agent is in.
local function derive(a)
  local talks = a.calls - a.written_calls
  local voice = a.offers - a.written_offers + talks
  if voice == 0 and a.wrap_until ~= '' then return 'wrap_up' end
  if a.offers + a.calls == 0 then return a.duty end
  if a.duty ~= 'available' then return a.calls > 0 and 'in_call' or 'reserved' end
  if voice > 0 and voice >= a.capacity then return talks > 0 and 'in_call' or 'reserved' end
  if voice < a.capacity or room_of(a, 'message') > 0 or room_of(a, 'ticket') > 0 then return 'available' end
  return a.calls > 0 and 'in_call' or 'reserved'
end

-- How many more of a channel may be offered now. Beside a call nothing new is, unless the agent's channels blend.
local function room(a, kind)
  if a.duty ~= 'available' or (a.state ~= 'available' and a.state ~= 'in_call') then return 0 end
  local voice = a.offers - a.written_offers + a.calls - a.written_calls
  if kind == 'voice' then return a.state == 'available' and a.capacity - voice or 0 end
  if voice > 0 and not string.find(a.blend, kind .. ';', 1, true) then return 0 end
  return room_of(a, kind)
end

-- What the sweep is to look at, and when; '' for nothing any more.
local function timed(list, when, id)
  if when ~= '' then redis.call('ZADD', P .. list, when, id) else redis.call('ZREM', P .. list, id) end
end

local function settle(a)
  local key = P .. 'agent:' .. a.id
  local was, is, moved = a.state, derive(a), a.load ~= a.offers + a.calls
  if was ~= is or (is == 'break' and a.reason ~= a.was_reason) then a.state, a.since, a.was_reason = is, NOW, a.reason end
  if is == 'reserved' or is == 'in_call' then a.by = a.duty == 'available' and '' or a.by end -- who works is there by himself
  -- A break that ends by itself lasts as long as it was meant to, however late a call let it begin.
  if is ~= 'break' then a.back_at = '' elseif a.back_at == '' and a.back_for ~= '' then a.back_at = at(now + a.back_for) end
  if was == 'offline' and is ~= 'offline' then redis.call('HSET', key, 'duty_since', NOW, 'served', 0, 'busy', 0) end
  if was ~= is or moved then a.idle_since, a.load = NOW, a.offers + a.calls end
  if a.wrap_until ~= a.was_wrap then timed('wraps', a.wrap_until, a.id) end
  if a.back_at ~= a.was_back then timed('backs', a.back_at, a.id) end
  a.was_wrap, a.was_back = a.wrap_until, a.back_at
  local others = ''
  for contact, kind in pairs(a.others) do others = others .. contact .. '=' .. kind .. ';' end
  redis.call('HSET', key, 'others', others, 'duty', a.duty, 'reason', a.reason, 'by', a.by, 'back_for', a.back_for, 'back_at', a.back_at,
    'offers', a.offers, 'calls', a.calls, 'wrap_until', a.wrap_until, 'state', a.state, 'since', a.since, 'idle_since', a.idle_since)
  local told = a.reason .. '|' .. a.by .. '|' .. a.back_at .. '|' .. a.wrap_until
  if was ~= is or moved or told ~= a.told then
    a.told = told
    emit('agent', 'agent', a.id, 'state', is, 'reason', a.reason, 'until', a.wrap_until ~= '' and a.wrap_until or a.back_at,
      'by', a.by)
  end
end

-- contacts -----------------------------------------------------------------------------------------------------------

local function contact_of(id)
  local v = redis.call('HMGET', P .. 'contact:' .. id, 'queue', 'order', 'state', 'agent', 'node', 'refused', 'until', 'why',
    'enqueued_at', 'connected_at', 'channel', 'rung', 'aside')
  if not v[1] then return nil end
  return {id = id, queue = v[1], order = v[2], state = v[3], agent = v[4], node = v[5], refused = v[6], ends = v[7], why = v[8],
    enqueued_at = v[9], connected_at = v[10], room = (v[11] == 'message' or v[11] == 'ticket') and v[11] or 'voice', rung = v[12] or '',
    aside = v[13] or ''} -- no queue gave it: `engage.lua`
end

-- Everybody whom a contact rings, as {agent, end of the ring}: one, or several in a queue that rings all.
local function rung_by(c)
  local all = {}
  if c.state ~= 'offered' then return all end
  for id, stop in string.gmatch(c.rung, '([^;=]+)=([%d.]+)') do all[#all + 1] = {id, stop} end
  if #all == 0 then all[1] = {c.agent, c.ends} end
  return all
end

-- Whether the contact rings or talks at this agent.
local function has(c, id)
  for _, one in ipairs(rung_by(c)) do
    if one[1] == id then return true end
  end
  return c.state == 'connected' and c.agent == id
end

local read = {}
local function queue_of(name)
  if not read[name] then
    local v = redis.call('HGET', P .. 'queues', name)
    read[name] = v and cjson.decode(v) or {ring_seconds = 20, wrap_up_seconds = 0}
  end
  return read[name]
end

-- An agent of a contact lets go of it; `settle` is left to the caller, who knows what comes after.
local function let_go(c, id)
  local a = agent_of(id)
  redis.call('HDEL', P .. 'held:' .. id, c.id)
  redis.call('ZREM', P .. 'offers', c.id, c.id .. '|' .. id)
  if a and c.state == 'offered' then hold(a, c, -1, 0) end
  if a and c.state == 'connected' then
    hold(a, c, 0, -1)
    if c.room == 'voice' and c.connected_at and c.connected_at ~= '' then
      redis.call('HINCRBYFLOAT', P .. 'agent:' .. a.id, 'busy', at(math.max(0, now - c.connected_at)))
    end
  end
  return a
end

-- What becomes of an agent who let an offer pass: the rules of the queue say after how many in a row he is taken off duty, and for
-- how long. `duty` is what becomes of him otherwise; '' where nothing may change.
local function after_refusal(a, c, reason, duty)
  if c.state ~= 'offered' or (reason ~= 'missed' and reason ~= 'declined') then return duty end
  local q = queue_of(c.queue)
  local row = redis.call('HINCRBY', P .. 'agent:' .. a.id, reason .. '_row', 1)
  local limit = reason == 'missed' and (q.missed_limit or 1) or (q.declined_limit or 0)
  if duty == '' then return '' end
  if limit == 0 or row < limit then return duty == 'break' and '' or duty end
  return 'break', (q.pause_seconds or 0) > 0 and tostring(q.pause_seconds) or ''
end

-- After a call; `settle` follows.
local function wrap_up(a, c)
  if c.room == 'voice' or a.wrap_until == '' then -- what is written meanwhile does not end the wrap-up of a call
    redis.call('HSET', P .. 'agent:' .. a.id, 'last_contact', c.id, 'last_queue', c.queue, 'extended', 0)
    local seconds = queue_of(c.queue).wrap_up_seconds
    if seconds > 0 and a.capacity == 1 and c.room == 'voice' then a.wrap_until = at(now + seconds) end
  end
  settle(a)
end

-- What no queue gave is over, and leaves no trace.
local function free(c)
  redis.call('SREM', P .. 'node:' .. c.node, c.id)
  redis.call('DEL', P .. 'contact:' .. c.id)
  local a = let_go(c, c.agent)
  if a then settle(a) end
end

-- The ring of an agent is taken back without his doing: another took the contact, or it left. The caller counts it.
local function withdraw(c, id)
  local a = let_go(c, id)
  if a then settle(a) end
end

-- Everybody who is rung but this agent is free at once.
local function taken_by(c, id)
  local others = 0
  for _, one in ipairs(rung_by(c)) do
    if one[1] ~= id then
      emit('withdrawn', 'contact', c.id, 'queue', c.queue, 'node', c.node, 'agent', one[1], 'reason', 'taken')
      withdraw(c, one[1])
      others = others + 1
    end
  end
  if others > 0 then count('withdrawn', others) end
end

-- The contact goes back to its old place, unless it goes on ringing elsewhere; this agent is told apart by `duty` ('' keeps what
-- he asked for last).
local function put_back(c, id, reason, duty)
  if c.aside ~= '' and c.state == 'offered' then return free(c) end
  if c.aside ~= '' then -- who was dialled waits from now on like anybody else
    redis.call('HSET', P .. 'contact:' .. c.id, 'aside', '')
    redis.call('ZADD', P .. 'contacts', c.enqueued_at, c.id)
    count('enqueued')
    emit('enqueued', 'contact', c.id, 'queue', c.queue, 'node', c.node)
  end
  local a = let_go(c, id)
  if c.aside == '' then count(c.state == 'connected' and 'requeued' or reason == 'missed' and 'missed' or 'declined') end
  emit('withdrawn', 'contact', c.id, 'queue', c.queue, 'node', c.node, 'agent', id, 'reason', reason)
  if c.state == 'connected' then
    redis.call('ZADD', P .. 'queue:' .. c.queue, c.order, c.id)
    redis.call('ZADD', P .. 'ages:' .. c.queue, c.enqueued_at, c.id)
  end
  local kept = ''
  for other, stop in string.gmatch(c.refused, '([^;=]+)=([%d.]+)') do
    if other ~= id and tonumber(stop) > now then kept = kept .. other .. '=' .. stop .. ';' end
  end
  c.refused = ';' .. kept .. id .. '=' .. at(now + SPARED) .. ';'
  local back_for
  if a then duty, back_for = after_refusal(a, c, reason, duty) end
  local rings, first, last = '', '', ''
  for _, one in ipairs(rung_by(c)) do
    if one[1] ~= id then
      rings, first = rings .. one[1] .. '=' .. one[2] .. ';', first == '' and one[1] or first
      last = (last == '' or tonumber(one[2]) > tonumber(last)) and one[2] or last
    end
  end
  c.state, c.agent, c.ends, c.rung = rings == '' and 'waiting' or 'offered', first, last, rings
  c.why = rings == '' and '' or c.why
  redis.call('HSET', P .. 'contact:' .. c.id, 'state', c.state, 'agent', first, 'until', last, 'rung', rings, 'why', c.why,
    'refused', c.refused, 'connected_at', '')
  if a and duty ~= '' then
    a.duty, a.reason, a.by = duty, duty == 'available' and '' or reason, duty == 'available' and '' or 'system'
    a.back_for, a.back_at = back_for or '', ''
  end
  if a then settle(a) end
end

-- The contact leaves the store, whatever it was doing; who was rung is free, its agent is free at once, or wraps up after a call.
local function remove(c, outcome)
  if c.aside == 'consult' then return free(c) end
  redis.call('ZREM', P .. 'contacts', c.id)
  redis.call('ZREM', P .. 'queue:' .. c.queue, c.id)
  redis.call('ZREM', P .. 'ages:' .. c.queue, c.id)
  redis.call('SREM', P .. 'node:' .. c.node, c.id)
  redis.call('DEL', P .. 'contact:' .. c.id)
  if c.aside == '' then
    count(c.state == 'connected' and 'ended' or outcome)
    emit('ended', 'contact', c.id, 'queue', c.queue, 'node', c.node, 'agent', c.agent, 'state', c.state, 'outcome', outcome)
  end
  local rung = rung_by(c)
  for _, one in ipairs(rung) do withdraw(c, one[1]) end
  if #rung > 0 then count('withdrawn', #rung) end
  local a = c.state == 'connected' and let_go(c, c.agent)
  if a then wrap_up(a, c) end
end

-- The agent's duty changes. A call goes on, and what is asked for comes after it; a ring is withdrawn. `by` is who asked, '' for
-- the agent; `seconds` how long a break lasts, '' until somebody ends it.
local function set_duty(a, duty, reason, by, seconds)
  a.duty, a.reason, a.wrap_until, a.by, a.back_for, a.back_at = duty, reason, '', by or '', seconds or '', ''
  redis.call('HSET', P .. 'agent:' .. a.id, 'missed_row', 0, 'declined_row', 0)
  settle(a)
  if duty ~= 'available' and a.offers > 0 then
    local held = redis.call('HGETALL', P .. 'held:' .. a.id)
    for i = 1, #held, 2 do
      local c = held[i + 1] == 'offered' and contact_of(held[i])
      if c and has(c, a.id) then put_back(c, a.id, reason == 'page gone' and 'gone' or 'declined', '') end -- else `heal` mends it
    end
  end
end
