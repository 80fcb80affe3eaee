-- ARGV: now, contact, agent. 1 where the two are connected now, 0 where the offer is gone.
local c = contact_of(ARGV[2])
if not c or c.agent ~= ARGV[3] then return 0 end
if c.state == 'connected' then return 1 end
if c.state ~= 'offered' then return 0 end
local a = agent_of(c.agent)
a.offers, a.calls = a.offers - 1, a.calls + 1
redis.call('HSET', P .. 'contact:' .. c.id, 'state', 'connected', 'until', '', 'connected_at', NOW)
redis.call('HINCRBY', P .. 'agent:' .. a.id, 'served', 1)
redis.call('HSET', P .. 'held:' .. a.id, c.id, 'connected')
redis.call('ZREM', P .. 'offers', c.id)
redis.call('ZREM', P .. 'queue:' .. c.queue, c.id)
redis.call('ZREM', P .. 'ages:' .. c.queue, c.id)
settle(a)
count('answered')
emit('connected', 'contact', c.id, 'queue', c.queue, 'node', c.node, 'agent', a.id)
return 1
