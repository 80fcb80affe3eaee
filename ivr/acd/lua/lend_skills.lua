-- ARGV: now, agent, skills as they count from now on (JSON), profile, how they are lent (JSON; '' for not any more)
local a = agent_of(ARGV[2])
if not a then return redis.error_reply('NOAGENT ' .. ARGV[2]) end
redis.call('HSET', P .. 'agent:' .. a.id, 'skills', ARGV[3], 'profile', ARGV[4])
if ARGV[5] ~= '' then redis.call('HSET', P .. 'lent', a.id, ARGV[5]) else redis.call('HDEL', P .. 'lent', a.id) end
emit('agent', 'agent', a.id, 'state', a.state, 'reason', a.reason, 'until', a.wrap_until ~= '' and a.wrap_until or a.back_at,
  'by', a.by)
return 1
