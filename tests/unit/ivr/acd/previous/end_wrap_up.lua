-- ARGV: now, agent
local a = agent_of(ARGV[2])
if not a then return redis.error_reply('NOAGENT ' .. ARGV[2]) end
if a.wrap_until ~= '' then
  a.wrap_until = ''
  settle(a)
end
return 1
