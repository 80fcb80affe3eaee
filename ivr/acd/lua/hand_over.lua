-- ARGV: now, contact, the agent who gives it, the agent who takes it, what holds that one (`engage`). The contact is the other's at
-- once; who gave it wraps up. 1 where it is so now, 0 where one of the two talks is over.
local c, g = contact_of(ARGV[2]), contact_of(ARGV[5])
if c and c.state == 'connected' and c.agent == ARGV[4] then return 1 end
if not c or c.state ~= 'connected' or c.agent ~= ARGV[3] or not g or g.state ~= 'connected' or g.agent ~= ARGV[4] then return 0 end
local giver = let_go(c, ARGV[3])
if giver then wrap_up(giver, c) end
free(g)
local taker = agent_of(ARGV[4])
hold(taker, c, 0, 1)
redis.call('HSET', P .. 'contact:' .. c.id, 'agent', taker.id, 'connected_at', NOW)
redis.call('HSET', P .. 'held:' .. taker.id, c.id, 'connected')
redis.call('HINCRBY', P .. 'agent:' .. taker.id, 'served', 1)
settle(taker)
emit('handed', 'contact', c.id, 'queue', c.queue, 'node', c.node, 'agent', taker.id, 'from', ARGV[3])
return 1
