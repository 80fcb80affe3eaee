-- ARGV: now, id, queue, order, enqueued_at, node, node lease, details (JSON that scripts do not look into)
local id, queue, node = ARGV[2], ARGV[3], ARGV[6]
if contact_of(id) then return 0 end -- the same call again, after an answer that got lost
if redis.call('HEXISTS', P .. 'queues', queue) == 0 then return redis.error_reply('NOQUEUE ' .. queue) end
redis.call('HSET', P .. 'contact:' .. id, 'queue', queue, 'order', ARGV[4], 'enqueued_at', ARGV[5], 'node', node, 'details', ARGV[8],
  'state', 'waiting', 'agent', '', 'until', '', 'why', '', 'refused', '', 'connected_at', '')
redis.call('ZADD', P .. 'contacts', ARGV[5], id)
redis.call('ZADD', P .. 'queue:' .. queue, ARGV[4], id)
redis.call('ZADD', P .. 'ages:' .. queue, ARGV[5], id)
redis.call('SADD', P .. 'node:' .. node, id)
redis.call('ZADD', P .. 'nodes', 'NX', ARGV[7], node)
count('enqueued')
emit('enqueued', 'contact', id, 'queue', queue, 'node', node)
return 1
