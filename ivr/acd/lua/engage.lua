-- ARGV: now, id, agent, queue, node, node lease, order, enqueued_at, details, kind ('consult', 'dialled' or 'taken'), end of the ring or ''.
-- An agent is held by something that no queue gave him: a colleague who asks, which rings first, or a number that he dials. Such a
-- contact stands in no queue and counts nowhere. Once more without a ring: the agent has accepted. Returns '', or the state that is in
-- the way.
local id, ring = ARGV[2], ARGV[11]
local c, a = contact_of(id), agent_of(ARGV[3])
if not a then return redis.error_reply('NOAGENT ' .. ARGV[3]) end
local voice = a.offers - a.written_offers + a.calls - a.written_calls
local state = ring == '' and 'connected' or 'offered'
if c then
  if ring ~= '' then return a.state end -- asked already, and not let go yet
  if not has(c, a.id) then return 'gone' end
  if c.state == state then return '' end
  hold(a, c, -1, 1)
else
  if ring == '' and ARGV[10] == 'consult' then return 'gone' end
  if ring ~= '' and (a.state ~= 'available' or room(a, 'voice') < 1) then return a.state end
  if ring == '' and (voice > 0 or a.state == 'offline' and ARGV[10] ~= 'taken') then return a.state end
  redis.call('HSET', P .. 'contact:' .. id, 'queue', ARGV[4], 'order', ARGV[7], 'enqueued_at', ARGV[8], 'node', ARGV[5], 'details', ARGV[9],
    'channel', 'voice', 'agent', a.id, 'why', '', 'refused', '', 'rung', '', 'aside', ARGV[10] == 'taken' and 'consult' or ARGV[10])
  redis.call('SADD', P .. 'node:' .. ARGV[5], id)
  redis.call('ZADD', P .. 'nodes', 'NX', ARGV[6], ARGV[5])
  c = {id = id, room = 'voice'}
  if ring == '' then hold(a, c, 0, 1) else hold(a, c, 1, 0) end
end
if ring == '' then
  a.wrap_until = ''
  redis.call('ZREM', P .. 'offers', id .. '|' .. a.id)
else
  redis.call('ZADD', P .. 'offers', at(tonumber(ring) + RING_GRACE), id .. '|' .. a.id)
end
redis.call('HSET', P .. 'contact:' .. id, 'state', state, 'until', ring, 'connected_at', ring == '' and NOW or '')
redis.call('HSET', P .. 'held:' .. a.id, id, state)
settle(a)
return ''
