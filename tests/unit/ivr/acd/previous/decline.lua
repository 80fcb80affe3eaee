-- ARGV: now, contact, agent, reason, duty of the agent afterwards ('' as it was; kept too where the capacity is above one)
local c = contact_of(ARGV[2])
if not c or c.agent ~= ARGV[3] or (c.state ~= 'offered' and c.state ~= 'connected') then return 0 end
local a = agent_of(c.agent)
local keeps = a and (a.capacity > 1 or (a.duty ~= 'available' and ARGV[5] ~= 'offline'))
put_back(c, ARGV[4], keeps and '' or ARGV[5])
return 1
