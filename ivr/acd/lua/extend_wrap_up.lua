-- ARGV: now, agent. How often the wrap-up may still be lengthened; -1 where there is none, -2 where it may not any more.
local a = agent_of(ARGV[2])
if not a then return redis.error_reply('NOAGENT ' .. ARGV[2]) end
if a.state ~= 'wrap_up' then return -1 end
local key = P .. 'agent:' .. a.id
local q = queue_of(redis.call('HGET', key, 'last_queue') or '')
local most, seconds = q.extensions or 0, q.extension_seconds or 0
local used = tonumber(redis.call('HGET', key, 'extended') or 0)
if used >= most or seconds <= 0 then return -2 end
redis.call('HSET', key, 'extended', used + 1)
a.wrap_until = at(math.max(now, tonumber(a.wrap_until)) + seconds)
settle(a)
return most - used - 1
