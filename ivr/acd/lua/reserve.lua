-- ARGV: now, who leads, JSON list of [contact, agent, why, whether it rings others too]. Does each that is still true; returns JSON
-- of [contact, agent, until, why], or the refusal NOTLEADER: somebody else decides by now.
if redis.call('GET', P .. 'leader') ~= ARGV[2] then return redis.error_reply('NOTLEADER ' .. ARGV[2]) end
local made = {}
for _, match in ipairs(cjson.decode(ARGV[3])) do
  local c, a, why, together = contact_of(match[1]), agent_of(match[2]), match[3], match[4]
  local may = c and (c.state == 'waiting' or (together and c.state == 'offered' and c.rung ~= '' and not has(c, match[2])))
  if may and a and room(a, c.room) > 0 then
    local ends = now + queue_of(c.queue).ring_seconds
    local till = at(ends)
    local key = P .. 'contact:' .. c.id
    if c.state == 'waiting' then redis.call('HSET', key, 'state', 'offered', 'agent', a.id, 'why', why) end
    redis.call('HSET', key, 'until', till, 'rung', together and c.rung .. a.id .. '=' .. till .. ';' or '')
    redis.call('ZADD', P .. 'offers', at(ends + RING_GRACE), together and c.id .. '|' .. a.id or c.id)
    redis.call('HSET', P .. 'held:' .. a.id, c.id, 'offered')
    redis.call('HSET', P .. 'agent:' .. a.id, 'offered_at', NOW)
    hold(a, c, 1, 0)
    settle(a)
    count('offers')
    emit('offered', 'contact', c.id, 'queue', c.queue, 'node', c.node, 'agent', a.id, 'until', till, 'why', why)
    made[#made + 1] = {c.id, a.id, till, why}
  end
end
return #made > 0 and cjson.encode(made) or '[]'
