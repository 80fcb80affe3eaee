-- ARGV: now, id, queue, order, enqueued_at, node, node lease, details (JSON that scripts do not look into), channel, most that may wait (0: any)
local id, queue, node = ARGV[2], ARGV[3], ARGV[6]
if contact_of(id) then return 0 end -- the same call again, after an answer that got lost
if redis.call('HEXISTS', P .. 'queues', queue) == 0 then return redis.error_reply('NOQUEUE ' .. queue) end
local most = tonumber(ARGV[10] or '0')
if most > 0 and redis.call('ZCARD', P .. 'queue:' .. queue) >= most then count('refused_full') return -1 end
redis.call('HSET', P .. 'contact:' .. id, 'queue', queue, 'order', ARGV[4], 'enqueued_at', ARGV[5], 'node', node, 'details', ARGV[8], 'channel', ARGV[9],
  'state', 'waiting', 'agent', '', 'until', '', 'why', '', 'refused', '', 'connected_at', '', 'rung', '')
redis.call('ZADD', P .. 'contacts', ARGV[5], id)
redis.call('ZADD', P .. 'queue:' .. queue, ARGV[4], id)
redis.call('ZADD', P .. 'ages:' .. queue, ARGV[5], id)
redis.call('SADD', P .. 'node:' .. node, id)
redis.call('ZADD', P .. 'nodes', 'NX', ARGV[7], node)
if redis.call('SREM', P .. 'silent', node) == 1 then emit('node', 'node', node, 'state', 'heard') end
local lost = redis.call('HGET', P .. 'lost', id)
if lost then -- its node counted as dead and proves alive: as if it had never left
  redis.call('HDEL', P .. 'lost', id)
  local talked = cjson.decode(lost).state == 'connected'
  redis.call('HINCRBY', P .. 'totals', talked and 'ended' or 'lost', -1)
  if talked then count('requeued') end
else
  count('enqueued')
end
emit('enqueued', 'contact', id, 'queue', queue, 'node', node)
return 1
