-- ARGV: now, contact, agent. Whoever else was rung is free. 1 where the two are connected now, 0 where the offer is gone.
local c = contact_of(ARGV[2])
if not c or not has(c, ARGV[3]) then return 0 end
if c.state == 'connected' then return 1 end
taken_by(c, ARGV[3])
local a = agent_of(ARGV[3])
hold(a, c, -1, 1)
redis.call('HSET', P .. 'contact:' .. c.id, 'state', 'connected', 'agent', a.id, 'until', '', 'rung', '', 'connected_at', NOW)
redis.call('HINCRBY', P .. 'agent:' .. a.id, 'served', 1)
redis.call('HSET', P .. 'agent:' .. a.id, 'missed_row', 0, 'declined_row', 0)
redis.call('HSET', P .. 'held:' .. a.id, c.id, 'connected')
redis.call('ZREM', P .. 'offers', c.id, c.id .. '|' .. a.id)
redis.call('ZREM', P .. 'queue:' .. c.queue, c.id)
redis.call('ZREM', P .. 'ages:' .. c.queue, c.id)
settle(a)
count('answered')
emit('connected', 'contact', c.id, 'queue', c.queue, 'node', c.node, 'agent', a.id)
return 1
