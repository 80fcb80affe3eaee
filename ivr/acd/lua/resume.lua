-- ARGV: now, contact, agent. The two talk, whatever was believed here meanwhile: Redis was away or lost what it had been told, or the
-- node counted as dead. 1 where they are connected now, 0 where one of them is not known.
local c = contact_of(ARGV[2])
if not c or not agent_of(ARGV[3]) then return 0 end
if c.state == 'connected' and c.agent == ARGV[3] then return 1 end
if c.state == 'connected' then
  put_back(c, c.agent, 'resumed', '')
  c = contact_of(ARGV[2])
end
taken_by(c, '')
local a = agent_of(ARGV[3])
hold(a, c, 0, 1)
a.wrap_until = ''
if a.by == 'system' and a.duty ~= 'available' then -- a ring that counted as missed, a page that counted as gone
  a.duty, a.reason, a.by, a.back_for = 'available', '', '', ''
end
redis.call('HSET', P .. 'contact:' .. c.id, 'state', 'connected', 'agent', a.id, 'until', '', 'rung', '', 'why', '', 'connected_at', NOW)
redis.call('HSET', P .. 'held:' .. a.id, c.id, 'connected')
redis.call('ZREM', P .. 'queue:' .. c.queue, c.id)
redis.call('ZREM', P .. 'ages:' .. c.queue, c.id)
settle(a)
count('offers')
count('answered')
emit('connected', 'contact', c.id, 'queue', c.queue, 'node', c.node, 'agent', a.id)
return 1
