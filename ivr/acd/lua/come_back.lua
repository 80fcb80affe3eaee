-- ARGV: now, agent, seconds for which a page may have been gone. A page that was believed gone is there: its agent is what he was.
-- Returns what he is again, '' where nothing changed.
local a = agent_of(ARGV[2])
if not a then return redis.error_reply('NOAGENT ' .. ARGV[2]) end
local key = P .. 'agent:' .. a.id
local was = redis.call('HGET', key, 'gone_from') or ''
redis.call('HDEL', key, 'gone_from')
if was == '' or was == 'offline' or a.duty ~= 'offline' or a.reason ~= 'page gone' or now - a.since > tonumber(ARGV[3]) then
  return ''
end
set_duty(a, was, was == 'break' and 'page gone' or '', 'system')
return was
