-- ARGV: now, id, queue, demand, order, enqueued_at, node, excluded, needs (JSON), priority, language, node lease
local id, queue, node = ARGV[2], ARGV[3], ARGV[7]
local known = contact_of(id)
if known then -- the same call again, after an answer that got lost
  if known.state == 'offered' then made[1] = {id, known.agent, known.ends, known.why} end
  return offers()
end
if redis.call('HEXISTS', P .. 'queues', queue) == 0 then return redis.error_reply('NOQUEUE ' .. queue) end
redis.call('HSET', P .. 'contact:' .. id, 'queue', queue, 'demand', ARGV[4], 'order', ARGV[5], 'enqueued_at', ARGV[6], 'node', node,
  'excluded', ARGV[8], 'needs', ARGV[9], 'priority', ARGV[10], 'language', ARGV[11], 'state', 'waiting', 'agent', '', 'until', '',
  'why', '', 'refused', '')
redis.call('ZADD', P .. 'contacts', ARGV[6], id)
redis.call('ZADD', P .. 'queue:' .. queue, ARGV[5], id)
redis.call('ZADD', P .. 'ages:' .. queue, ARGV[6], id)
redis.call('SADD', P .. 'node:' .. node, id)
redis.call('ZADD', P .. 'nodes', 'NX', ARGV[12], node)
join('waiting', ARGV[4], id, ARGV[5])
count('enqueued')
emit('enqueued', 'contact', id, 'queue', queue, 'node', node)
match_contact(contact_of(id))
return offers()
