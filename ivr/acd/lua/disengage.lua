-- ARGV: now, id. What `engage` began is over; the agent is what he was, without a wrap-up.
local c = contact_of(ARGV[2])
if c and c.aside ~= '' then free(c) end
return 1
