-- ARGV: now, agent, duty (available, break, offline), reason
local a = agent_of(ARGV[2])
if not a then return redis.error_reply('NOAGENT ' .. ARGV[2]) end
set_duty(a, ARGV[3], ARGV[4])
return 1
