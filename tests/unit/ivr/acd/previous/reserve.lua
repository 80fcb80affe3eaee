-- ARGV: now, who leads, JSON list of [contact, agent, why]. Does each that is still true; returns JSON of [contact, agent, until, why],
-- or the refusal NOTLEADER: somebody else decides by now.
if redis.call('GET', P .. 'leader') ~= ARGV[2] then return redis.error_reply('NOTLEADER ' .. ARGV[2]) end
local made = {}
for _, match in ipairs(cjson.decode(ARGV[3])) do
  local c, a = contact_of(match[1]), agent_of(match[2])
  if c and a and c.state == 'waiting' and a.state == 'available' then
    local ends = now + queue_of(c.queue).ring_seconds
    local till, why = at(ends), match[3]
    redis.call('HSET', P .. 'contact:' .. c.id, 'state', 'offered', 'agent', a.id, 'until', till, 'why', why)
    redis.call('ZADD', P .. 'offers', at(ends + RING_GRACE), c.id)
    redis.call('HSET', P .. 'held:' .. a.id, c.id, 'offered')
    redis.call('HSET', P .. 'agent:' .. a.id, 'offered_at', NOW)
    a.offers = a.offers + 1
    settle(a)
    count('offers')
    emit('offered', 'contact', c.id, 'queue', c.queue, 'node', c.node, 'agent', a.id, 'until', till, 'why', why)
    made[#made + 1] = {c.id, a.id, till, why}
  end
end
return #made > 0 and cjson.encode(made) or '[]'
